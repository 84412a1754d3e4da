/** The composition root: builds every part of the hub, starts it, and stops it in order. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Adapter, AgencySource, Io } from '../adapters/kit/contract.ts';
import { CostBudgets } from './access/cost-budgets.ts';
import type { Principal } from './access/principal.ts';
import type { Purposes } from './access/purposes.ts';
import { SharingGrants } from './access/sharing.ts';
import { makeAuthenticate } from './access/tokens.ts';
import { AdmissionControl } from './api/admission/admission-control.ts';
import { type StoredOperation, StoredOperations } from './api/admission/stored-operations.ts';
import { CompiledAnswers } from './api/queries/compiled-answers.ts';
import { noteRefusedRequest } from './api/request/noted-acts.ts';
import { PersonQuotas, type QuotaSettings } from './api/request/person-quotas.ts';
import { Readers } from './api/request/readers.ts';
import { UnmaskService } from './api/request/unmask-service.ts';
import { makeSchema } from './api/schema/schema.ts';
import type { TlsFiles } from './api/transport/client-certificate.ts';
import { type RunningServer, startServer } from './api/transport/server.ts';
import type { RunningAudit } from './audit/open-audit.ts';
import { snake } from './catalog/catalog.ts';
import { type Config, type Environment, readAdapterSettings } from './config.ts';
import { errorFacts } from './domain/error-facts.ts';
import type { SealingOrder } from './domain/sealing-order.ts';
import { ExportTickets } from './export/export-tickets.ts';
import { serveExports } from './export/serve-exports.ts';
import { Cursors } from './feed/cursors.ts';
import { Sequencer } from './feed/sequencer.ts';
import { Tail } from './feed/tail.ts';
import { addressesOf, channelsOf, demandKnownNames, demandPrivate } from './hub/channels.ts';
import { demandFreePort, portTaken } from './hub/free-port.ts';
import { chosen, makeLog, openStore } from './hub/open-store.ts';
import { followSessions, tokenSettings } from './hub/sign-in.ts';
import { auditSettings, auditWarnings, noteWritten, startAudit } from './hub/start-audit.ts';
import { startPurposes } from './hub/start-purposes.ts';
import { watchSigns } from './hub/watch-signs.ts';
import { boundedFetch, fetchWithin } from './ingest/bounded-fetch.ts';
import { findAdapters } from './ingest/find-adapters.ts';
import { Health } from './ingest/health.ts';
import { makeLookup } from './ingest/lookup.ts';
import { Puller } from './ingest/pull.ts';
import { Receiver } from './ingest/push.ts';
import { stateAgencies } from './ingest/town.ts';
import { within } from './ingest/within.ts';
import { Batches } from './query/batches.ts';
import { type PlaceLimits, ReadPlaces } from './query/read-places.ts';
import { StreamReads } from './query/stream-reads.ts';
import { TableSizes } from './query/table-sizes.ts';
import type { Store } from './store/apply.ts';
import { cursorKey } from './store/cursor-key.ts';
import { ReaderDays } from './store/reader-days.ts';
import { hasSealingOrder, writeSealingOrder } from './store/sealing-orders.ts';

export interface Connected {
  readonly adapter: Adapter;
  readonly source: AgencySource<unknown>;
}

/** A page of the largest agency is 4 MB. */
const largestAnswerBytes = 64_000_000;
export function connect(adapter: Adapter, environment: Environment): Connected {
  const addresses = addressesOf(adapter, environment).flatMap(([, protocol, value]) =>
    protocol === 'http' ? [value] : [],
  );
  const fetch = boundedFetch(fetchWithin(globalThis.fetch, addresses), largestAnswerBytes);
  const io: Io = { fetch, now: () => new Date() };
  const source = adapter.connect(readAdapterSettings(adapter, environment) as never, io);
  // A promise would look like a source that can do nothing.
  if (Object(source) !== source || 'then' in source)
    throw new Error(
      `connect of the adapter ${adapter.agency.code} should return its source, and neither a promise nor nothing`,
    );
  return { adapter, source };
}

/** The list is generated beside the schema and shipped with it. */
const operationsFile = new URL('../schema/operations.json', import.meta.url);
const queriesFile = new URL('../schema/queries.json', import.meta.url);

function makeAdmissionControl(
  schema: ReturnType<typeof makeSchema>,
  config: Config,
  sizes: TableSizes,
  { refusals }: RunningAudit,
): AdmissionControl {
  const stored = JSON.parse(readFileSync(operationsFile, 'utf8')) as readonly StoredOperation[];
  const budgets = new CostBudgets(config.hubBudgetPrincipals, () => performance.now());
  const settings = {
    storedOperations: config.hubStoredOperations,
    introspection: config.hubIntrospection,
    budgetFactor: config.hubBudgetFactor,
  };
  const onRefused = (principal: Principal, error: unknown) => noteRefusedRequest(refusals, principal, error);
  return new AdmissionControl(schema, new StoredOperations(stored), budgets, settings, sizes, onRefused);
}

