import { randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { createServer, Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { openConnection } from './connections.ts';
import { findPostgresPackage, postgresBinaries } from './postgres-binaries.ts';
import {
  createData,
  dataFolderUser,
  findLockPid,
  findServerOver,
  holdsData,
  isStopping,
  readPassword,
  removeStaleLock,
  superuser,
  workingFolder,
} from './postgres-data-folder.ts';
import { type SystemUser, spawnWatched, type WatchedProcess } from './watched-process.ts';

/** A running PostgreSQL server of this process; it stops when this process ends, in whatever way. */
export interface Postgres {
  readonly port: number;
  /** Process id of the server's main process. */
  readonly pid: number;
  /** Connection address of a database, `postgres` unless named, for the superuser. */
  url(database?: string): string;
  /** Makes a role that owns a new database of its name and has no other right; resolves to its connection address. */
  ownDatabase(role: string): Promise<string>;
  /** Disconnects all clients, writes everything to disk and ends the server. May be called twice. */
  stop(): Promise<void>;
}

/** Server settings by name, as in postgresql.conf. */
export type PostgresSettings = Record<string, string | number>;

/** For data that may be lost, as in tests: fast, and lost when the machine stops. */
export const throwAwaySettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Every test file opens pools of its own.
  max_connections: 300,
} as const satisfies PostgresSettings;

const startDeadlineMs = 60_000;
/** Time within which a server notices that its parent was killed. */
const noticeMs = 1_000;
/** Time within which it then writes what it holds in memory to disk. */
const closeGraceMs = 60_000;
const closePollMs = 25;
const startAttempts = 5;

/** Whether this platform has an embedded PostgreSQL; where not, a server must be named in DATABASE_URL. */
export function embeddedPostgresAvailable(): boolean {
  return process.platform === 'linux' && findPostgresPackage() !== null;
}

/**
 * Starts PostgreSQL over a data folder, which is filled first when it is empty or absent, and waits until it is ready.
 *
 * Listens on 127.0.0.1 only, on a free port; everybody needs a password (scram). The superuser's, `hub`, is in a file of the
 * data folder that only the folder's user can read.
 *
 * @throws Error when a running server has the folder already, when the folder belongs to another user or holds
 *   something else, and when the server does not start; the message has what the server said
 */
export async function startPostgres(options: { dataDir: string; settings?: PostgresSettings }): Promise<Postgres> {
  const dataDir = path.resolve(options.dataDir);
  const settings = options.settings ?? {};
  const user = dataFolderUser(dataDir);
  const binDir = path.join(postgresBinaries(user !== null), 'bin');
  if (!holdsData(dataDir)) await createData(dataDir, binDir, { user, sync: settings.fsync !== 'off' });
  const password = readPassword(dataDir);
  await refuseRunningServer(dataDir);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startServer(dataDir, binDir, { user, settings, password });
    } catch (error) {
      if (attempt === startAttempts || !(await canRetry(dataDir, String(error)))) throw error;
    }
  }
}

/**
 * Waits until a server whose parent was killed a moment ago has written its last page and ended.
 *
 * @throws Error when it does not end, because its parent is alive
 */
async function refuseRunningServer(dataDir: string): Promise<void> {
  const since = Date.now();
  for (let pid = findServerOver(dataDir); pid !== null; pid = findServerOver(dataDir)) {
    if (Date.now() - since > (isStopping(dataDir) ? closeGraceMs : noticeMs)) {
      throw new Error(
        `A PostgreSQL server (process ${pid}) already runs over ${dataDir}: stop the program that started it first.`,
      );
    }
    await delay(closePollMs);
  }
}

/** Whether the cause of the server's complaint is gone, so that a second try can succeed. */
async function canRetry(dataDir: string, complaint: string): Promise<boolean> {
  // Someone else may take the port between its choice and its use.
  if (complaint.includes('could not bind')) return true;
  if (!complaint.includes('lock file "postmaster.pid" already exists')) return false;
  await refuseRunningServer(dataDir);
  removeStaleLock(dataDir);
  return true;
}

async function startServer(
  dataDir: string,
  binDir: string,
  { user, settings, password }: { user: SystemUser | null; settings: PostgresSettings; password: string },
): Promise<Postgres> {
  const port = await freePort();
  const all = { ...settings, listen_addresses: '127.0.0.1', unix_socket_directories: '' };
  const assignments = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const args = ['-D', workingFolder, '-p', String(port), ...assignments];
  const server = spawnWatched(path.join(binDir, 'postgres'), args, { folder: dataDir, user });
  await ready(server);
  const pid = findLockPid(dataDir);
  if (pid === null) throw new Error(`PostgreSQL started over ${dataDir} and is gone already.`);
  letIdle(server);
  const url = (database = 'postgres') => addressOf({ port, role: superuser, password, database });
  return {
    port,
    pid,
    url,
    ownDatabase: role => ownDatabase(url(), port, role),
    stop: () => stopServer(server),
  };
}

interface Address {
  readonly port: number;
  readonly role: string;
  readonly password: string;
  readonly database: string;
}
const addressOf = ({ port, role, password, database }: Address): string =>
  `postgresql://${role}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

async function ownDatabase(superuserUrl: string, port: number, role: string): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  const client = await openConnection(superuserUrl);
  try {
    await client.query(`create role ${pg.escapeIdentifier(role)} login password ${pg.escapeLiteral(password)}`);
    await client.query(`create database ${pg.escapeIdentifier(role)} owner ${pg.escapeIdentifier(role)}`);
  } finally {
    await client.end();
  }
  return addressOf({ port, role, password, database: role });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system offers no TCP port.');
  return address.port;
}

async function ready(server: WatchedProcess): Promise<void> {
  let said = '';
  try {
    const signal = AbortSignal.timeout(startDeadlineMs);
    for await (const [chunk] of on(server.stderr, 'data', { signal, close: ['end'] })) {
      said += String(chunk);
      if (said.includes('ready to accept connections')) return;
    }
  } catch (cause) {
    await stopServer(server);
    throw new Error(`PostgreSQL was not ready after ${startDeadlineMs / 1000} s: ${said}`, { cause });
  } finally {
    // The server's log may quote rows, so it is not kept; but it must be read, because a full pipe would stall the
    // server.
    server.stderr.resume();
  }
  throw new Error(`PostgreSQL did not start: ${said}`);
}

/** An idle server must not keep this process alive; the watchdog stops it when this process ends. */
function letIdle(server: WatchedProcess): void {
  server.unref();
  for (const stream of [server.stdin, server.stderr]) if (stream instanceof Socket) stream.unref();
}

async function stopServer(server: WatchedProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  server.ref();
  server.stdin.end();
  await once(server, 'exit');
}
