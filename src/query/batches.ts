/**
 * Reads plans. Plans of one identity that wait at the same time are read together: their keys share each statement, and
 * all statements of a batch see one snapshot. While one batch of an identity is under way, the next one grows; batches
 * of different identities do not wait for each other.
 */
import { HubError } from '../domain/error-codes.ts';
import type { Snapshots } from '../store/snapshots.ts';
import { TooManyBytes } from '../store/text-query.ts';
import { Fetch, type FetchedRow, type Level, unkeyed } from './fetch.ts';
import type { Plan, PlanInputs } from './plan.ts';
import type { ReadLevels, Results } from './response-writer.ts';
import { VariableRef } from './variable-ref.ts';

export interface BatchLimits {
  /** Plans in one batch. */
  readonly plans: number;
  /** Rows that one answer may need. */
  readonly rows: number;
}
interface Waiting {
  readonly plan: Plan;
  readonly given: PlanInputs;
  readonly resolve: (results: Results) => void;
  readonly reject: (error: unknown) => void;
}
/** What is read together. */
interface BatchRead {
  readonly levels: readonly Level[];
  readonly statements: readonly string[];
  readonly variables: PlanInputs['values'];
  readonly plans: number;
}
interface PlanQueue {
  readonly waiting: Waiting[];
  isUnderWay: boolean;
}
type GivenRows = ReadonlyMap<Fetch, readonly FetchedRow[]>;
type MutableResults = Map<string, FetchedRow[]>[];

export class Batches {
  private readonly queues = new Map<string, PlanQueue>();
  private readonly due = new Set<string>();

  constructor(
    private readonly snapshots: Pick<Snapshots, 'read'>,
    private readonly limits: BatchLimits,
  ) {}

  read(plan: Plan, given: PlanInputs): Promise<Results> {
    if (!plan.levels.length) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      // Values are the same for all plans of a batch; keys are each plan's own.
      const identity = `${plan.identity}\n${JSON.stringify(given.values)}`;
      const queue = this.queues.get(identity) ?? { waiting: [], isUnderWay: false };
      this.queues.set(identity, queue);
      queue.waiting.push({ plan, given, resolve, reject });
      if (!queue.isUnderWay) this.later(identity);
    });
  }

  /** Reads the levels below rows that are given: those of the first level. */
  readonly readFrom: ReadLevels = (levels, given, variables) => {
    const statements = levels.map((level, depth) => (depth ? level.sql() : ''));
    return this.readLevels({ levels, statements, variables, plans: 1 }, new Map(), given);
  };

  /** Puts all requests that came in one turn of the event loop into one batch. */
  private later(identity: string): void {
    if (!this.due.size) {
      setImmediate(() => {
        const due = [...this.due];
        this.due.clear();
        for (const each of due) this.begin(each);
      });
    }
    this.due.add(identity);
  }

  private begin(identity: string): void {
    const queue = this.queues.get(identity);
    if (!queue || queue.isUnderWay) return;
    queue.isUnderWay = true;
    void this.readBatch(queue.waiting.splice(0, this.limits.plans)).finally(() => {
      queue.isUnderWay = false;
      if (queue.waiting.length) this.begin(identity);
      else this.queues.delete(identity);
    });
  }

  private async readBatch(batch: readonly Waiting[]): Promise<void> {
    const [{ plan, given }] = batch as [Waiting];
    try {
      // In plans of one identity, the same fetch has the same index.
      const keys = new Map<number, Set<string>>();
      for (const each of batch) {
        for (const [fetch, key] of each.plan.given(each.given.keys)) {
          keys.set(fetch.index, (keys.get(fetch.index) ?? new Set()).add(key));
        }
      }
      const { levels, statements } = plan;
      const whole = { levels, statements, variables: given.values, plans: batch.length };
      const results = await this.readLevels(whole, keys, new Map());
      for (const { resolve } of batch) resolve(results);
    } catch (error) {
      for (const { reject } of batch) reject(tooLarge(error));
    }
  }

  private async readLevels(
    { levels, statements, variables, plans }: BatchRead,
    rootKeys: ReadonlyMap<number, ReadonlySet<string>>,
    given: GivenRows,
  ): Promise<Results> {
    const results: MutableResults = [];
    for (const [fetch, rows] of given) results[fetch.index] = new Map([[unkeyed, [...rows]]]);
    const first = given.size ? 1 : 0;
    let left = this.limits.rows * plans;
    await this.snapshots.read(
      levels.length - first > 1,
      async statement => {
        for (let depth = first; depth < levels.length; depth++) {
          const level = levels[depth]!;
          const keys = level.fetches.map(fetch => keysOf(fetch, results, rootKeys));
          const isIdle = depth > 0 && level.fetches.every((fetch, i) => !fetch.isKeyed || keys[i]!.length === 0);
          if (isIdle) continue;
          const values = level.values.list.map(value => {
            if (value instanceof Fetch) return keys[level.fetches.indexOf(value)];
            return value instanceof VariableRef ? value.of(variables) : value;
          });
          const rows = await statement(statements[depth]!, values, depth === levels.length - 1);
          left -= rows.length;
          if (left < 0)
            throw new HubError(
              'LIMIT_EXCEEDED',
              `The answer needs more than ${this.limits.rows} rows: request less in one query`,
            );
          distribute(level, rows, results);
        }
      },
      levels.some(level => level.isWeighed),
    );
    return results;
  }
}

/** Turns a timeout of PostgreSQL, or an answer with too many bytes, into an error for the client. */
function tooLarge(error: unknown): unknown {
  if (error instanceof TooManyBytes)
    return new HubError('LIMIT_EXCEEDED', 'The answer has too many bytes: request less in one query');
  if ((error as { code?: string }).code !== '57014') return error;
  return new HubError('LIMIT_EXCEEDED', 'The answer takes too long: request less in one query', {}, { cause: error });
}

function keysOf(fetch: Fetch, results: MutableResults, rootKeys: ReadonlyMap<number, ReadonlySet<string>>): string[] {
  const { source } = fetch;
  if (source && 'sameAs' in source) return keysOf(source.sameAs, results, rootKeys);
  if (!source) return [...(rootKeys.get(fetch.index) ?? [])];
  const keys = new Set<string>();
  for (const rows of results[source.fetch.index]?.values() ?? []) {
    for (const row of rows) {
      const key = source.keyOf(row);
      if (key !== null) keys.add(key);
    }
  }
  return [...keys];
}

function distribute(level: Level, rows: readonly FetchedRow[], results: MutableResults): void {
  for (const { index } of level.fetches) results[index] = new Map();
  for (const row of rows) {
    const byKey = results[level.fetches[Number(row[0])]!.index]!;
    const key = row[1] ?? unkeyed;
    const known = byKey.get(key);
    if (known) known.push(row);
    else byKey.set(key, [row]);
  }
}
