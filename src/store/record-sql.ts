/** The statements that write records of a noun, generated once from the catalog. */
import { isStated, type Link, type StoredNoun } from '../catalog/catalog.ts';
import { givenColumns, REMOVED } from './rows.ts';
import { columnsOf } from './tables.ts';

const quoted = (name: string) => `"${name}"`;
const list = (names: readonly string[], prefix = '') => names.map(name => prefix + quoted(name)).join(', ');

/**
 * An incoming row supersedes by a higher version. Between different contents of one version the digest decides, for any
 * order of arrival; between equal contents, the later time at which they were true.
 */
const wins = (noun: StoredNoun) =>
  isStated(noun)
    ? `(i.version collate "C", i.digest collate "C", coalesce(i.as_of, '-infinity'))
      > (s.version collate "C", s.digest collate "C", coalesce(s.as_of, '-infinity'))`
    : 'i.digest <> s.digest';
/**
 * Only these are recorded in the history and as a change in the feed; otherwise a newer version has the same content.
 */
const differs = '(i.digest <> s.digest or i.deleted <> s.deleted)';

/** A version that this very transaction has made was never visible. */
const filed = 's.observed_at <> $2::timestamptz';

/**
 * Which of these rows exist, and whether their content is the same: $1 ids, $2 versions, $3 digests, $4 when it was
 * true.
 */
export const existingRowsSql = (noun: StoredNoun): string => `
select s.id, ${isStated(noun) ? 'i.version = s.version and i.digest = s.digest and i.as_of is not distinct from s.as_of' : 'i.digest = s.digest'} as same
from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) as i(id, version, digest, as_of) join ${noun.table} s on s.id = i.id`;

/**
 * Whether a row still states all that it stated of a link's target, for no earlier time (it is unchanged): then the
 * target's facts can only change to what it states.
 */
function steady({ column, states }: Link, noun: StoredNoun): string {
  if (!states.length) return 'false';
  const stated = states.map(([, field]) => quoted(noun.columns.get(field)!.column));
  const told = (t: string) => `(${[quoted(column), ...stated].map(name => `${t}.${name}`).join(', ')})`;
  return `(not i.deleted and not s.deleted and ${told('i')} is not distinct from ${told('s')}
    and coalesce(i.as_of, '-infinity') >= coalesce(s.as_of, '-infinity'))`;
}

/**
 * For rows of which some may exist: $1 is a JSON array of rows (one for each id), $2 the time. Writes the rows that
 * supersede and puts what they replace into the history. Returns for each changed row: id, deleted, true; for each link
 * the target before, the target now, and whether what it states is unchanged; at last when the replaced version was
 * observed (its key in the history). Also returns such a row, with false, for each with the same content at another
 * time, which can decide which source is believed.
 */
export function upsertSql(noun: StoredNoun): string {
  const columns = columnsOf(noun);
  const names = columns.map(c => c.name);
  const given = givenColumns(noun);
  const assigned = names.filter(name => name !== 'id' && name !== 'observed_at');
  const moved = isStated(noun) ? 's.as_of is distinct from i.as_of' : 'false';
  return `
with i as materialized (
  select * from json_to_recordset($1::json) as r(${given.map(c => `${quoted(c.name)} ${c.type}`).join(', ')})
), s as materialized (
  select t.* from ${noun.table} t where t.id = any(array(select id from i)) for update
), won as materialized (
  select i.*, s.id is null or ${differs} as changed, ${moved} as moved,
    ${noun.links.map((link, n) => `s.${quoted(link.column)} as old_${n}, ${steady(link, noun)} as steady_${n},`).join(' ')} s.id is not null as known,
    case when ${filed} then s.observed_at::text end as replaced
  from i left join s on s.id = i.id where s.id is null or ${wins(noun)}
), filed as (
  insert into ${noun.table}_history (${list(names)}, seen_until)
  -- A version that was made in this transaction was never visible. In the history, it would take the place of the next
  -- one.
  select ${list(names, 's.')}, $2::timestamptz from s join won on won.id = s.id where won.changed and ${filed}
  on conflict do nothing
), written as (
  insert into ${noun.table} as t (${list(names)})
  select ${names.map(name => (name === 'observed_at' ? '$2::timestamptz' : `won.${quoted(name)}`)).join(', ')} from won
  on conflict (id) do update set ${assigned.map(name => `${quoted(name)} = excluded.${quoted(name)}`).join(', ')},
    observed_at = case when t.digest = excluded.digest and t.deleted = excluded.deleted then t.observed_at else excluded.observed_at end
)
select won.id, won.deleted, won.changed${noun.links.map((link, n) => `, won.old_${n}, won.${quoted(link.column)}, won.steady_${n}`).join('')}, won.replaced
from won where won.changed or won.moved order by won.id`;
}

/**
 * Flags the records of a kind that are missing in a whole set: $1 agency, $2 set name, $3 kind, $4 version, $5 the
 * time. Returns what `upsertSql` returns.
 */
export function removeAbsentSql(noun: StoredNoun): string {
  const names = columnsOf(noun).map(c => c.name);
  const links = noun.links.map(link => link.column);
  const emptied = [...noun.columns.values()].map(c => c.column).concat(links, ['as_of', 'spellings']);
  return `
with gone as materialized (select t.* from ${noun.table} t where ${absent} for update), filed as (
  insert into ${noun.table}_history (${list(names)}, seen_until) select ${list(names)}, $5::timestamptz from gone
  on conflict do nothing
), written as (
  update ${noun.table} t set deleted = true, version = $4, digest = '${REMOVED}', observed_at = $5,
    ${emptied.map(name => `${quoted(name)} = null`).join(', ')}
  from gone where t.id = gone.id
)
select id, true as deleted, true as changed${links.map((link, n) => `, ${quoted(link)} as old_${n}, null as now_${n}, false as steady_${n}`).join('')}, observed_at::text as replaced
from gone order by id`;
}

/** How many records of a kind are missing in the set, and how many there are: for the guard against mass removal. */
export const countAbsentSql = (noun: StoredNoun): string =>
  `select count(*) filter (where ${absent})::int as absent, count(*)::int as present from ${noun.table} t where t.agency = $1 and not t.deleted`;

const absent = `t.agency = $1 and not t.deleted and t.version collate "C" < $4 collate "C"
  and not exists (select 1 from hub_seen h where h.agency = $1 and h.set_name = $2 and h.kind = $3 and h.record_id = t.id)`;
