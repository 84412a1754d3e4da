import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { type Catalog, makeCatalog } from '../../../src/catalog/catalog.ts';
import { ConfigError, readConfig } from '../../../src/config.ts';
import { makeLog, openStore } from '../../../src/hub/open-store.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { recountCases } from '../../../src/store/case-rollup.ts';
import { openConnection } from '../../../src/store/connections.ts';
import { MigrationError } from '../../../src/store/migration-file.ts';
import { applyMigrations, migrationsFolder, readMigrations } from '../../../src/store/migrations.ts';
import { clonedDatabase, emptyDatabase, type TestDatabase } from '../../support/database.ts';
import { digestFromBefore, makeDatabaseFromBefore } from '../../support/database-from-before.ts';
import { databaseShape } from '../../support/database-shape.ts';
import { scriptedAgency } from '../../support/scripted-adapter.ts';
import { project } from '../../support/source-imports.ts';

let catalog: Catalog;
/** How many migrations are committed; those of a test follow them. */
let committed: number;
beforeAll(async () => {
  catalog = makeCatalog(await findAdapters());
  committed = readMigrations().length;
});

const open: { database: TestDatabase; client: pg.Client }[] = [];
async function opened(database: TestDatabase) {
  const client = await openConnection(database.url);
  open.push({ database, client });
  return { url: database.url, rows: async (sql: string) => (await client.query(sql)).rows, client };
}
/** A database to which all committed migrations were applied. */
const migrated = async () =>
  opened(await clonedDatabase('migrated', async url => void (await applyMigrations(url, catalog))));
afterEach(async () => {
  for (const { client, database } of open.splice(0)) {
    await client.end();
    await database.drop();
  }
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-migrations-'));
  for (const { name } of readMigrations()) copyFileSync(`${migrationsFolder}/${name}`, `${folder}/${name}`);
});
afterEach(() => rmSync(folder, { recursive: true }));
/** Writes a migration behind the committed ones, the first or a later one; its name. */
function write(text: string, offset = 1): string {
  const name = `${String(committed + offset).padStart(4, '0')}-test.sql`;
  writeFileSync(`${folder}/${name}`, text);
  return name;
}
const names = () => readMigrations().map(({ name }) => name);

describe('from nothing', () => {
  test('the migrations lead to what tables.sql says, and a second start applies none', async () => {
    const [made, expected] = [await opened(await emptyDatabase()), await opened(await emptyDatabase())];
    expect(await applyMigrations(made.url, catalog)).toEqual({ applied: names(), newer: [] });
    await expected.client.query(readFileSync(path.join(project, 'schema/tables.sql'), 'utf8'));
    expect(await databaseShape(made.url)).toEqual(await databaseShape(expected.url));
    expect(await applyMigrations(made.url, catalog)).toEqual({ applied: [], newer: [] });
    expect(await made.rows('select number, name, additive, finished from hub_migration order by 1')).toEqual(
      readMigrations().map(({ number, name, additive }) => ({ number, name, additive, finished: true })),
    );
  });

  test('two processes that start at once apply each migration once', async () => {
    const { url, rows } = await opened(await emptyDatabase());
    const both = await Promise.all([applyMigrations(url, catalog), applyMigrations(url, catalog)]);
    expect(both.flatMap(({ applied }) => applied)).toEqual(names());
    expect(await rows('select count(*)::int as n from hub_migration')).toEqual([{ n: committed }]);
  });
});

describe('a database from before migrations had numbers', () => {
  /** All rows but those of the two tables that the start itself writes. */
  async function contents({ rows }: Awaited<ReturnType<typeof opened>>) {
    const tables = await rows(
      `select tablename as name from pg_tables where schemaname = 'public' and tablename not in ('hub_migration', 'hub_case_rollup') order by 1`,
    );
    const found: [string, unknown][] = [];
    for (const { name } of tables) found.push([name, await rows(`select to_jsonb(t) as row from "${name}" t`)]);
    return found;
  }

  test('comes along whole', async () => {
    const database = await opened(await emptyDatabase());
    await makeDatabaseFromBefore(database.url);
    const before = await contents(database);
    expect(before.length).toBeGreaterThan(80);
    expect((await applyMigrations(database.url, catalog)).applied).toEqual(names());
    expect(await contents(database)).toEqual(before);
    expect(await databaseShape(database.url)).toEqual(await databaseShape((await migrated()).url));
    expect(await database.rows('select digest from hub_migration where number is null')).toEqual([
      { digest: digestFromBefore },
    ]);
    const cells = "select to_jsonb(r) - array['id'] as cell from hub_case_rollup r";
    const counted = await database.rows(cells);
    expect(counted).toHaveLength(1);
    await database.client.query('begin');
    await recountCases(database.client);
    await database.client.query('commit');
    expect(await database.rows(cells)).toEqual(counted);
    expect((await applyMigrations(database.url, catalog)).applied).toEqual([]);
  });

  test('gets what the agencies of its only process did not need', async () => {
    const database = await opened(await emptyDatabase());
    await makeDatabaseFromBefore(database.url);
    await database.client.query('drop table land_parcel, land_parcel_history; drop view hub_person_claim');
    await applyMigrations(database.url, catalog);
    expect(await databaseShape(database.url)).toEqual(await databaseShape((await migrated()).url));
  });
});