/** Ready-made queries, by the names of their files. */
function savedQueries() {
  const stored = JSON.parse(readFileSync(queriesFile, 'utf8')) as readonly StoredOperation[];
  return new Map(stored.map(({ name, text }) => [snake(name).replaceAll('_', '-'), text]));
}

const tlsOf = ({ hubTlsCert: cert, hubTlsKey: key, hubPushClientCa }: Config): TlsFiles | null =>
  cert && key ? { cert, key, pushClientCa: hubPushClientCa ?? null } : null;

const quotaSettings = (config: Config): QuotaSettings => ({
  persons: config.hubPersonsPerDay,
  unmasked: config.hubUnmasksPerDay,
  misses: config.hubMissesPerDay,
});

/** At least one connection is left to light reads, unless there is only one. */
const placesOf = (config: Config, connections: number): PlaceLimits => ({
  places: connections,
  perReader: config.hubReadsPerReader,
  heavy: Math.max(1, Math.min(config.hubHeavyReads, connections - 1)),
  waiting: config.hubWaitingReads,
  waitMs: config.hubReadWaitMs,
});

export interface RunningHub {
  readonly url: string;
  readonly health: Health;
  readonly store: Store;
  readonly tail: Tail;
  readonly feed: RunningServer['feed'];
  readonly sizes: TableSizes;
  readonly adapters: readonly Adapter[];
  /** Which purposes hold. A change in a register is known within a second, or after `refresh`. */
  readonly purposes: Pick<Purposes, 'refresh'>;
  /** Ends every connection and waits for running work. */
  stop(): Promise<void>;
}

