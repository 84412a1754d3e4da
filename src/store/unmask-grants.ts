/** Grants to see one record whole for a while, in the database: every process of the hub reads them. */
import { randomUUID } from 'node:crypto';
import { townDay } from '../domain/town-day.ts';
import type { UnmaskGrant } from '../domain/unmask-grant.ts';
import type { Database } from './database.ts';

export interface UnmaskOrder extends Omit<UnmaskGrant, 'endsAtMs'> {
  readonly minutes: number;
  /** How many grants one reader may have at the same time, and may get in a day. */
  readonly maxConcurrent: number;
  readonly maxPerDay: number;
}
/** Until when the grant holds, ISO 8601, or which limit it would exceed. */
export type Granted = { readonly until: string } | 'at once' | 'per day';

const insertSql = `
insert into hub_unmask_grant (id, role, subject, session, noun, record_id, granted_at, until)
select $1, $2, $3, $4, $5, $6, now(), now() + make_interval(mins => $7)
where (select count(*) from hub_unmask_grant where subject = $3 and until > now()) < $8
returning to_char(until at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as until`;
/** Changes no row of a reader who has had as many grants today as they may. */
const countSql = `
insert into hub_reader_day as d (day, reader, persons, misses, unmasked) select $1, $2, 0, 0, 1 where $3 > 0
on conflict (day, reader) do update set unmasked = d.unmasked + 1 where d.unmasked < $3`;
const inForceSql = `
select id, role, subject, session, noun, record_id, extract(epoch from until - now()) * 1000
from hub_unmask_grant where until > now()`;

export const newGrantId = (): string => randomUUID();

/** The reason of a grant is in the audit log. */
export function grantUnmask(database: Database, order: UnmaskOrder): Promise<Granted> {
  const { id, role, subject, session, noun, recordId, minutes, maxConcurrent, maxPerDay } = order;
  return database.transaction(async client => {
    await client.query(`select pg_advisory_xact_lock(hashtext('outpost-hub unmask ' || $1))`, [subject]);
    await client.query('delete from hub_unmask_grant where until <= now()');
    const values = [id, role, subject, session, noun, recordId, minutes, maxConcurrent];
    const { rows } = await client.query<{ until: string }>(insertSql, values);
    if (!rows[0]) return 'at once';
    const { rowCount } = await client.query(countSql, [townDay(new Date()), `${role} ${subject}`, maxPerDay]);
    if (rowCount) return { until: rows[0].until };
    await client.query('delete from hub_unmask_grant where id = $1', [id]);
    return 'per day';
  });
}

/** The time left of each grant counts from before the query, so no process holds one longer than the database. */
export async function unmaskGrantsInForce(database: Database): Promise<UnmaskGrant[]> {
  const askedAtMs = performance.now();
  const rows = await database.read(inForceSql, []);
  return rows.map(([id, role, subject, session, noun, recordId, leftMs]) => ({
    id: id!,
    role: role!,
    subject: subject!,
    session: session ?? null,
    noun: noun!,
    recordId: recordId!,
    endsAtMs: askedAtMs + Number(leftMs),
  }));
}
