/** Turns items of a source into records that can be stored and items that are parked. */
import type { Adapter, Item, WholeSet } from '../../adapters/kit/contract.ts';
import type { RecordKind } from '../../adapters/kit/record.ts';
import { Rejection, type Statement } from '../../adapters/kit/statement.ts';
import type { ParkedItem } from '../store/parked.ts';
import type { ValidRecord } from '../store/rows.ts';
import { checkStatement, whyNoId } from './check.ts';
import { thrownIn } from './failure-words.ts';
import { type ItemFault, parkItem } from './park-item.ts';

export interface Restated {
  readonly records: ValidRecord[];
  /** The item of each record, in the same order. */
  readonly origins: Item<unknown>[];
  readonly parked: ParkedItem[];
  /** Every record that was named by its id, stored or parked: for whole sets. */
  readonly present: { kind: string; sourceId: string }[];
}

export const nothingRestated = (): Restated => ({ records: [], origins: [], parked: [], present: [] });

export const kindsOf = (adapter: Adapter): ReadonlyMap<string, RecordKind> =>
  new Map([...adapter.records, ...adapter.hallRecords].map(kind => [kind.name, kind]));

export class Restater {
  private readonly kinds: ReadonlyMap<string, RecordKind>;

  /** @param use whether its records are stored, or shown once and never copied */
  constructor(
    private readonly adapter: Adapter,
    private readonly use: 'to store' | 'to show' = 'to store',
  ) {
    this.kinds = kindsOf(adapter);
  }

  /** An item is stored whole or parked whole; a bad one never holds up the others, whatever it is. */
  restate(items: readonly Item<unknown>[], set?: WholeSet): Restated {
    const restated = nothingRestated();
    for (const item of items) {
      const fault = this.faultOf(item, restated, set);
      if (fault) restated.parked.push(this.park(item, fault));
    }
    return restated;
  }

  park(item: Item<unknown>, fault: ItemFault): ParkedItem {
    return parkItem(item, fault, this.adapter.version);
  }

  private faultOf(item: Item<unknown>, restated: Restated, set: WholeSet | undefined): ItemFault | null {
    try {
      if (Object(item) !== item) return { field: '', reason: 'is no item with its bytes: look into the source' };
      if ('unreadable' in item) return { ...item.unreadable };
      return this.take(item, listOf(this.adapter.map(item.native)), restated, set);
    } catch (error) {
      if (!(error instanceof Rejection)) return { field: '', reason: `could not be restated: ${thrownIn(error)}` };
      const { field, reason, sourceId } = error;
      if (set && !whyNoId(sourceId))
        restated.present.push(...set.kinds.map(kind => ({ kind, sourceId: sourceId as string })));
      return { field, reason, sourceId };
    }
  }

  private take(
    item: Item<unknown>,
    statements: readonly Statement[],
    { records, origins, present }: Restated,
    set: WholeSet | undefined,
  ): ItemFault | null {
    const good: ValidRecord[] = [];
    let fault: ItemFault | null = null;
    for (const statement of statements) {
      const { kind, sourceId, version } = Object(statement) as Partial<Statement>;
      const declared = typeof kind === 'string' ? this.kinds.get(kind) : undefined;
      if (!declared || (declared.live === 'only' && this.use === 'to store')) {
        fault ??= { field: '', reason: declared ? notCopied(declared) : undeclared(kind) };
        continue;
      }
      if (set && !whyNoId(sourceId)) present.push({ kind: declared.name, sourceId: sourceId as string });
      const outcome = checkStatement(declared, statement);
      if ('record' in outcome) good.push(outcome.record);
      else fault ??= { ...outcome.rejects[0]!, kind, sourceId, version };
    }
    if (fault) return fault;
    for (const record of good) {
      records.push(record);
      origins.push(item);
    }
    return null;
  }
}

/** What `map` returned, where it is what the contract says. */
function listOf(returned: unknown): readonly Statement[] {
  if (Array.isArray(returned)) return returned;
  const then = (Object(returned) as { then?: unknown }).then;
  if (typeof then !== 'function') throw new Rejection('', 'could not be restated: map returned no list of statements');
  // Nobody waits for it, so its failure would end the process.
  Promise.resolve(returned).catch(() => {});
  throw new Rejection('', 'could not be restated: map returned a promise, and should return a list of statements');
}

const notCopied = ({ name }: RecordKind): string => `is stated as ${name}, which is asked live and never copied`;
const undeclared = (kind: unknown): string =>
  typeof kind === 'string' && /^\w{1,60}$/.test(kind)
    ? `is stated as ${kind}, which the adapter does not declare`
    : 'is stated as a kind that the adapter does not declare';
