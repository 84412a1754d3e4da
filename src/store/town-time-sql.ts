/**
 * The town's clock in SQL, by the same rule as `adapters/kit/town-time.ts`. Since the last summer time the offset is
 * fixed, which PostgreSQL computes in no time, while looking up the zone for each row would double the cost of grouping;
 * so only earlier moments are looked up.
 */
import { fixedSinceMs, townClock } from '../../adapters/kit/town-time.ts';

const fixedSince = new Date(fixedSinceMs).toISOString();

/** What the town's clock showed at a `timestamptz`, as a `timestamp`. */
export const townClockSql = (instant: string): string =>
  `case when ${instant} >= timestamptz '${fixedSince}' then ${instant} at time zone interval '8 hours' ` +
  `else ${instant} at time zone 'Asia/Shanghai' end`;

/** The `timestamptz` at which the town's clock showed a `timestamp`. */
export const townInstantSql = (clock: string): string =>
  `case when ${clock} > timestamp '${townClock(fixedSinceMs)}' then ${clock} at time zone interval '8 hours' ` +
  `else ${clock} at time zone 'Asia/Shanghai' end`;
