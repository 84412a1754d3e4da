/** Retention of the log: changes are deleted from the oldest on, whole batches at a time. */
import type pg from 'pg';

const batchesPerRound = 1_000;

/**
 * Deletes only batches before every younger one, so the rest stays dense; the newest batch always stays, because
 * positions continue from it.
 */
const forgetSql = `
with oldest as (
  select id, at, first_position from hub_batch where first_position is not null order by first_position limit ${batchesPerRound}
), young as (
  select coalesce(min(first_position) filter (where at >= now() - $1 * interval '1 millisecond'), 9223372036854775807) as first from oldest
), newest as (
  select max(first_position) as first from hub_batch
), gone as (
  delete from hub_batch b using oldest, young, newest
  where b.id = oldest.id and oldest.first_position < young.first and oldest.first_position < newest.first
  returning b.id
), changes as (
  delete from hub_change c using gone where c.batch_id = gone.id
)
select count(*)::int as gone from gone`;

/** Returns how many batches are gone. */
export async function forgetOld(client: pg.ClientBase, keepMs: number): Promise<number> {
  let all = 0;
  for (;;) {
    const { rows } = await client.query<{ gone: number }>(forgetSql, [keepMs]);
    all += rows[0]!.gone;
    if (rows[0]!.gone < batchesPerRound) return all;
  }
}
