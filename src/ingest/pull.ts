/**
 * Reads an agency's changes page by page, without end. The deadline, the pauses and the cursor are handled only here.
 */
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Adapter, type AgencySource, type Page, SourceError } from '../../adapters/kit/contract.ts';
import { errorFacts } from '../domain/error-facts.ts';
import type { Store } from '../store/apply.ts';
import { later } from '../store/database.ts';
import type { PreparedPage } from '../store/prepared-page.ts';
import { readingFailure, storingFailure } from './failure-words.ts';
import type { Health } from './health.ts';
import { demandPage, type PageBounds } from './page-envelope.ts';
import { kindsOf, nothingRestated, type Restated, Restater } from './restate.ts';
import { storePage } from './store-page.ts';
import { within } from './within.ts';

export interface PullLimits {
  /** Items asked for per page. */
  readonly pageSize: number;
  /** A page that takes longer counts as a failure. */
  readonly deadlineMs: number;
  readonly bounds: PageBounds;
  /** The first pause after a failure; it doubles with each further one. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

interface Parts {
  readonly adapter: Adapter;
  readonly source: AgencySource<unknown>;
  readonly store: Store;
  readonly health: Health;
  readonly limits: PullLimits;
  readonly log: Logger;
  /** Called after each page that changed something. */
  readonly onChanges: () => void;
}

/** A page that only has to be written. Two pages are in memory at the same time. */
interface ReadyPage extends Omit<Page<unknown>, 'items'> {
  readonly size: number;
  readonly restated: Restated;
  readonly prepared: PreparedPage;
}

/**
 * Much less than a millisecond of work, because the write of the previous page waits that long for its turn, many
 * times.
 */
const sliceSize = 10;

/** A source that gives a cursor again gives the same items again, without end and without a pause. */
const sameCursor = 'gave items and then a cursor from which they come again: reading would never end';
/** In one reading to the end; more would be years of pages. */
const mostCursors = 100_000;

/** What failed in the hub, not at the source. */
class NotStored extends Error {}
const hubs = <T>(work: Promise<T>): Promise<T> =>
  work.catch((cause: unknown) => {
    throw new NotStored('', { cause });
  });

export class Puller {
  private readonly stopping = new AbortController();
  private readonly restater: Restater;
  private readonly kinds: ReadonlySet<string>;
  private running: Promise<void> = Promise.resolve();
  private failures = 0;

  constructor(private readonly parts: Parts) {
    this.restater = new Restater(parts.adapter);
    this.kinds = new Set([...kindsOf(parts.adapter).values()].filter(k => k.live !== 'only').map(k => k.name));
  }

  start(): void {
    this.running = this.run();
  }
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { adapter, health, log } = this.parts;
    const agency = adapter.agency.code;
    while (!this.stopping.signal.aborted) {
      try {
        await this.readToEnd();
        this.failures = 0;
        await this.pause(adapter.pollEveryMs);
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        this.failures += 1;
        const words = error instanceof NotStored ? storingFailure(error.cause) : readingFailure(error);
        const facts = errorFacts(error instanceof NotStored ? error.cause : error);
        log.warn({ agency, error: facts, failures: this.failures }, 'reading an agency failed');
        await health.failed(agency, words).catch(() => {});
        await this.pause(this.backOff());
      }
    }
  }

  /** While a page is written the next one is already being read and restated. */
  private async readToEnd(): Promise<void> {
    const { adapter, health } = this.parts;
    const cursors = new Set<string | null>();
    let noted: Promise<void> | undefined;
    try {
      let from = await hubs(this.cursor());
      let page = await this.ready(from);
      for (;;) {
        // A source that says there is more but gives nothing is asked again after the usual pause.
        const stuck = !page.size && page.next === from;
        cursors.add(from);
        const circles = !page.done && !stuck && cursors.has(page.next);
        const applying = later(this.apply(page, from));
        const next = page.done || stuck || circles ? null : later(this.ready(page.next));
        const { stale, changes, read } = await hubs(applying);
        if (stale) return; // another process of the hub reads this agency: start again from its cursor
        if (changes) this.parts.onChanges();
        if (circles) throw new SourceError('MALFORMED', sameCursor);
        if (cursors.size === mostCursors) cursors.clear();
        await noted;
        noted = later(health.succeeded(adapter.agency.code, { read, caughtUp: page.done }));
        if (!next || this.stopping.signal.aborted) return;
        from = page.next;
        page = await next;
      }
    } finally {
      await noted; // keeps later notes in order
    }
  }

  /** Reads and restates a page. It is restated in slices, between which other work gets its turn. */
  private async ready(after: string | null): Promise<ReadyPage> {
    await setImmediate(); // the write of the previous page goes first
    const { items, ...page } = await this.read(after);
    const { adapter, store } = this.parts;
    const restated = nothingRestated();
    const prepared = store.prepare(adapter.agency.code, []);
    for (let at = 0; at < items.length; at += sliceSize) {
      if (at) await setImmediate();
      const slice = this.restater.restate(items.slice(at, at + sliceSize), page.set);
      restated.records.push(...slice.records);
      restated.origins.push(...slice.origins);
      restated.parked.push(...slice.parked);
      restated.present.push(...slice.present);
      store.prepare(adapter.agency.code, slice.records, prepared);
    }
    return { ...page, size: items.length, restated, prepared: prepared.close() };
  }

  private async apply({ restated, prepared, ...page }: ReadyPage, from: string | null) {
    const { adapter, store } = this.parts;
    if (!page.size && !page.set && page.next === from) return { stale: false, changes: 0, read: 0 };
    const { present, ...rest } = restated;
    const set = page.set && { ...page.set, present };
    const cursor = { from, to: page.next };
    const all = { agency: adapter.agency.code, ...rest, cursor, set };
    const applied = await storePage(store, this.restater, all, prepared);
    return { ...applied, read: applied.records + applied.items.length };
  }

  private async cursor(): Promise<string | null> {
    const { adapter, store } = this.parts;
    const { rows } = await store.database.pool.query('select cursor from hub_cursor where agency = $1', [
      adapter.agency.code,
    ]);
    return rows[0]?.cursor ?? null;
  }

  private async read(after: string | null): Promise<Page<unknown>> {
    const { source, limits } = this.parts;
    const ask = (signal: AbortSignal) => source.changes!(after, limits.pageSize, { signal });
    return demandPage(await within(limits.deadlineMs, ask, this.stopping.signal), this.kinds, limits.bounds);
  }

  /** Doubles up to the longest, with random spread, so that agencies that fail together do not return together. */
  private backOff(): number {
    const { pauseMs, maxPauseMs } = this.parts.limits;
    return Math.min(maxPauseMs, pauseMs * 2 ** (this.failures - 1)) * (0.75 + Math.random() / 2);
  }

  private pause(ms: number): Promise<void> {
    const { signal } = this.stopping;
    if (signal.aborted) return Promise.resolve();
    return new Promise(resolve => {
      const timer = setTimeout(end, ms);
      function end() {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      }
      signal.addEventListener('abort', end);
    });
  }
}
