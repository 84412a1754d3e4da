import type { Traffic } from './attacked-hub.ts';

/** The background traffic of a few bytes each: the hub polls for new batches and for the feed. */
const backgroundBytes = 20_000;

export class Budget {
  private readonly before: number;
  constructor(private readonly traffic: Traffic) {
    this.before = traffic.bytes;
  }

  /** The bytes that the database has sent to the hub since the start. */
  get databaseBytes(): number {
    return this.traffic.bytes - this.before;
  }

  /** Whether the hub read nothing from the database for the attack. */
  get untouched(): boolean {
    return this.databaseBytes < backgroundBytes;
  }
}
