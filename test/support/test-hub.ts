/** A whole hub for a test: a database cloned from a migrated template, a random port, tokens, and pretend systems. */
import { hash } from 'node:crypto';
import type { Adapter } from '../../adapters/kit/contract.ts';
import { readReference } from '../../seeds/reference/read-reference.ts';
import type { FaultRates, PretendSystem, StartSystem } from '../../seeds/systems/pretend-system.ts';
import { makeTownship } from '../../seeds/township/township.ts';
import { makeCatalog } from '../../src/catalog/catalog.ts';
import { HallClient } from '../../src/cli/hall-client.ts';
import { readConfig } from '../../src/config.ts';
import { type RunningHub, startHub } from '../../src/hub.ts';
import { findAdapters } from '../../src/ingest/find-adapters.ts';
import type { Freshness } from '../../src/ingest/health.ts';
import { stateTown } from '../../src/ingest/town.ts';
import { createTables } from './create-tables.ts';
import { clonedDatabase } from './database.ts';
import { manyPersons, registerTasks, testTask } from './test-purposes.ts';
import { makeTestTokens } from './test-tokens.ts';

/** A server that is named for the tests holds invented persons only, so it may be anywhere. */
export const plainTestDatabase: Readonly<Record<string, string>> = process.env.TEST_DATABASE_URL
  ? { HUB_PLAIN_CHANNELS: 'database' }
  : {};

export interface TestHubOptions {
  /** Codes of agencies whose pretend systems are started and connected. */
  readonly agencies?: readonly string[];
  readonly population?: number;
  readonly seed?: number;
  readonly faults?: FaultRates;
  readonly faultless?: boolean;
  /** Systems that do not answer from the start, by agency. */
  readonly outages?: Readonly<Record<string, 'refuse' | 'hang'>>;
  /** Settings of the hub in addition to the usual ones. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the town's reference data is loaded; it is not needed by most tests of ingest. */
  readonly reference?: boolean;
  /** Tasks that readers in the test may state, in addition to `test`. */
  readonly tasks?: readonly string[];
  /** Adapters that replace those found in adapters/. */
  readonly adapters?: readonly Adapter[];
}

export interface TestHub {
  readonly hub: RunningHub;
  readonly environment: Readonly<Record<string, string>>;
  readonly systems: ReadonlyMap<string, PretendSystem>;
  readonly clerk: HallClient;
  readonly analyst: HallClient;
  /** A client of the commerce agency's integrator. */
  readonly integrator: HallClient;
  readonly anybody: HallClient;
  /** Tokens of the clients above, for requests that those clients cannot make. */
  readonly tokens: Readonly<Record<'clerk' | 'analyst' | 'integrator', string>>;
  /** Resolves when the agency's health fits; it checks again whenever the health has changed. */
  healthOf(agency: string, fits: (health: Freshness) => boolean): Promise<Freshness>;
  /** Resolves when every connected agency has sent everything. */
  synchronised(): Promise<void>;
  /** Stops only the hub; the agency systems keep running. */
  stopHub(): Promise<void>;
  stop(): Promise<void>;
}

/** An empty database with the tables of these adapters. */
export async function hubDatabase(adapters: readonly Adapter[]) {
  // Two adapters of one agency may declare different kinds of record.
  const kinds = adapters.flatMap(a => a.records.map(({ name, fields }) => [name, ...Object.keys(fields)]));
  const digest = hash('sha256', JSON.stringify(kinds), 'hex').slice(0, 8);
  const name = `hub_${adapters.map(a => a.agency.code.slice(0, 3)).join('') || 'none'}_${digest}`;
  return clonedDatabase(name, async url => {
    await createTables(url, makeCatalog(adapters));
    await registerTasks(url, [testTask]);
  });
}

export async function startSystem(agency: string, options: Parameters<StartSystem>[0]): Promise<PretendSystem> {
  const { default: start } = (await import(`../../seeds/systems/${agency}/system.ts`)) as { default: StartSystem };
  return start(options);
}

export async function startTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  const { agencies = [], population = 600, seed = 1, faults, faultless } = options;
  const adapters = options.adapters ?? (await findAdapters()).filter(a => agencies.includes(a.agency.code));
  const database = await hubDatabase(adapters);
  await registerTasks(database.url, options.tasks ?? []);
  const town = makeTownship({ population, seed });
  const postgresUrl = process.env.TEST_POSTGRES_URL;
  const systems = new Map<string, PretendSystem>();
  for (const agency of agencies)
    systems.set(agency, await startSystem(agency, { town, seed, faults, faultless, postgresUrl }));
  for (const [agency, outage] of Object.entries(options.outages ?? {})) systems.get(agency)!.setOutage(outage);
  const { tokens, environment: trust } = await makeTestTokens();
  const environment = {
    HUB_PORT: '0',
    HUB_LOG_LEVEL: 'silent',
    HUB_DATABASE_CONNECTIONS: '6',
    HUB_RETRY_PAUSE_MS: '50',
    HUB_DRAIN_MS: '50',
    // Tests send requests faster than people do; the tests of budgets are in contracts/attacks.
    HUB_BUDGET_FACTOR: '1000',
    // Tests also look at more persons than a window does; the tests of quotas set their own limits.
    ...manyPersons,
    ...trust,
    ...Object.assign({}, ...[...systems.values()].map(system => system.environment)),
    DATABASE_URL: database.url,
    ...plainTestDatabase,
    ...options.environment,
  };
  const hub = await startHub(readConfig(environment), environment, adapters);
  if (options.reference) {
    await stateTown(hub.store, readReference(), '2026-11-23');
    await hub.purposes.refresh();
  }
  for (const system of systems.values()) system.deliverTo?.(hub.url);

  const healthOf = (agency: string, fits: (health: Freshness) => boolean) =>
    new Promise<Freshness>((resolve, reject) => {
      const look = async () => {
        const health = (await hub.health.list()).get(agency);
        if (!health || !fits(health)) return;
        hub.health.off('note', onNote);
        resolve(health);
      };
      const onNote = () => void look().catch(reject);
      hub.health.on('note', onNote);
      onNote();
    });
  let hubRuns = true;
  const stopHub = async () => {
    if (hubRuns) await hub.stop();
    hubRuns = false;
  };
  return {
    hub,
    environment,
    systems,
    clerk: new HallClient(hub.url, tokens.clerk, `task:${testTask}`),
    analyst: new HallClient(hub.url, tokens.analyst),
    integrator: new HallClient(hub.url, tokens.integrator),
    anybody: new HallClient(hub.url, null),
    tokens,
    healthOf,
    synchronised: async () => {
      for (const [agency, system] of systems) {
        await system.drained?.();
        await healthOf(agency, health => health.caughtUpAt !== null);
      }
    },
    stopHub,
    stop: async () => {
      await stopHub();
      for (const system of systems.values()) await system.stop();
      await database.drop();
    },
  };
}
