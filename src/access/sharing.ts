/** Grants by which one agency lets another see kinds of its records, for one purpose and for a time (数据共享授权). */

import { townDay } from '../domain/town-day.ts';
import { PolledState } from './polled-state.ts';

export interface SharingGrant {
  readonly giver: string;
  readonly taker: string;
  /** Names of kinds of record. */
  readonly kinds: readonly string[];
  /** The matter for which it is given; it does not count for another. */
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
export class SharingGrants extends PolledState<readonly SharingGrant[]> {
  constructor(read: Read, onError: (error: unknown) => void) {
    super([], () => grantsInForce(read), onError);
  }

  current(): readonly SharingGrant[] {
    const day = townDay(new Date());
    return this.known.filter(grant => inForce(grant, day));
  }
}

async function grantsInForce(read: Read): Promise<SharingGrant[]> {
  const rows = await read(sql, []);
  return rows.map(([giver, taker, kinds, matterCode, from, to]) => ({
    giver: giver!,
    taker: taker!,
    kinds: kinds!.split('|'),
    matterCode: matterCode!,
    from: from!,
    to: to!,
  }));
}
