/** Everything that the demo runs: a database, five agency systems and an identity provider as processes, the hub. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ProviderProcess } from '../../seeds/identity-provider/provider-process.ts';
import { readReference } from '../../seeds/reference/read-reference.ts';
import { SystemProcess } from '../../seeds/systems/system-process.ts';
import { ConfigError, readConfig } from '../config.ts';
import { type RunningHub, startHub } from '../hub.ts';
import { stateTown } from '../ingest/town.ts';
import { openConnection } from '../store/connections.ts';
import { embeddedPostgresAvailable, startPostgres } from '../store/embedded-postgres.ts';
import { type DemoTokens, demoTokens, trustOf } from './demo-tokens.ts';

export const demoAgencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'] as const;

export interface DemoOptions {
  readonly population: number;
  readonly seed: number;
}
export interface DemoTown {
  readonly hub: RunningHub;
  readonly systems: readonly SystemProcess[];
  readonly tokens: DemoTokens;
  /** The identity provider's address, where all staff can sign in. */
  readonly issuer: string;
  readonly startedAt: number;
  stop(): Promise<void>;
}

interface Cluster {
  /** The hub's own database, empty. */
  readonly hubUrl: string;
  /** Where pretend systems may make databases of their own. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startDemoTown({ population, seed }: DemoOptions): Promise<DemoTown> {
  const startedAt = performance.now();
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end().catch(() => {});
  };
  try {
    const cluster = await openCluster();
    stops.push(() => cluster.stop());
    const identity = ProviderProcess.start();
    stops.push(() => identity.then(provider => provider.stop()));
    const starting = demoAgencies.map(agency => SystemProcess.start({ agency, population, seed }, cluster.url));
    const started = await Promise.allSettled(starting);
    const systems = started.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
    stops.push(() => Promise.all(systems.map(system => system.stop())));
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    const provider = await identity;
    const settings = await Promise.all(systems.map(system => system.environment()));
    const all = Object.assign({}, process.env, trustOf(provider), ...settings, { DATABASE_URL: cluster.hubUrl });
    all.HUB_LOG_LEVEL ??= 'error';
    all.HUB_GRAPHIQL ??= 'true';
    // The town is invented anew, so its audit log begins anew too.
    const proof = mkdtempSync(path.join(tmpdir(), 'outpost-hub-demo-audit-'));
    stops.push(async () => rmSync(proof, { recursive: true, force: true }));
    all.HUB_IDENTITY_KEY ??= path.join(proof, 'identity-key');
    all.HUB_AUDIT_DIR ??= path.join(proof, 'log');
    all.HUB_AUDIT_ROOTS ??= path.join(proof, 'roots');
    all.HUB_AUDIT_ONE_FILE_SYSTEM ??= 'true';
    const hub = await startHub(readConfig(all), all);
    stops.push(() => hub.stop());
    const tokens = await demoTokens(provider);
    await stateTown(hub.store, readReference(), new Date().toISOString());
    for (const system of systems) await system.ask({ do: 'deliver', hubUrl: hub.url });
    return { hub, systems, tokens, issuer: provider.issuer, startedAt, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** DATABASE_URL where it is set (the demo makes databases of its own there), else PostgreSQL from npm. */
async function openCluster(): Promise<Cluster> {
  const given = process.env.DATABASE_URL;
  if (given) return ownDatabase(given);
  if (!embeddedPostgresAvailable()) {
    throw new ConfigError(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}: set DATABASE_URL to a PostgreSQL server where databases may be made`,
    );
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-demo-'));
  // The demo's town is invented and made anew at every start, so its database need not survive a power cut.
  const postgres = await startPostgres({
    dataDir: path.join(folder, 'data'),
    settings: { fsync: 'off', synchronous_commit: 'off', max_wal_size: '2GB' },
  });
  return {
    hubUrl: await postgres.ownDatabase('outpost_hub'),
    url: postgres.url(),
    stop: async () => {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ownDatabase(url: string): Promise<Cluster> {
  const name = `outpost_hub_demo_${process.pid}`;
  const run = async (statement: string) => {
    const client = await openConnection(url);
    await client.query(statement).finally(() => client.end());
  };
  await run(`create database ${name}`);
  const hubUrl = new URL(url);
  hubUrl.pathname = `/${name}`;
  return { hubUrl: hubUrl.href, url, stop: () => run(`drop database if exists ${name} with (force)`) };
}
