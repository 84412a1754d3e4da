/**
 * Reads plans. Plans of one identity that wait at the same time are read together: their keys share each statement, and
 * all statements of a batch see one snapshot. While one batch of an identity is under way, or waits for its place among
 * the reads of all readers, the next one grows.
 */
import { HubError } from '../domain/error-codes.ts';
import { ReadCancelled, type Snapshots } from '../store/snapshots.ts';
import { TooManyBytes } from '../store/text-query.ts';
import { Fetch, type FetchedRow, type Level, unkeyed } from './fetch.ts';
import type { Plan, PlanInputs } from './plan.ts';
import { type ReadPlace, type ReadPlaces, type ReadShare, sharedByAll, type WaitingRead } from './read-places.ts';
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
  readonly share: ReadShare;
  readonly resolve: (results: Results) => void;
  readonly reject: (error: unknown) => void;
}
/** What is read together. */
interface BatchRead {
  readonly levels: readonly Level[];
  readonly statements: readonly string[];
  readonly variables: PlanInputs['values'];
  readonly plans: number;
  readonly signal: AbortSignal;
}
/** A batch that is being read. */
interface BatchUnderWay {
  readonly plans: readonly Waiting[];
  readonly ending: AbortController;
  /** Plans for whose answers somebody waits. */
  awaited: number;
}
/** Plans of one identity that wait to be read, and the batch of them that is under way. */
class PlanQueue implements WaitingRead {
  waiting: Waiting[] = [];
  underWay: BatchUnderWay | null = null;

  constructor(
    readonly isHeavy: boolean,
    readonly begin: (place: ReadPlace) => void,
    readonly refuse: (error: HubError) => void,
  ) {}

  isWaitedForBy(reader: string | null): boolean {
    return this.waiting.some(({ share }) => share.reader === reader);
  }
}
type GivenRows = ReadonlyMap<Fetch, readonly FetchedRow[]>;
type MutableResults = Map<string, FetchedRow[]>[];

export class Batches {
  private readonly queues = new Map<string, PlanQueue>();
  private readonly due = new Set<string>();

  constructor(
    private readonly snapshots: Pick<Snapshots, 'read'>,
    private readonly limits: BatchLimits,
    private readonly places: ReadPlaces,
  ) {}

  /** A reader who is gone leaves the batch; when all readers of a batch are gone, its statement is cancelled. */
  read(plan: Plan, given: PlanInputs, share: ReadShare = sharedByAll): Promise<Results> {
    if (!plan.levels.length) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      // Values are the same for all plans of a batch; keys are each plan's own.
      const identity = `${share.isHeavy ? 'heavy\n' : ''}${plan.identity}\n${JSON.stringify(given.values)}`;
      const queue = this.queues.get(identity) ?? this.makeQueue(identity, share.isHeavy);
      let stop: (() => void) | undefined;
      const entry: Waiting = {
        ...{ plan, given, share },
        resolve: results => {
          stop?.();
          resolve(results);
        },
        reject: error => {
          stop?.();
          reject(error);
        },
      };
      queue.waiting.push(entry);
      if (!queue.underWay) this.later(identity);
      stop = share.whenGone?.(() => this.leave(identity, queue, entry));
    });
  }

  /** Reads the levels below rows that are given: those of the first level. */
  readFrom(share: ReadShare, ...[levels, given, variables]: Parameters<ReadLevels>): Promise<Results> {
    const statements = levels.map((level, depth) => (depth ? level.sql() : ''));
    const read = (signal: AbortSignal) =>
      this.readLevels({ levels, statements, variables, plans: 1, signal }, new Map(), given);
    return this.places.within(share, read);
  }

  private makeQueue(identity: string, isHeavy: boolean): PlanQueue {
    const queue = new PlanQueue(
      isHeavy,
      place => void this.readNext(identity, queue, place),
      error => {
        this.queues.delete(identity);
        for (const { reject } of queue.waiting) reject(error);
      },
    );
    this.queues.set(identity, queue);
    return queue;
  }

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

  /** The batch begins with the place of any of its readers. */
  private begin(identity: string): void {
    const queue = this.queues.get(identity);
    if (!queue || queue.underWay) return;
    for (const reader of new Set(queue.waiting.map(({ share }) => share.reader))) {
      if (queue.underWay) return;
      this.places.ask(queue, reader);
    }
  }

  private leave(identity: string, queue: PlanQueue, entry: Waiting): void {
    const { underWay, waiting } = queue;
    if (!waiting.includes(entry)) {
      if (underWay?.plans.includes(entry) && --underWay.awaited === 0) underWay.ending.abort();
      return;
    }
    queue.waiting = waiting.filter(each => each !== entry);
    if (!queue.isWaitedForBy(entry.share.reader)) this.places.leave(queue, entry.share.reader);
    if (!queue.waiting.length && !underWay) this.queues.delete(identity);
    entry.reject(new ReadCancelled());
  }

  private async readNext(identity: string, queue: PlanQueue, place: ReadPlace): Promise<void> {
    const plans = queue.waiting.splice(0, this.limits.plans);
    queue.underWay = { plans, awaited: plans.length, ending: new AbortController() };
    await this.readBatch(queue.underWay);
    queue.underWay = null;
    this.places.giveBack(place);
    if (queue.waiting.length) this.begin(identity);
    else this.queues.delete(identity);
  }

  private async readBatch({ plans, ending: { signal } }: BatchUnderWay): Promise<void> {
    const [{ plan, given }] = plans as [Waiting];
    const startMs = performance.now();
    try {
      // In plans of one identity, the same fetch has the same index.
      const keys = new Map<number, Set<string>>();
      for (const each of plans) {
        for (const [fetch, key] of each.plan.given(each.given.keys)) {
          keys.set(fetch.index, (keys.get(fetch.index) ?? new Set()).add(key));
        }
      }
      const { levels, statements } = plan;
      const whole = { levels, statements, variables: given.values, plans: plans.length, signal };
      const results = await this.readLevels(whole, keys, new Map());
      for (const { resolve } of plans) resolve(results);
    } catch (error) {
      // Whoever shared the statement shares what it took.
      const spentMs = wasCancelled(error) ? (performance.now() - startMs) / plans.length : 0;
      for (const { share, reject } of plans) {
        if (spentMs) share.spent(spentMs);
        reject(tooLarge(error));
      }
    }
  }

  private async readLevels(
    { levels, statements, variables, plans, signal }: BatchRead,
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
      signal,
    );
    return results;
  }
}

/** Whether PostgreSQL ended a statement, because of its time-out or because nobody waits for it. */
export const wasCancelled = (error: unknown): boolean =>
  error instanceof ReadCancelled || (error as { code?: string }).code === '57014';

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
