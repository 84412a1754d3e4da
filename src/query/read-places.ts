/**
 * Who may read now. Each statement under way takes a place; there are as many as connections. A reader has few at the
 * same time, heavy reads have few together, and what waits begins in turn between readers.
 */
import { HubError } from '../domain/error-codes.ts';
import { ReadCancelled } from '../store/snapshots.ts';

export interface PlaceLimits {
  /** Reads under way: one for each connection. */
  readonly places: number;
  /** Reads of one reader under way. */
  readonly perReader: number;
  /** Heavy reads under way. The other places are for light ones, which so never wait for heavy ones. */
  readonly heavy: number;
  /** Reads that may wait. */
  readonly waiting: number;
  /** The longest that a read may wait. */
  readonly waitMs: number;
}

/** For reads that are bounded in another way. */
export const unboundedPlaces: PlaceLimits = {
  ...{ places: Infinity, perReader: Infinity, heavy: Infinity },
  ...{ waiting: 0, waitMs: 0 },
};

/** On whose behalf something is read. */
export interface ReadShare {
  /** Among whom places are shared; null: all readers of an event, who wait for nobody's questions. */
  readonly reader: string | null;
  /** Whether it may look at very many rows, by its estimated cost. */
  readonly isHeavy: boolean;
  /**
   * Calls back when the reader does not wait for the answer any more, at once if that is so already. Returns how to
   * stop listening. Null: somebody always waits.
   */
  readonly whenGone: ((callback: () => void) => () => void) | null;
  /** Called with the time of a read that was cancelled or ran into its time-out. */
  readonly spent: (ms: number) => void;
}
export const sharedByAll: ReadShare = { reader: null, isHeavy: false, whenGone: null, spent: () => {} };

/** Somebody who waits until the signal aborts. */
export const untilAborted =
  (signal: AbortSignal) =>
  (callback: () => void): (() => void) => {
    if (signal.aborted) callback();
    else signal.addEventListener('abort', callback, { once: true });
    return () => signal.removeEventListener('abort', callback);
  };

/** A read that waits for a place. */
export interface WaitingRead {
  readonly isHeavy: boolean;
  /** Called with the place, which the read gives back when it is over. */
  begin(place: ReadPlace): void;
  /** Called instead when it waited too long. */
  refuse(error: HubError): void;
}
export interface ReadPlace {
  readonly reader: string | null;
  readonly isHeavy: boolean;
}
interface Waiter {
  readonly readers: Set<string | null>;
  readonly timer: NodeJS.Timeout;
}
/** Reads that wait, by reader; whoever got a place goes to the end. */
type Ring = Map<string | null, Set<WaitingRead>>;

/** How long a client should wait before it asks again. */
const retryAfterMs = 5_000;
const busy = (): HubError =>
  new HubError('BUSY', `Too many reads wait for the database: ask again in ${retryAfterMs / 1000} s`, { retryAfterMs });

export class ReadPlaces {
  private readonly under = { all: 0, heavy: 0 };
  private readonly underByReader = new Map<string, number>();
  private readonly light: Ring = new Map();
  private readonly heavy: Ring = new Map();
  private readonly waiters = new Map<WaitingRead, Waiter>();

  constructor(private readonly limits: PlaceLimits) {}

  /** Begins a read now or later; a read that several readers wait for begins with the share of any of them. */
  ask(read: WaitingRead, reader: string | null): void {
    const { isHeavy } = read;
    if (this.mayBegin(reader, isHeavy)) this.begin(read, { reader, isHeavy });
    else this.wait(read, reader);
  }

  /** Runs work in a place. The signal aborts when the reader is gone; then a read that still waits is given up. */
  async within<T>({ reader, isHeavy, whenGone }: ReadShare, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const stop = whenGone?.(() => ending.abort(new ReadCancelled()));
    try {
      const place = await this.place(reader, isHeavy, ending.signal);
      try {
        ending.signal.throwIfAborted();
        return await work(ending.signal);
      } finally {
        this.giveBack(place);
      }
    } finally {
      stop?.();
    }
  }

  private place(reader: string | null, isHeavy: boolean, signal: AbortSignal): Promise<ReadPlace> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const read: WaitingRead = { isHeavy, begin: resolve, refuse: reject };
      this.ask(read, reader);
      if (!this.waiters.has(read)) return;
      signal.addEventListener('abort', () => {
        if (!this.waiters.has(read)) return;
        this.leave(read);
        reject(signal.reason);
      });
    });
  }

  giveBack({ reader, isHeavy }: ReadPlace): void {
    this.under.all -= 1;
    if (isHeavy) this.under.heavy -= 1;
    if (reader !== null) {
      const left = this.underByReader.get(reader)! - 1;
      if (left) this.underByReader.set(reader, left);
      else this.underByReader.delete(reader);
    }
    if (this.waiters.size) this.beginNext();
  }

  /** Takes a read out of the line, or one of the readers who wait for it. */
  leave(read: WaitingRead, reader?: string | null): void {
    const waiter = this.waiters.get(read);
    if (!waiter) return;
    const ring = read.isHeavy ? this.heavy : this.light;
    for (const one of reader === undefined ? waiter.readers : [reader]) {
      const line = ring.get(one);
      line?.delete(read);
      if (line?.size === 0) ring.delete(one);
      waiter.readers.delete(one);
    }
    if (waiter.readers.size) return;
    clearTimeout(waiter.timer);
    this.waiters.delete(read);
  }

  private mayBegin(reader: string | null, isHeavy: boolean): boolean {
    const { places, perReader, heavy } = this.limits;
    if (this.under.all >= places || (isHeavy && this.under.heavy >= heavy)) return false;
    return reader === null || (this.underByReader.get(reader) ?? 0) < perReader;
  }

  private begin(read: WaitingRead, place: ReadPlace): void {
    const { reader, isHeavy } = place;
    this.leave(read);
    this.under.all += 1;
    if (isHeavy) this.under.heavy += 1;
    if (reader !== null) this.underByReader.set(reader, (this.underByReader.get(reader) ?? 0) + 1);
    read.begin(place);
  }

  private wait(read: WaitingRead, reader: string | null): void {
    const known = this.waiters.get(read);
    if (!known && this.waiters.size >= this.limits.waiting) {
      read.refuse(busy());
      return;
    }
    const ring = read.isHeavy ? this.heavy : this.light;
    ring.set(reader, (ring.get(reader) ?? new Set()).add(read));
    if (known) {
      known.readers.add(reader);
      return;
    }
    const timer = setTimeout(() => {
      this.leave(read);
      read.refuse(busy());
    }, this.limits.waitMs).unref();
    this.waiters.set(read, { readers: new Set([reader]), timer });
  }

  /** Heavy reads come first, because there are few of them at a time: so neither kind waits for ever. */
  private beginNext(): void {
    while (this.beginOne(this.heavy, true) || this.beginOne(this.light, false));
  }
  private beginOne(ring: Ring, isHeavy: boolean): boolean {
    for (const [reader, line] of ring) {
      if (!this.mayBegin(reader, isHeavy)) continue;
      const [read] = line as Set<WaitingRead>;
      // The reader's next read waits until all others have had their turn.
      ring.delete(reader);
      ring.set(reader, line);
      this.begin(read!, { reader, isHeavy });
      return true;
    }
    return false;
  }
}
