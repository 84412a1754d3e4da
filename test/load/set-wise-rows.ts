/**
 * Fills tables of the hub set-wise: each column is an expression in SQL over a series, everything else comes from the
 * catalog.
 */
import pg from 'pg';
import { type Catalog, isStated, type Link, type StoredNoun } from '../../src/catalog/catalog.ts';
import { TOWN } from '../../src/catalog/nouns.ts';
import { columnsOf } from '../../src/store/tables.ts';

/** Rows of a noun; the expressions may use `i` and every column of `from`. */
export interface SetWiseRows {
  readonly noun: string;
  readonly from: string;
  /** The code of the agency that states them; without it, the noun's own agency. */
  readonly agency?: string;
  readonly sourceId?: string;
  readonly observedAt: string;
  /** Expressions by field; the other fields are empty. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * `bench.h` gives an even number below m, always the same for i and salt. `bench.id` gives the id that the hub would
 * give.
 */
export const benchFunctions = (identityKey: string) => `
create schema if not exists bench;
create or replace function bench.h(i bigint, salt int, m int) returns int language sql immutable parallel safe
  return ((hashint8extended(i, salt) & 9223372036854775807) % m)::int;
create or replace function bench.id(kind text, agency text, word text) returns uuid language sql immutable parallel safe
  return overlay(overlay(left(encode(sha256(convert_to(${pg.escapeLiteral(identityKey)}, 'UTF8') || '\\x00'::bytea || convert_to(kind, 'UTF8')
    || '\\x00'::bytea || convert_to(agency, 'UTF8') || '\\x00'::bytea || convert_to(word, 'UTF8')), 'hex'), 32)
    placing '8' from 13) placing 'a' from 17)::uuid;
-- PostGraphile sums up columns, and functions that look like one.
create or replace function hub_case_handling_days(c hub_case) returns numeric language sql stable parallel safe
  return extract(epoch from c.closed_at - c.submitted_at) / 86400;
`;

const quoted = pg.escapeIdentifier;
const literal = pg.escapeLiteral;

/** The key of a link's target as the hub joins it; null where a part of it is missing. */
function linkSql(link: Link, noun: StoredNoun): string {
  const key = link.from.map(field => `r.${quoted(noun.columns.get(field)!.column)}::text`).join(` || '@' || `);
  const agency = isStated(link.target) ? TOWN : '';
  return `bench.id(${literal(link.target.name)}, ${literal(agency)}, ${key})`;
}

export function insertSql(catalog: Catalog, rows: SetWiseRows): string {
  const noun = catalog.stored(rows.noun);
  const stated = isStated(noun);
  for (const name of Object.keys(rows.values)) {
    if (!noun.columns.has(name)) throw new Error(`${noun.name}.${name} is no field`);
  }
  const keyed = noun.kind.key.map(name => `(${rows.values[name]})::text`).join(` || '@' || `);
  const inner = [
    `i`,
    `${rows.sourceId ?? keyed} as source_id`,
    `${rows.agency ?? literal(noun.agencies[0] ?? '')} as agency`,
    `${rows.observedAt} as observed_at`,
    ...[...noun.columns.values()].map(({ name, column }) => `${rows.values[name] ?? 'null'} as ${quoted(column)}`),
  ];
  const links = new Map(noun.links.map(link => [link.column, linkSql(link, noun)]));
  const envelope: Readonly<Record<string, string>> = {
    id: stated
      ? `bench.id(${literal(noun.name)}, r.agency, r.source_id)`
      : `bench.id(${literal(noun.name)}, '', r.source_id)`,
    version: `'1'`,
    as_of: 'r.observed_at',
    spellings: 'null',
    deleted: 'false',
    digest: `left(md5(r.source_id), 22)`,
  };
  const columns = columnsOf(noun);
  const selected = columns.map(
    ({ name, type }) => `(${links.get(name) ?? envelope[name] ?? `r.${quoted(name)}`})::${type}`,
  );
  return `insert into ${noun.table} (${columns.map(c => quoted(c.name)).join(', ')})
    select ${selected.join(', ')} from (select ${inner.join(', ')} from ${rows.from}) r`;
}

/**
 * Drops a table's indexes and keys and returns what recreates them, because filling a table first is many times faster.
 */
export async function dropIndexes(client: pg.Client, table: string): Promise<string[]> {
  const { rows: keys } = await client.query<{ name: string; definition: string }>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint where conrelid = $1::regclass and contype = 'p'`,
    [table],
  );
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes where schemaname = 'public' and tablename = $1`,
    [table],
  );
  const isKey = (name: string) => keys.some(key => key.name === name);
  for (const { name } of keys) await client.query(`alter table ${quoted(table)} drop constraint ${quoted(name)}`);
  for (const { name } of indexes) if (!isKey(name)) await client.query(`drop index ${quoted(name)}`);
  return [
    ...keys.map(({ name, definition }) => `alter table ${quoted(table)} add constraint ${quoted(name)} ${definition}`),
    ...indexes.filter(({ name }) => !isKey(name)).map(({ definition }) => definition),
  ];
}
