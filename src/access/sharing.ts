/** Grants by which one agency lets another see kinds of its records, for one purpose and for a time (数据共享授权). */

import { townDay } from '../domain/town-day.ts';

export interface SharingGrant {
  readonly giver: string;
  readonly taker: string;
  /** Names of kinds of record. */
  readonly kinds: readonly string[];
  /** The matter for which it is given: for another it is not served. */
  readonly matterCode: string;
  /** First and last day, `2026-11-23`. */
  readonly from: string;
  readonly to: string;
}

export const inForce = ({ from, to }: SharingGrant, day: string): boolean => from <= day && day <= to;

type Read = (text: string, values: readonly unknown[]) => Promise<(string | null)[][]>;
const sql = `select giver_code, taker_code, kinds, matter_code, valid_from, valid_to from hub_sharing_grant
  where not deleted and state = 'ACTIVE'`;

/** The grants in force, read again every second: an end takes effect on every process of the hub. */
export class SharingGrants {
  private known: readonly SharingGrant[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly read: Read,
    private readonly onError: (error: unknown) => void,
  ) {}

  current(): readonly SharingGrant[] {
    const day = townDay(new Date());
    return this.known.filter(grant => inForce(grant, day));
  }

  async start(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => {
      this.refresh().catch(error => {
        // Without an answer nothing is shared: a grant that has been ended must not live on.
        this.known = [];
        this.onError(error);
      });
    }, 1_000);
  }
  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  async refresh(): Promise<void> {
    const rows = await this.read(sql, []);
    this.known = rows.map(([giver, taker, kinds, matterCode, from, to]) => ({
      giver: giver!,
      taker: taker!,
      kinds: kinds!.split('|'),
      matterCode: matterCode!,
      from: from!,
      to: to!,
    }));
  }
}
