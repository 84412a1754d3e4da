/** The contenders: how each is started, and how requests are sent to it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { identityKeyFile } from '../support/identity-key-file.ts';
import { project } from '../support/source-imports.ts';
import { manyPersons } from '../support/test-purposes.ts';
import { makeTokenIssuer } from '../support/token-issuer.ts';
import type { ContenderTask } from './contender-task.ts';
import { cores, pinned } from './process-tree.ts';
import { benchIdentityKey } from './town-database.ts';
import { type Workload, workloads } from './workload.ts';

export const contenderNames = ['hub', 'limit', 'postgraphile', 'byTheBook'] as const;
export type ContenderName = (typeof contenderNames)[number];

/** The number of connections is the same for all contenders. */
const databaseConnections = 8;
const startDeadlineMs = 60_000;
const peers = path.join(import.meta.dirname, 'peers');

export interface RunningContender {
  readonly name: ContenderName;
  readonly pid: number;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Makes a token of another reader of the same kind; undefined for contenders that need no token. */
  readonly anotherToken?: (claims: Readonly<Record<string, string>>) => Promise<string>;
  stop(): Promise<void>;
}

interface Start {
  readonly entry: string;
  /** The flags of Node. */
  readonly flags?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly headers?: RunningContender['headers'];
  readonly anotherToken?: RunningContender['anotherToken'];
  readonly folder?: string;
}

const starts: Readonly<Record<ContenderName, (databaseUrl: string) => Promise<Start>>> = {
  hub: async databaseUrl => {
    const { environment, token } = await makeTokenIssuer();
    const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-bench-'));
    const authorization = `Bearer ${await token({ sub: 'bench', role: 'clerk' })}`;
    return {
      entry: 'test/load/hub-server.ts',
      flags: startFlags(),
      environment: {
        ...environment,
        DATABASE_URL: databaseUrl,
        HUB_PORT: '0',
        HUB_LOG_LEVEL: 'warn',
        HUB_DATABASE_CONNECTIONS: String(databaseConnections),
        ...identityKeyFile(benchIdentityKey),
        HUB_AUDIT_DIR: path.join(folder, 'log'),
        HUB_AUDIT_ROOTS: path.join(folder, 'roots'),
        // One reader sends as many requests as a hall, and budgets are not what is measured.
        HUB_BUDGET_FACTOR: '1000',
        HUB_READS_PER_READER: '8',
        HUB_HEAVY_READS: '8',
        ...manyPersons,
        HUB_SOCKETS: '10000',
        HUB_SOCKETS_PER_ADDRESS: '10000',
        HUB_CONNECTIONS: '10000',
      },
      headers: { authorization, 'x-purpose': 'task:test' },
      anotherToken: token,
      folder,
    };
  },
  limit: async () => ({ entry: 'test/load/limit-server.ts', environment: {} }),
  postgraphile: async () => ({
    entry: 'test/load/peers/postgraphile.ts',
    environment: { GRAPHILE_ENV: 'production' },
  }),
  byTheBook: async () => ({ entry: 'test/load/peers/by-the-book.ts', environment: {} }),
};

/** The flags with which `npm start` runs the hub. */
export function startFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8'));
  return (scripts.start as string).split(' ').filter(word => word.startsWith('--'));
}

/** The peers are a package of their own, so that users of the hub never install them. */
export function installPeers(): void {
  const installed = path.join(peers, 'node_modules/.package-lock.json');
  const lock = path.join(peers, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error('Installing the peers (once) ...');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: peers, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('`npm ci` failed in test/load/peers: without them give --contenders hub,limit');
}

export async function startContender(
  name: ContenderName,
  databaseUrl: string,
  catalog: Catalog,
): Promise<RunningContender> {
  const { entry, flags = [], environment, headers = {}, anotherToken, folder } = await starts[name](databaseUrl);
  const task: ContenderTask = {
    databaseUrl,
    connections: databaseConnections,
    statements: name === 'limit' ? Object.fromEntries(workloads.map(w => [w.name, w.statement(catalog)])) : {},
  };
  const [command, args] = pinned(cores.server, process.execPath, [...flags, 'bin/run.mjs', entry]);
  const env = { PATH: process.env.PATH, NODE_ENV: 'production', ...environment, BENCH_TASK: JSON.stringify(task) };
  const child = spawn(command, args, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const port = await portOf(child, name);
  return {
    name,
    pid: child.pid!,
    port,
    headers,
    anotherToken,
    stop: async () => {
      const gone = new Promise(resolve => child.once('close', resolve));
      child.kill('SIGTERM');
      const killTimer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(killTimer);
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function portOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = () => {
      child.kill('SIGKILL');
      reject(new Error(`${name} did not start: ${said.slice(-4000)}`));
    };
    const deadline = setTimeout(fail, startDeadlineMs);
    child.once('close', fail);
    const hear = (chunk: Buffer) => {
      said += chunk;
      const port = /^READY (\d+)$/m.exec(said)?.[1];
      if (!port) return;
      clearTimeout(deadline);
      child.off('close', fail);
      resolve(Number(port));
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
  });
}

/** The body of a request, and its path. */
export function requestOf({ name }: RunningContender, catalog: Catalog, workload: Workload, variables: object) {
  if (name === 'limit') return { path: `/${workload.name}`, body: JSON.stringify(variables) };
  return { path: '/graphql', body: JSON.stringify({ query: workload.document(name, catalog), variables }) };
}

/** A complete HTTP request, for the request loop. */
export function wholeRequest(contender: RunningContender, { path: to, body }: { path: string; body: string }): string {
  const headers = {
    host: `127.0.0.1:${contender.port}`,
    accept: 'application/json',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...contender.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${to} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
