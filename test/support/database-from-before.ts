/**
 * A database as the start made it before migrations had numbers: its tables, a row in each of them, and the record of
 * the old start. The SQL of that time is what 0001 was made from.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { openConnection } from '../../src/store/connections.ts';
import { project } from './source-imports.ts';

/** Of schema/tables.sql in the last version that derived its tables at the start, and what that start recorded. */
export const digestFromBefore = '6fb5cff2430e7bfb03d42426325af0fe9c62d75ce1cf786303e7ac1f77a68f4c';

const recordFromBefore = `create table "hub_migration" ("digest" text not null, "applied_at" timestamptz not null, "statements" text not null, primary key ("digest"));
comment on table "hub_migration" is 'every change of the tables that was applied';
comment on column "hub_migration"."digest" is 'of the tables afterwards';`;

/** tables.sql of that version; its digest shows that it is exactly that. */
export function tablesFromBefore(): string {
  const text = readFileSync(path.join(project, 'schema/migrations/0001-tables.sql'), 'utf8');
  const tables = text.slice(text.indexOf('create extension'), text.indexOf('\n-- Counts the cases again'));
  const before = tables
    .replace(/^(create (?:table|index|unique index)) if not exists/gm, '$1')
    .replace(/^create table "hub_migration".*\n(?:.*"hub_migration".*\n)*/m, `${recordFromBefore}\n`);
  const digest = createHash('sha256').update(before).digest('hex');
  if (digest !== digestFromBefore) throw new Error(`0001 was made from tables with another digest: ${digest}`);
  return before;
}

export async function makeDatabaseFromBefore(url: string): Promise<void> {
  const client = await openConnection(url);
  try {
    await client.query(tablesFromBefore());
    await fillEveryTable(client);
    await client.query('delete from hub_migration');
    await client.query(`insert into hub_migration values ($1, now(), 'create table ...')`, [digestFromBefore]);
  } finally {
    await client.end();
  }
}

const values: Readonly<Record<string, string>> = {
  uuid: 'gen_random_uuid()',
  text: `'值'`,
  jsonb: `'{"a": 1}'`,
  boolean: 'false',
  date: `'2026-03-02'`,
  timestamptz: `'2026-03-02T10:20:30.25Z'`,
  bytea: `'\\x00ff'`,
};

async function fillEveryTable(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string; columns: string[]; types: string[] }>(
    `select table_name as name, array_agg(column_name::text) as columns, array_agg(udt_name::text) as types
     from information_schema.columns join pg_tables on tablename = table_name and schemaname = table_schema
     where table_schema = 'public' group by 1`,
  );
  for (const { name, columns, types } of rows) {
    const row = types.map(type => values[type === 'bool' ? 'boolean' : type] ?? '1');
    await client.query(`insert into "${name}" (${columns.map(c => `"${c}"`).join(', ')}) values (${row.join(', ')})`);
  }
}
