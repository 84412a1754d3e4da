/**
 * Brings a database to the tables of the catalog. The difference is derived, applied in one transaction under a lock,
 * and recorded in hub_migration. Only additions are applied automatically: a difference that would lose data is shown
 * and stops the start.
 */
import { createHash } from 'node:crypto';
import { MikroORM } from '@mikro-orm/postgresql';
import type pg from 'pg';
import type { Catalog } from '../catalog/catalog.ts';
import { recountCases } from './case-rollup.ts';
import { openConnection } from './connections.ts';
import { claimViews, entitiesOf } from './tables.ts';

const openOrm = (url: string, catalog: Catalog, connect: boolean) =>
  MikroORM.init({
    clientUrl: url,
    entities: entitiesOf(catalog),
    discovery: { warnWhenNoEntities: false },
    schemaGenerator: { disableForeignKeys: true },
    ...(connect ? {} : { connect: false }),
  } as never);

/** The tables and views as SQL: schema/tables.sql. Needs no database. */
export async function tablesSql(catalog: Catalog): Promise<string> {
  const orm = await openOrm('postgresql://nobody@127.0.0.1:1/none', catalog, false);
  try {
    const create = await orm.schema.getCreateSchemaSQL({ wrap: false });
    return `create extension if not exists pg_trgm;\n\n${create.trim()}\n\n${claimViews(catalog).join(';\n\n')};\n`;
  } finally {
    await orm.close(true);
  }
}

const losing = /\b(drop (table|column)|alter column .* type)\b/i;

/** Fills the column for persons that were stored before it existed. */
const birthYears = `update hub_person set birth_year = extract(year from birth_date) where birth_year is null and birth_date is not null`;

export interface Migration {
  /** Statements that were run; empty when the database was up to date. */
  readonly statements: readonly string[];
}

export async function migrate(url: string, catalog: Catalog): Promise<Migration> {
  const digest = createHash('sha256')
    .update(await tablesSql(catalog))
    .digest('hex');
  const client = await openConnection(url);
  try {
    await client.query(`select pg_advisory_lock(hashtext('outpost-hub migrate'))`);
    if (await isUpToDate(client, digest)) return { statements: [] };
    await client.query('create extension if not exists pg_trgm');
    const statements = [...(await difference(url, catalog)), ...claimViews(catalog)];
    const loss = statements.find(statement => losing.test(statement));
    if (loss) {
      throw new Error(
        `The tables cannot be brought up to date without losing data; do this by hand, then start again: ${loss}`,
      );
    }
    await client.query('begin');
    for (const statement of statements) await client.query(statement);
    await recountCases(client);
    await client.query(birthYears);
    await client.query(
      `insert into hub_migration (digest, applied_at, statements) values ($1, now(), $2)
       on conflict (digest) do update set applied_at = excluded.applied_at`,
      [digest, statements.join(';\n')],
    );
    await client.query('commit');
    return { statements };
  } finally {
    await client.end();
  }
}

async function isUpToDate(client: pg.Client, digest: string): Promise<boolean> {
  const { rows: tables } = await client.query(
    `select 1 from pg_tables where tablename = 'hub_migration' and schemaname = 'public'`,
  );
  if (!tables.length) return false;
  const { rows } = await client.query('select digest from hub_migration order by applied_at desc limit 1');
  return rows[0]?.digest === digest;
}

async function difference(url: string, catalog: Catalog): Promise<string[]> {
  const orm = await openOrm(url, catalog, true);
  try {
    const sql = await orm.schema.getUpdateSchemaSQL({ wrap: false, safe: true, dropTables: false });
    return sql
      .split(/;\s*\n/)
      .map(statement => statement.trim().replace(/;$/, ''))
      .filter(Boolean);
  } finally {
    await orm.close(true);
  }
}

/** The key from which ids are derived: made once for each installation, and never changed. */
export const identityKey = (url: string, random: () => string): Promise<string> =>
  settingOf(url, 'identity key', random);

/** The key by which cursors of streams are signed: the same in every process of the hub. */
export const cursorKey = (url: string, random: () => string): Promise<string> => settingOf(url, 'cursor key', random);

async function settingOf(url: string, name: string, random: () => string): Promise<string> {
  const client = await openConnection(url);
  try {
    await client.query('insert into hub_setting (name, value) values ($1, $2) on conflict do nothing', [
      name,
      random(),
    ]);
    const { rows } = await client.query('select value from hub_setting where name = $1', [name]);
    return rows[0].value;
  } finally {
    await client.end();
  }
}
