/** Whole sets: records that a monthly file no longer holds are removed, unless there are suspiciously many. */
import type { WholeSet } from '../../adapters/kit/contract.ts';
import type { Work } from './apply.ts';
import { countAbsentSql, removeAbsentSql } from './record-sql.ts';

/** A page of a whole set, and the records that it held, including those that were parked. */
export interface SetPage extends WholeSet {
  readonly present: readonly { readonly kind: string; readonly sourceId: string }[];
}

export interface RemovalGuard {
  /** If more than this share of a kind's records is missing, the removal is held for a person to confirm. */
  readonly share: number;
  /** Never held when fewer than this many are missing. */
  readonly atLeast: number;
}
export const noGuard: RemovalGuard = { share: 1, atLeast: Number.POSITIVE_INFINITY };

export async function noteSeen({ client, agency, identity }: Work, set: SetPage): Promise<void> {
  if (!set.present.length) return;
  await client.query(
    `insert into hub_seen (agency, set_name, kind, record_id)
     select $1, $2, r.kind, r.id from unnest($3::text[], $4::uuid[]) as r(kind, id) on conflict do nothing`,
    [
      agency,
      set.name,
      set.present.map(p => p.kind),
      set.present.map(p => identity.ofRecord(p.kind, agency, p.sourceId)),
    ],
  );
}

/** Flags what is missing in the set, or holds the removal back. */
export async function completeSet(work: Work, set: WholeSet, guard: RemovalGuard): Promise<void> {
  const { client, agency, catalog } = work;
  let held = false;
  // Only here whole tables are compared.
  await client.query(`select set_config('enable_seqscan', 'on', true)`);
  for (const kind of set.kinds) {
    const noun = catalog.stored(kind);
    const values = [agency, set.name, kind, set.version];
    const { absent, present } = (await client.query(countAbsentSql(noun), values)).rows[0];
    if (absent >= guard.atLeast && absent > present * guard.share) {
      held = true;
      await client.query(
        `insert into hub_held_removal (agency, set_name, kind, version, absent, present, held_at)
         values ($1, $2, $3, $4, $5, $6, now()) on conflict do nothing`,
        [...values, absent, present],
      );
      continue;
    }
    if (!absent) continue;
    const result = await client.query({ text: removeAbsentSql(noun), values: [...values, work.at], rowMode: 'array' });
    for (const change of work.affected.touch(noun, result.rows)) work.changes.add({ ...change, caseNo: null });
  }
  await client.query(`select set_config('enable_seqscan', 'off', true)`);
  if (!held) await forgetSet(work, set.name);
}

async function forgetSet({ client, agency }: Work, set: string): Promise<void> {
  await client.query('delete from hub_seen where agency = $1 and set_name = $2', [agency, set]);
  await client.query('delete from hub_held_removal where agency = $1 and set_name = $2', [agency, set]);
}

/** Carries out or drops the held removal of a set, as a person decided. False when none is held. */
export async function settleHeldRemoval(work: Work, set: string, confirm: boolean): Promise<boolean> {
  const { rows } = await work.client.query(
    'select kind, version from hub_held_removal where agency = $1 and set_name = $2 order by kind',
    [work.agency, set],
  );
  if (!rows.length) return false;
  if (confirm) {
    const whole = { name: set, kinds: rows.map(r => r.kind), version: rows[0].version, complete: true };
    await completeSet(work, whole, noGuard);
  } else await forgetSet(work, set);
  return true;
}
