/** The database of the bench: embedded PostgreSQL (or DATABASE_URL), the hub's own tables, filled once and kept. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { type Catalog, makeCatalog } from '../../src/catalog/catalog.ts';
import { recountCases } from '../../src/store/case-rollup.ts';
import { type Postgres, startPostgres } from '../../src/store/embedded-postgres.ts';
import { tablesSql } from '../../src/store/tables-sql.ts';
import { createTables } from '../support/create-tables.ts';
import { silentAdapters } from '../support/silent-adapters.ts';
import { project } from '../support/source-imports.ts';
import { registerTasks, testTask } from '../support/test-purposes.ts';
import type { BenchSize } from './bench-size.ts';
import { benchFunctions, dropIndexes, insertSql } from './set-wise-rows.ts';
import { makeKeys, townTables } from './town-tables.ts';

/** Losing data does not matter here; no part of the server works in the background while something is measured. */
const settings = {
  shared_buffers: '2GB',
  maintenance_work_mem: '512MB',
  work_mem: '64MB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  wal_level: 'minimal',
  max_wal_senders: 0,
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  // Compiling plans costs every contender more than it saves, and a second process for one query has no core here.
  jit: 'off',
  max_parallel_workers_per_gather: 0,
  max_connections: 200,
};

export interface BenchServer {
  /** The URL of a database by its name. */
  url(database: string): string;
  stop(): Promise<void>;
}

export async function startBenchServer(): Promise<BenchServer> {
  const given = process.env.DATABASE_URL;
  if (given) {
    const url = (database: string) => Object.assign(new URL(given), { pathname: `/${database}` }).href;
    return { url, stop: async () => {} };
  }
  const server: Postgres = await startPostgres({ dataDir: path.join(project, '.data/bench/postgres'), settings });
  return { url: database => server.url(database), stop: () => server.stop() };
}

export const benchCatalog = async (): Promise<Catalog> => makeCatalog(await silentAdapters());

/** The key from which the hub of this installation derives ids; the same in every run, so that the data is the same. */
export const benchIdentityKey = 'the key of the bench';

export interface TownDatabase {
  readonly url: string;
  readonly name: string;
}

/** Fills the town's database unless an earlier run made it with the same declarations. */
export async function openTown(server: BenchServer, catalog: Catalog, size: BenchSize): Promise<TownDatabase> {
  const digest = await digestOf(catalog, size);
  const name = `bench_${size.name}_${digest}`;
  const admin = new pg.Client(server.url('postgres'));
  await admin.connect();
  try {
    const { rows } = await admin.query('select datname from pg_database where starts_with(datname, $1)', [
      `bench_${size.name}_`,
    ]);
    const ready = rows.some(row => row.datname === name);
    for (const { datname } of rows)
      if (datname !== name) await admin.query(`drop database ${pg.escapeIdentifier(datname)} with (force)`);
    if (!ready) {
      // The database gets its name only when it is complete: an interrupted run leaves a draft that the next one drops.
      const draft = `bench_${size.name}_draft`;
      await admin.query(`create database ${draft} template template0`);
      await fill(server.url(draft), catalog, size);
      await admin.query(`alter database ${draft} rename to ${pg.escapeIdentifier(name)}`);
    }
  } finally {
    await admin.end();
  }
  return { name, url: server.url(name) };
}

/** The digest of all statements that make the data, so that data of another hub or of another size is never reused. */
async function digestOf(catalog: Catalog, size: BenchSize): Promise<string> {
  const statements = townTables(catalog, size).map(rows => insertSql(catalog, rows));
  const all = [await tablesSql(catalog), benchFunctions(benchIdentityKey), ...statements].join('\n');
  return createHash('sha256').update(all).digest('hex').slice(0, 12);
}

async function fill(url: string, catalog: Catalog, size: BenchSize): Promise<void> {
  await createTables(url, catalog);
  const client = await connected(url);
  await client.query(benchFunctions(benchIdentityKey));
  await makeKeys(client, size);
  await client.end();
  // The largest tables come first, two at a time.
  const waiting = townTables(catalog, size);
  await Promise.all([0, 1].map(() => fillTables(url, catalog, waiting)));
  const last = await connected(url);
  await registerTasks(url, [testTask]);
  await last.query('begin');
  await recountCases(last);
  await last.query('commit');
  await last.query('vacuum (analyze, freeze)');
  await last.query('checkpoint');
  await last.end();
}

async function fillTables(url: string, catalog: Catalog, waiting: ReturnType<typeof townTables>): Promise<void> {
  const client = await connected(url);
  for (let rows = waiting.shift(); rows; rows = waiting.shift()) {
    const since = performance.now();
    const { table } = catalog.stored(rows.noun);
    const rebuild = await dropIndexes(client, table);
    const { rowCount } = await client.query(insertSql(catalog, rows));
    for (const statement of rebuild) await client.query(statement);
    console.error(`  ${table}: ${rowCount} rows, ${((performance.now() - since) / 1000).toFixed(1)} s`);
  }
  await client.end();
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, options: '-c timezone=UTC -c synchronous_commit=off' });
  // The failed statement reports the problem, so the end of the server behind it is ignored.
  client.on('error', () => {});
  await client.connect();
  return client;
}
