/** The composition root: builds every part of the hub, starts it, and stops it in order. */
import { randomBytes } from 'node:crypto';
import pino, { type Logger } from 'pino';
import type { Adapter, AgencySource, Io } from '../adapters/kit/contract.ts';
import { makeAuthenticate } from './access/tokens.ts';
import { makeSchema } from './api/schema.ts';
import { type RunningServer, startServer } from './api/server.ts';
import { type Catalog, makeCatalog } from './catalog/catalog.ts';
import { type Config, ConfigError, type Environment, readAdapterSettings } from './config.ts';
import { errorFacts } from './domain/error-facts.ts';
import { Sequencer } from './feed/sequencer.ts';
import { Tail } from './feed/tail.ts';
import { findAdapters } from './ingest/find-adapters.ts';
import { Health } from './ingest/health.ts';
import { makeLookup } from './ingest/lookup.ts';
import { Puller } from './ingest/pull.ts';
import { Receiver } from './ingest/push.ts';
import { stateAgencies } from './ingest/town.ts';
import { Store } from './store/apply.ts';
import { Database } from './store/database.ts';
import { Identity } from './store/identity.ts';
import { identityKey, migrate } from './store/migrate.ts';

export interface Connected {
  readonly adapter: Adapter;
  readonly source: AgencySource<unknown>;
}

/** The store with what it needs, for the hub and for commands that only work on the tables. */
export interface OpenStore {
  readonly catalog: Catalog;
  readonly adapters: readonly Adapter[];
  readonly database: Database;
  readonly store: Store;
  readonly log: Logger;
}

export const makeLog = (level: Config['hubLogLevel']): Logger =>
  pino({ level, base: { service: 'outpost-hub' } }, pino.destination({ fd: 2, sync: true }));

export async function openStore(config: Config, log: Logger, adapters?: readonly Adapter[]): Promise<OpenStore> {
  const known = adapters ?? chosen(await findAdapters(), config.hubAgencies);
  const catalog = makeCatalog(known);
  const { statements } = await migrate(config.databaseUrl, catalog).catch((error: unknown) => {
    throw unreachable(error) ?? error;
  });
  if (statements.length) log.info({ statements: statements.length }, 'the tables were brought up to date');
  const key = await identityKey(config.databaseUrl, () => randomBytes(32).toString('base64url'));
  const database = new Database(config.databaseUrl, {
    connections: config.hubDatabaseConnections,
    onError: error => log.warn({ error: errorFacts(error) }, 'a database connection was lost'),
  });
  const guard = { share: config.hubRemovalGuardPercent / 100, atLeast: config.hubRemovalGuardAtLeast };
  return { catalog, adapters: known, database, store: new Store(database, catalog, new Identity(key), guard), log };
}

/** A database that does not answer is a matter of settings; so is one that asks for another password. */
function unreachable(error: unknown): ConfigError | null {
  const code = String((error as { code?: unknown }).code);
  if (!/^(ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|28P01|28000|3D000)$/.test(code)) return null;
  return new ConfigError(
    `DATABASE_URL should be the URL of a PostgreSQL database that answers; this one does not (${code})`,
  );
}

function chosen(adapters: readonly Adapter[], codes: string | undefined): readonly Adapter[] {
  if (!codes) return adapters;
  return codes.split(',').map(code => {
    const adapter = adapters.find(a => a.agency.code === code.trim());
    if (adapter) return adapter;
    throw new ConfigError(
      `HUB_AGENCIES should be codes among ${adapters.map(a => a.agency.code).join(', ')}; ${code.trim()} is none`,
    );
  });
}

const io: Io = { fetch: globalThis.fetch, now: () => new Date() };
export const connect = (adapter: Adapter, environment: Environment): Connected => ({
  adapter,
  source: adapter.connect(readAdapterSettings(adapter, environment) as never, io),
});

export interface RunningHub {
  readonly url: string;
  readonly health: Health;
  readonly store: Store;
  readonly adapters: readonly Adapter[];
  /** Ends every connection and waits for what is under way. */
  stop(): Promise<void>;
}

export async function startHub(
  config: Config,
  environment: Environment,
  adapters?: readonly Adapter[],
): Promise<RunningHub> {
  const log = makeLog(config.hubLogLevel);
  const opened = await openStore(config, log, adapters);
  const { catalog, database, store } = opened;
  const stops: (() => Promise<unknown>)[] = [() => database.close()];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) {
      await end().catch((error: unknown) => log.warn({ error: errorFacts(error) }, 'a part did not stop in order'));
    }
  };
  try {
    const agencies = opened.adapters.map(adapter => connect(adapter, environment));
    stops.push(() => Promise.all(agencies.map(({ source }) => source.close?.())));
    await stateAgencies(store, opened.adapters);

    const sequencer = new Sequencer(database, { pollMs: config.hubSequencerPollMs, electionMs: 500 }, error =>
      log.error({ error: errorFacts(error) }, 'sequencing failed'),
    );
    const tail = new Tail(database, { kept: config.hubFeedKept, pageSize: 500, pollMs: 1_000 }, error =>
      log.error({ error: errorFacts(error) }, 'following the feed failed'),
    );
    sequencer.start();
    stops.push(() => sequencer.stop());
    await tail.start();
    stops.push(() => tail.stop());

    const health = new Health(database);
    const onChanges = () => sequencer.wake();
    const lookup = makeLookup(agencies, config.hubLookupDeadlineMs);
    const receivers = new Map(
      agencies
        .filter(({ source }) => source.push)
        .map(({ adapter, source }) => [
          adapter.agency.code,
          new Receiver({ adapter, source, store, health, onChanges }),
        ]),
    );
    const hub = {
      catalog,
      identity: store.identity,
      read: database.read,
      lookup,
      freshness: () => health.list(),
      tail,
    };
    const server: RunningServer = await startServer(
      {
        schema: makeSchema(catalog, opened.adapters),
        hub,
        authenticate: makeAuthenticate({
          keys: config.hubTokenKeys,
          issuer: config.hubTokenIssuer,
          audience: config.hubTokenAudience,
        }),
        receivers,
        checkReady: async () => void (await database.read('select 1', [])),
        limits: {
          depth: config.hubDepthLimit,
          fields: config.hubFieldLimit,
          tokens: config.hubTokenLimit,
          bodyBytes: config.hubBodyBytes,
          pushBytes: config.hubPushBytes,
        },
        log,
      },
      { host: config.hubHost, port: config.hubPort },
    ).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      throw new ConfigError(`HUB_PORT should be a port that is free; ${config.hubPort} is in use`);
    });
    stops.push(() => server.stop());

    const limits = {
      pageSize: config.hubPageSize,
      deadlineMs: config.hubPageDeadlineMs,
      pauseMs: config.hubRetryPauseMs,
      longestPauseMs: config.hubLongestPauseMs,
    };
    const pullers = agencies
      .filter(({ source }) => source.changes)
      .map(({ adapter, source }) => new Puller({ adapter, source, store, health, limits, log, onChanges }));
    for (const puller of pullers) puller.start();
    stops.push(() => Promise.all(pullers.map(puller => puller.stop())));
    log.info({ url: server.url, agencies: agencies.map(a => a.adapter.agency.code) }, 'the hub is open');
    return { url: server.url, health, store, adapters: opened.adapters, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
