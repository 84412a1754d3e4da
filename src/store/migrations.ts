/**
 * Applies the migrations of schema/migrations that a database does not have yet. One process applies them, under a
 * lock; the others poll the lock outside of transactions, because building an index concurrently waits for all of them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Catalog } from '../catalog/catalog.ts';
import { openConnection } from './connections.ts';
import { type Migration, MigrationError, parseMigration } from './migration-file.ts';
import { checkNumbers, type MigrationPlan, planMigrations, type Recorded, statementsOf } from './migration-plan.ts';
import { columnNames } from './tables.ts';

export const migrationsFolder = fileURLToPath(new URL('../../schema/migrations', import.meta.url));

export interface Migrated {
  /** Names of the migrations that this process applied, wholly or their rest. */
  readonly applied: readonly string[];
  /** Names of newer ones that it starts over. */
  readonly newer: readonly string[];
}

/** The files of a folder, in their order. */
export function readMigrations(folder = migrationsFolder): Migration[] {
  const names = readdirSync(folder).filter(name => name.endsWith('.sql'));
  const migrations = names.sort().map(name => parseMigration(name, readFileSync(`${folder}/${name}`, 'utf8')));
  checkNumbers(migrations);
  return migrations;
}

/** Told why migrations wait: for another process, or for a table that somebody reads. */
export type OnWait = (why: string) => void;

/** @throws MigrationError with one sentence when the process must not start over this database */
export async function applyMigrations(
  url: string,
  catalog: Catalog,
  folder = migrationsFolder,
  onWait: OnWait = () => {},
): Promise<Migrated> {
  const known = readMigrations(folder);
  const client = await openConnection(url);
  try {
    const look = async () => planMigrations(known, await readRecorded(client));
    let plan: MigrationPlan = await look();
    if (plan.apply.length) {
      await takeLock(client, onWait);
      // Another process may have applied them meanwhile.
      plan = await look();
      for (const { migration, stepsDone } of plan.apply) await apply(client, migration, stepsDone, onWait);
    }
    await checkColumns(client, catalog);
    return { applied: plan.apply.map(({ migration }) => migration.name), newer: plan.newer };
  } finally {
    await client.end();
  }
}

/** Rows without a number are from before migrations had numbers; then the columns may be missing too. */
async function readRecorded(client: pg.ClientBase): Promise<Recorded[]> {
  const { rows } = await client.query(`select to_regclass('hub_migration') is not null as exists`);
  if (!rows[0].exists) return [];
  const recorded = await client.query<{ m: Record<string, unknown> }>('select to_jsonb(m) as m from hub_migration m');
  return recorded.rows
    .filter(({ m }) => typeof m.number === 'number')
    .map(({ m }) => ({ ...m, stepsDone: m.steps_done }) as unknown as Recorded)
    .sort((a, b) => a.number - b.number);
}

const lockPollMs = 200;
/** Longer than a large index or backfill takes; a process that still waits then is looked at by a person. */
const lockLimitMs = 10 * 60_000;

/** Takes the lock for this connection. Each look is a statement of its own, so no transaction stays open between. */
async function takeLock(client: pg.ClientBase, onWait: OnWait): Promise<void> {
  const deadline = performance.now() + lockLimitMs;
  for (let look = 1; ; look++) {
    const { rows } = await client.query(`select pg_try_advisory_lock(hashtext('outpost-hub migrate')) as taken`);
    if (rows[0].taken) return;
    if (look === 1) onWait('another process is applying them');
    if (performance.now() > deadline)
      throw new MigrationError(
        `Another process has been applying migrations for ${lockLimitMs / 60_000} minutes: look at it, then start again`,
      );
    await delay(lockPollMs);
  }
}

async function apply(client: pg.ClientBase, migration: Migration, stepsDone: number, onWait: OnWait): Promise<void> {
  for (let i = stepsDone; i < migration.steps.length; i++) {
    const step = migration.steps[i]!;
    if (step.run === 'together') await runTogether(client, migration, i, onWait);
    else {
      while ((await run(client, migration, step.statements[0]!)) && step.run === 'in batches');
      await record(client, migration, i + 1);
    }
  }
}

/** How long a statement may wait for a table, and so make those wait who come after it. */
const tableTimeoutMs = 5_000;
/** As long as a report may read a table; the lock's limit is longer. */
const tries = 60;
/** The lock of a table was not to be had in time, or two transactions waited for each other. */
const isTransient = (error: unknown) => /^(55P03|40P01)$/.test(String((error as { code?: unknown }).code));

async function runTogether(client: pg.ClientBase, migration: Migration, index: number, onWait: OnWait): Promise<void> {
  for (let left = tries; ; left--) {
    try {
      await client.query(`begin; set local lock_timeout = ${tableTimeoutMs}`);
      for (const statement of migration.steps[index]!.statements) await run(client, migration, statement);
      await record(client, migration, index + 1);
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      if (!left || !isTransient((error as Error).cause)) throw error;
      if (left === tries) onWait(`${migration.name} needs a table that another transaction holds`);
      await delay(1000);
    }
  }
}

/** The number of rows that it changed. A message of PostgreSQL may quote a value, so only its code is told. */
async function run(client: pg.ClientBase, { name }: Migration, statement: string): Promise<number> {
  try {
    return (await client.query(statement)).rowCount ?? 0;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    throw new MigrationError(
      `The migration ${name} failed with SQLSTATE ${error.code} at: ${statement.slice(0, 200)}`,
      {
        cause: error,
      },
    );
  }
}

/** Notes how far a migration has come, in its one row. */
export async function record(client: pg.ClientBase, migration: Migration, stepsDone: number): Promise<void> {
  const { number, name, digest, additive, steps } = migration;
  await client.query(
    `merge into hub_migration m using (select $4::integer as number) n on m.number = n.number
     when matched then update set digest = $1, applied_at = now(), statements = $2, additive = $5, steps_done = $6, finished = $7
     when not matched then insert (digest, applied_at, statements, name, number, additive, steps_done, finished)
       values ($1, now(), $2, $3, $4, $5, $6, $7)`,
    [digest, statementsOf(migration, stepsDone), name, number, additive, stepsDone, stepsDone === steps.length],
  );
}

async function checkColumns(client: pg.ClientBase, catalog: Catalog): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select table_name || '.' || column_name as name from information_schema.columns where table_schema = current_schema()`,
  );
  const there = new Set(rows.map(({ name }) => name));
  const missing = columnNames(catalog).filter(name => !there.has(name));
  if (!missing.length) return;
  const [first, more] = [missing.slice(0, 3).join(', '), missing.length > 3 ? ` and ${missing.length - 3} more` : ''];
  throw new MigrationError(
    `No migration makes ${first}${more}, which the declarations ask for: run \`npm run schema\` and commit schema/migrations`,
  );
}