export async function startHub(
  config: Config,
  environment: Environment,
  adapters?: readonly Adapter[],
): Promise<RunningHub> {
  const log = makeLog(config.hubLogLevel);
  const known = adapters ?? chosen(await findAdapters(), config.hubAgencies);
  // A wrong setting stops the start before anything is opened or changed.
  const channels = channelsOf(config, known, environment);
  demandKnownNames(channels, config);
  for (const { name: channel, variable, passes } of demandPrivate(channels, config))
    log.warn({ channel, variable, passes }, 'a channel is not private');
  auditSettings(config);
  await demandFreePort(config);
  const opened = await openStore(config, log, known);
  const { catalog, database, store } = opened;
  const stops: (() => Promise<unknown>)[] = [() => database.close()];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) {
      await end().catch((error: unknown) => log.warn({ error: errorFacts(error) }, 'a part did not stop in order'));
    }
  };
  try {
    const audit = await startAudit(config, log);
    stops.push(audit.stop);
    store.onWritten = page => noteWritten(audit, page, log);
    const agencies = opened.adapters.map(adapter => connect(adapter, environment));
    const close = ({ source }: Connected) => within(config.hubCloseDeadlineMs, () => source.close?.());
    stops.push(() => Promise.all(agencies.map(close)));
    await stateAgencies(store, opened.adapters);

    const numbering = {
      pollMs: config.hubSequencerPollMs,
      electionMs: 500,
      keepMs: config.hubFeedKeepHours * 3_600_000,
    };
    const sequencer = new Sequencer(database, numbering, error =>
      log.error({ error: errorFacts(error) }, 'sequencing failed'),
    );
    const tail = new Tail(database, { kept: config.hubFeedKept, pageSize: 500, pollMs: 1_000 }, error =>
      log.error({ error: errorFacts(error) }, 'following the feed failed'),
    );
    sequencer.start();
    stops.push(() => sequencer.stop());
    await tail.start();
    stops.push(() => tail.stop());

    const grants = new SharingGrants(database.read, error =>
      log.error({ error: errorFacts(error) }, 'reading sharing grants failed'),
    );
    await grants.start();
    stops.push(async () => grants.stop());
    const { purposes, sealing, ...stating } = await startPurposes(opened, grants, log);
    stops.push(async () => stating.stop());

    const sessions = await followSessions(config, database, log);
    stops.push(sessions.stop);
    const days = new ReaderDays(database, error =>
      log.error({ error: errorFacts(error) }, 'forgetting what readers saw on earlier days failed'),
    );
    const unmasking = new UnmaskService(database, error =>
      log.error({ error: errorFacts(error) }, 'reading unmask grants failed'),
    );
    await unmasking.start();
    stops.push(unmasking.stop);

    const signs = watchSigns(config, opened, log, agency => health.emit('note', agency));
    stops.push(signs.stop);
    const health: Health = new Health(database, signs.of);
    const onChanges = () => sequencer.wake();
    const lookup = makeLookup(agencies, config.hubLookupDeadlineMs);
    const pages = {
      deadlineMs: config.hubPageDeadlineMs,
      bounds: { items: config.hubPageItems, bytes: config.hubPageBytes },
    };
    const receivers = new Map(
      agencies.flatMap(({ adapter, source: { push: reader } }) =>
        reader
          ? [[adapter.agency.code, new Receiver({ adapter, reader, store, health, limits: pages, onChanges })] as const]
          : [],
      ),
    );
    const schema = makeSchema(catalog, opened.adapters);
    const sizes = new TableSizes(catalog, database.read, error =>
      log.error({ error: errorFacts(error) }, 'reading the sizes of tables failed'),
    );
    await sizes.start();
    stops.push(async () => sizes.stop());
    const admissionControl = makeAdmissionControl(schema, config, sizes, audit);
    const exportTickets = new ExportTickets(schema);
    const readers = new Readers(makeAuthenticate(tokenSettings(config, sessions.ended, log)), purposes, audit.refusals);
    const quotas = new PersonQuotas(audit, days, quotaSettings(config));
    const snapshotsOver = (connections: number, statementTimeoutMs: number) => {
      const { hubAnswerBytes: bytes, hubPreparedStatements: prepared } = config;
      const made = database.snapshots({ connections, statementTimeoutMs, bytes, prepared });
      stops.push(() => made.close());
      return made;
    };
    const snapshots = snapshotsOver(config.hubReadConnections, config.hubStatementTimeoutMs);
    const streamSnapshots = snapshotsOver(config.hubStreamConnections, config.hubFilterTimeoutMs);
    const batchLimits = { plans: config.hubBatchPlans, rows: config.hubAnswerRows };
    const hub = {
      catalog,
      batches: new Batches(snapshots, batchLimits, new ReadPlaces(placesOf(config, config.hubReadConnections))),
      identity: store.identity,
      read: database.read,
      lookup,
      freshness: () => health.list(),
      tail,
      cursors: new Cursors(await cursorKey(config.databaseUrl, () => randomBytes(32).toString('base64url'))),
      streams: new StreamReads(
        streamSnapshots,
        new ReadPlaces(placesOf(config, config.hubStreamConnections)),
        batchLimits,
      ),
      town: config.hubTown,
      audit: { log: audit.log, policy: audit.policy, refusals: audit.refusals, quotas },
      purposes,
      hasSealingOrder: (number: string, subject: string) => hasSealingOrder(database, number, subject),
      orderSealing: async (order: SealingOrder, by: string) => {
        const isNew = await writeSealingOrder(database, order, by);
        await sealing.refresh();
        return isNew;
      },
      budgetFactor: config.hubBudgetFactor,
      testedPersons: config.hubTestedPersons,
      exports: exportTickets,
      grants: () => grants.current(),
      unmasking,
      ended: sessions.ended,
      endSession: sessions.end,
    };
    const answers = new CompiledAnswers(schema, log);
    const server: RunningServer = await startServer(
      {
        schema,
        answers,
        admissionControl,
        serveMore: (app, pipeline) =>
          serveExports(app, {
            ...{ schema, answers, hub, admissionControl, tickets: exportTickets, pipeline, log },
            queries: savedQueries(),
          }),
        trustedProxies: config.hubTrustedProxies,
        origins: new Set(config.hubOrigins),
        graphiql: config.hubGraphiql,
        hub,
        readers,
        receivers,
        checkReady: async () => {
          sessions.demandCurrent();
          await database.read('select 1', []);
        },
        warnings: () => auditWarnings(audit),
        limits: {
          bodyBytes: config.hubBodyBytes,
          pushBytes: config.hubPushBytes,
          deliveries: config.hubDeliveries,
          connections: config.hubConnections,
          headersTimeoutMs: config.hubHeadersTimeoutMs,
          requestTimeoutMs: config.hubRequestTimeoutMs,
        },
        socketLimits: {
          total: config.hubSockets,
          perAddress: config.hubSocketsPerAddress,
          initMs: config.hubSocketInitMs,
          pingMs: config.hubSocketPingMs,
          frameBytes: config.hubFrameBytes,
          framesPerSecond: config.hubFramesPerSecond,
        },
        feedLimits: {
          budgetBytes: config.hubUnreadBytes,
          strikes: config.hubRelapses,
          windowSize: 1_000,
          boardRows: config.hubBoardRows,
        },
        drainMs: config.hubDrainMs,
        tls: tlsOf(config),
        log,
      },
      { host: config.hubHost, port: config.hubPort },
    ).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      throw portTaken(config.hubPort);
    });
    stops.push(() => server.stop());

    const limits = {
      ...pages,
      pageSize: config.hubPageSize,
      pauseMs: config.hubRetryPauseMs,
      maxPauseMs: config.hubLongestPauseMs,
    };
    const pullers = agencies
      .filter(({ source }) => source.changes)
      .map(({ adapter, source }) => new Puller({ adapter, source, store, health, limits, log, onChanges }));
    for (const puller of pullers) puller.start();
    stops.push(() => Promise.all(pullers.map(puller => puller.stop())));
    log.info({ url: server.url, agencies: agencies.map(a => a.adapter.agency.code) }, 'the hub is open');
    return {
      url: server.url,
      health,
      store,
      tail,
      feed: server.feed,
      sizes,
      adapters: opened.adapters,
      purposes,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