describe('one process applies, the others wait', () => {
  const named = (url: string, name: string) => `${url}${url.includes('?') ? '&' : '?'}application_name=${name}`;

  test('outside of transactions, so that an index is built concurrently meanwhile', async () => {
    const { url, rows } = await migrated();
    const name = write(`-- additive: yes\n-- transaction: no
      select pg_sleep(1.5);
      create index concurrently hub_setting_test on hub_setting (value);`);
    const one = applyMigrations(named(url, 'first'), catalog, folder);
    const looks = `select application_name as who, state
      from pg_stat_activity where application_name in ('first', 'second') and datname = current_database()`;
    const applies = async () => (await rows(looks)).some(({ who, state }) => who === 'first' && state === 'active');
    while (!(await applies()));
    const waits: string[] = [];
    const two = applyMigrations(named(url, 'second'), catalog, folder, why => waits.push(why));
    const seen = new Set<string>();
    const both = Promise.all([one, two]).finally(() => seen.add('end'));
    while (!seen.has('end')) for (const { who, state } of await rows(looks)) if (who === 'second') seen.add(state);
    expect((await both).map(({ applied }) => applied)).toEqual([[name], []]);
    expect(waits).toEqual(['another process is applying them']);
    expect(seen).toContain('idle');
    expect([...seen].filter(state => /transaction/.test(state))).toEqual([]);
    expect(await rows(`select indisvalid from pg_index where indexrelid = 'hub_setting_test'::regclass`)).toEqual([
      { indisvalid: true },
    ]);
  });

  test('a table that is in use makes a migration wait, and not fail', async () => {
    const { url, client } = await migrated();
    const name = write('-- additive: yes\nalter table hub_setting add test text;');
    const waits: string[] = [];
    await client.query('begin; lock table hub_setting in access share mode');
    const applying = applyMigrations(url, catalog, folder, why => waits.push(why));
    // Longer than a statement waits for a table.
    await client.query('select pg_sleep(5.5)');
    await client.query('commit');
    expect((await applying).applied).toHaveLength(1);
    expect(waits).toEqual([`${name} needs a table that another transaction holds`]);
  });
});

test('a backfill runs in batches, each committed by itself, until it changes no row', async () => {
  const { url, rows } = await migrated();
  write(`-- additive: yes
    create table test (id int, twice int);
    insert into test select i from generate_series(1, 12) i;
    -- backfill
    update test set twice = id * 2 where ctid in (select ctid from test where twice is null limit 5);
    alter table test alter twice set not null;`);
  await applyMigrations(url, catalog, folder);
  expect(await rows('select count(distinct xmin::text)::int as batches, sum(twice)::int as sum from test')).toEqual([
    { batches: 3, sum: 156 },
  ]);
});

describe('a migration that fails', () => {
  test('leaves nothing of its transaction, names itself without values, and may be corrected', async () => {
    const { url, rows } = await migrated();
    const name = write(
      "-- additive: yes\ncreate table test (id int);\ninsert into test values (repeat('Li ', 2)::int);",
    );
    await expect(applyMigrations(url, catalog, folder)).rejects.toThrow(
      `The migration ${name} failed with SQLSTATE 22P02 at: insert into test`,
    );
    expect(await rows(`select to_regclass('test') as test`)).toEqual([{ test: null }]);
    write('-- additive: yes\ncreate table test (id int);');
    expect((await applyMigrations(url, catalog, folder)).applied).toEqual([name]);
  });

  test('goes on behind the steps that are done', async () => {
    const { url, rows } = await migrated();
    const begin = '-- additive: yes\ncreate table test (id int);\ninsert into test values (1), (2);\n-- backfill\n';
    write(`${begin}update test set id = id / 0;`);
    await expect(applyMigrations(url, catalog, folder)).rejects.toThrow(MigrationError);
    write(`${begin}delete from test where id = 1;`);
    await applyMigrations(url, catalog, folder);
    expect(await rows('select id from test')).toEqual([{ id: 2 }]);
  });
});

describe('a process starts', () => {
  test('over newer migrations that are additive', async () => {
    const { url } = await migrated();
    const name = write('-- additive: yes\nalter table hub_setting add test text;');
    await applyMigrations(url, catalog, folder);
    expect(await applyMigrations(url, catalog)).toEqual({ applied: [], newer: [name] });
  });

  test('not over others, and its operator reads one sentence', async () => {
    const { url } = await migrated();
    write('-- additive: yes\nalter table hub_setting add test text;');
    const name = write('-- additive: no\nalter table hub_setting drop column test;', 2);
    await applyMigrations(url, catalog, folder);
    const refused = `The database has the migration ${name}, which versions that do not have it cannot go on over`;
    await expect(applyMigrations(url, catalog)).rejects.toThrow(refused);
    const config = readConfig({ DATABASE_URL: url, HUB_TOKEN_ISSUER: 'none', HUB_TOKEN_KEYS: '{"keys":[]}' });
    await expect(openStore(config, makeLog('silent'))).rejects.toThrow(
      new ConfigError(`${refused}, and this version ends with ${names().at(-1)}: start a version with ${name}`),
    );
  });

  test('not with a file that was edited after it was applied', async () => {
    const { url } = await migrated();
    const name = write('-- additive: yes\nalter table hub_setting add test text;');
    await applyMigrations(url, catalog, folder);
    write('-- additive: yes\nalter table hub_setting add test integer;');
    await expect(applyMigrations(url, catalog, folder)).rejects.toThrow(
      `The migration ${name} was applied with another`,
    );
  });

  test('not with declarations that no migration follows', async () => {
    const { url } = await migrated();
    const more = makeCatalog([...(await findAdapters()), scriptedAgency('sixth', 'Sixth').adapter]);
    await expect(applyMigrations(url, more)).rejects.toThrow(
      /^No migration makes sixth_.*, which the declarations ask for: run `npm run schema` and commit schema\/migrations$/,
    );
  });
});
