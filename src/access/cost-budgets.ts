/** Token buckets in cost units: each principal may spend a minute's units in one go, and they refill evenly. */

interface Bucket {
  units: number;
  /** The time at which `units` was correct. */
  atMs: number;
}

export interface Withdrawal {
  readonly taken: boolean;
  /** Units left. */
  readonly left: number;
  /** Time until enough units are there; 0 when they were taken. */
  readonly retryAfterMs: number;
}

export class CostBudgets {
  /** In the order of their last use: the longest unused are the fullest, and are removed first. */
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly principals: number,
    private readonly nowMs: () => number,
  ) {}

  /**
   * Takes all or nothing. A request larger than the whole budget is taken from a full one, so that it can pass once.
   */
  take(key: string, units: number, perMinute: number): Withdrawal {
    const available = this.availableOf(key, perMinute);
    const wanted = Math.min(units, perMinute);
    const taken = available >= wanted;
    const left = taken ? available - wanted : available;
    this.keep(key, { units: left, atMs: this.nowMs() });
    const retryAfterMs = taken ? 0 : Math.ceil(((wanted - available) * 60_000) / perMinute);
    return { taken, left: Math.max(0, Math.floor(left)), retryAfterMs };
  }

  /**
   * Takes what has been used already, even if it is not there: what is missing is a debt, at most of a whole budget,
   * which is paid back before anything else is taken.
   */
  owe(key: string, units: number, perMinute: number): void {
    const available = this.availableOf(key, perMinute);
    this.keep(key, { units: Math.max(available - units, -perMinute), atMs: this.nowMs() });
  }

  get size(): number {
    return this.buckets.size;
  }

  private availableOf(key: string, perMinute: number): number {
    const known = this.buckets.get(key);
    return known ? Math.min(perMinute, known.units + ((this.nowMs() - known.atMs) * perMinute) / 60_000) : perMinute;
  }

  private keep(key: string, bucket: Bucket): void {
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (this.buckets.size <= this.principals) return;
    const [maxUnused] = this.buckets.keys();
    this.buckets.delete(maxUnused!);
  }
}
