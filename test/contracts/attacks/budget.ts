import type { Traffic } from './attacked-hub.ts';

/** What happens in the background meanwhile: looks for new batches and for the feed, a few bytes each. */
const backgroundBytes = 20_000;

export class Budget {
  private readonly before: number;
  constructor(private readonly traffic: Traffic) {
    this.before = traffic.bytes;
  }

  /** What the database told the hub since, in bytes. */
  get databaseBytes(): number {
    return this.traffic.bytes - this.before;
  }

  /** Whether nothing was read for it. */
  get untouched(): boolean {
    return this.databaseBytes < backgroundBytes;
  }
}
