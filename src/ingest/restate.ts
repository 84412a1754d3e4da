/** Turns items of a source into records that can be stored and items that are parked. */
import type { Adapter, Item, WholeSet } from '../../adapters/kit/contract.ts';
import type { RecordKind } from '../../adapters/kit/record.ts';
import { Rejection, type Statement } from '../../adapters/kit/statement.ts';
import type { ParkedItem } from '../store/parked.ts';
import type { ValidRecord } from '../store/rows.ts';
import { checkStatement } from './check.ts';

export interface Restated {
  readonly records: ValidRecord[];
  readonly parked: ParkedItem[];
  /** Every record that was named by its id, stored or parked: for whole sets. */
  readonly present: { kind: string; sourceId: string }[];
}

export const kindsOf = (adapter: Adapter): ReadonlyMap<string, RecordKind> =>
  new Map([...adapter.records, ...adapter.hallRecords].map(kind => [kind.name, kind]));

export class Restater {
  private readonly kinds: ReadonlyMap<string, RecordKind>;

  constructor(private readonly adapter: Adapter) {
    this.kinds = kindsOf(adapter);
  }

  /** An item is stored whole or parked whole; a bad one never holds up the others. */
  restate(items: readonly Item<unknown>[], set?: WholeSet): Restated {
    const restated: Restated = { records: [], parked: [], present: [] };
    for (const item of items) {
      if ('unreadable' in item) {
        restated.parked.push(this.park(item.raw, null, item.unreadable));
        continue;
      }
      try {
        const statements = this.adapter.map(item.native);
        if (set) restated.present.push(...statements.map(({ kind, sourceId }) => ({ kind, sourceId })));
        const bad = this.take(statements, restated.records);
        if (bad) restated.parked.push(this.park(item.raw, item.native, bad));
      } catch (error) {
        const rejection =
          error instanceof Rejection ? error : new Rejection('', `could not be restated (${(error as Error).name})`);
        const { field, reason, sourceId } = rejection;
        if (set && sourceId) restated.present.push(...set.kinds.map(kind => ({ kind, sourceId })));
        restated.parked.push(this.park(item.raw, item.native, { field, reason, sourceId }));
      }
    }
    return restated;
  }

  private take(statements: readonly Statement[], records: ValidRecord[]): Bad | null {
    const good: ValidRecord[] = [];
    for (const statement of statements) {
      const declared = this.kinds.get(statement.kind);
      if (!declared) return { field: '', reason: `is stated as ${statement.kind}, which the adapter does not declare` };
      const outcome = checkStatement(declared, statement);
      if ('rejects' in outcome) {
        const { field, reason } = outcome.rejects[0]!;
        const { kind, sourceId, version } = statement;
        return { field, reason, kind, sourceId, version };
      }
      good.push(outcome.record);
    }
    records.push(...good);
    return null;
  }

  private park(raw: string | Uint8Array, native: unknown, { field, reason, kind, sourceId, version }: Bad): ParkedItem {
    return {
      raw: typeof raw === 'string' ? Buffer.from(raw) : raw,
      native,
      kind: kind ?? null,
      sourceId: sourceId ?? null,
      version: version ?? null,
      field,
      reason,
      adapterVersion: this.adapter.version,
    };
  }
}
type Bad = { field: string; reason: string; kind?: string; sourceId?: string; version?: string };
