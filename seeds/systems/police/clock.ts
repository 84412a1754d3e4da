/** The system's clock: the real time, or the town's day if that is later. Stamps have 14 digits. */

const SHANGHAI_MS = 8 * 3_600_000;
const digits = (iso: string): string => iso.replace(/\D/g, '').slice(0, 14);

/** `2026-11-23T09:30:00+08:00` as `20261123093000`. */
export const stampOf = (moment: string): string => digits(moment);

export class Clock {
  private readonly startedAt = Date.now();

  constructor(private readonly today: string) {}

  private nowMs(): number {
    const began = Date.parse(`${this.today}T08:00:00+08:00`);
    return Math.max(Date.now(), began + Date.now() - this.startedAt);
  }

  /** Local time with offset, so many seconds ago. */
  moment(secondsAgo = 0): string {
    return `${new Date(this.nowMs() - secondsAgo * 1000 + SHANGHAI_MS).toISOString().slice(0, 19)}+08:00`;
  }

  stamp(secondsAgo = 0): string {
    return stampOf(this.moment(secondsAgo));
  }
}
