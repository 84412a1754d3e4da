/** The tables and what writes to them: for the hub, and for commands that need nothing else of it. */
import pino, { type Logger } from 'pino';
import type { Adapter } from '../../adapters/kit/contract.ts';
import { type Catalog, makeCatalog } from '../catalog/catalog.ts';
import { type Config, ConfigError } from '../config.ts';
import { errorFacts } from '../domain/error-facts.ts';
import { findAdapters } from '../ingest/find-adapters.ts';
import { Store } from '../store/apply.ts';
import { Database } from '../store/database.ts';
import { Identity } from '../store/identity.ts';
import { demandKeyOutside, IdentityKeyError, openIdentityKey } from '../store/identity-key.ts';
import { keyedRecords } from '../store/keyed-records.ts';
import { MigrationError } from '../store/migration-file.ts';
import { applyMigrations, migrationsFolder } from '../store/migrations.ts';
import { databaseChannel, demandPrivate } from './channels.ts';

/** The store with what it needs, for the hub and for commands that only work on the tables. */
export interface OpenStore {
  readonly catalog: Catalog;
  readonly adapters: readonly Adapter[];
  readonly database: Database;
  readonly store: Store;
  /** Agency code of the hosting town. */
  readonly town: string;
  readonly log: Logger;
}

export const makeLog = (level: Config['hubLogLevel']): Logger =>
  pino({ level, base: { service: 'outpost-hub' } }, pino.destination({ fd: 2, sync: true }));

export async function openStore(config: Config, log: Logger, adapters?: readonly Adapter[]): Promise<OpenStore> {
  demandPrivate([databaseChannel(config)], config);
  const known = adapters ?? chosen(await findAdapters(), config.hubAgencies);
  const catalog = makeCatalog(known);
  const onWait = (why: string) => log.warn({ why }, 'migrations wait');
  const url = config.databaseUrl;
  // While the key lies in the database nothing is changed there, so that the version before could still start.
  await demandKeyOutside(url).catch(refuse);
  const { applied, newer } = await applyMigrations(url, catalog, migrationsFolder, onWait).catch(refuse);
  if (applied.length) log.info({ applied }, 'migrations were applied');
  if (newer.length) log.warn({ newer }, 'the database has newer migrations, which are additive');
  const key = await openIdentityKey(url, config.hubIdentityKey, keyedRecords(catalog)).catch(refuse);
  const database = new Database(url, {
    connections: config.hubDatabaseConnections,
    onError: error => log.warn({ error: errorFacts(error) }, 'a database connection was lost'),
  });
  const guard = { share: config.hubRemovalGuardPercent / 100, atLeast: config.hubRemovalGuardAtLeast };
  const store = new Store(database, catalog, new Identity(key), guard);
  return { catalog, adapters: known, database, store, town: config.hubTown, log };
}

/** Ends a start, or a command, by what the operator should know. */
export function refuse(error: unknown): never {
  throw forTheOperator(error);
}

/**
 * One sentence where the operator can act: a database that does not answer or refuses the password is a matter of
 * settings, and migrations that cannot be applied are one of the version that was chosen.
 */
function forTheOperator(error: unknown): unknown {
  if (error instanceof MigrationError || error instanceof IdentityKeyError) return new ConfigError(error.message);
  const code = String((error as { code?: unknown }).code);
  if (!/^(ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|28P01|28000|3D000)$/.test(code)) return error;
  return new ConfigError(
    `DATABASE_URL should be the URL of a PostgreSQL database that answers; this one does not (${code})`,
  );
}

/** The adapters that the setting names; all of them without it. */
export function chosen(adapters: readonly Adapter[], codes: string | undefined): readonly Adapter[] {
  if (!codes) return adapters;
  return codes.split(',').map(code => {
    const adapter = adapters.find(a => a.agency.code === code.trim());
    if (adapter) return adapter;
    throw new ConfigError(
      `HUB_AGENCIES should be codes among ${adapters.map(a => a.agency.code).join(', ')}; ${code.trim()} is none`,
    );
  });
}
