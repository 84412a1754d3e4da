import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import {
  embeddedPostgresAvailable,
  type Postgres,
  startPostgres,
  throwAwaySettings,
} from '../../src/store/embedded-postgres.ts';
import { clonedDatabase, emptyDatabase } from '../support/database.ts';

const endDeadlineMs = 20_000;
const project = path.resolve(import.meta.dirname, '../..');

// On other systems the hub and its tests use a server that someone else runs.
const testEmbedded = embeddedPostgresAvailable() ? test : test.skip;

let folder: string;
let running: Postgres[];

beforeEach(() => {
  // Only its owner may enter this folder. When the tests run as root, the server runs as another user and cannot.
  folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-test-'));
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map(server => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

testEmbedded(
  'a program that is killed leaves no server behind, and its data is there when it starts again',
  async () => {
    const dataDir = path.join(folder, 'data');
    const program = await startProgramWithPostgres(dataDir);
    await query(program.url, 'create table note (text text)');
    await query(program.url, "insert into note values ('kept')");
    program.kill();
    await ended(program.serverPid);

    const again = await start(dataDir);
    expect(await query(again.url(), 'select text from note')).toEqual([{ text: 'kept' }]);
  },
);

testEmbedded('a start right after the kill waits for the dying server', async () => {
  const dataDir = path.join(folder, 'data');
  const program = await startProgramWithPostgres(dataDir);
  program.kill();

  const again = await start(dataDir);
  expect(again.pid).not.toBe(program.serverPid);
  await ended(program.serverPid);
});

testEmbedded('two concurrent servers have different ports, and both end when they are stopped', async () => {
  const [first, second] = await Promise.all([start(path.join(folder, 'first')), start(path.join(folder, 'second'))]);
  expect(first.port).not.toBe(second.port);
  await Promise.all([first.stop(), second.stop()]);
  expect([isAlive(first.pid), isAlive(second.pid)]).toEqual([false, false]);
});

testEmbedded('a second server over the data of a running one is refused by name', async () => {
  const dataDir = path.join(folder, 'data');
  const server = await start(dataDir);
  await expect(start(dataDir)).rejects.toThrow(
    `A PostgreSQL server (process ${server.pid}) already runs over ${dataDir}`,
  );
  expect(await query(server.url(), 'select 1 as one')).toEqual([{ one: 1 }]);
});

testEmbedded('a folder with something else in it is not touched', async () => {
  await expect(start(path.dirname(import.meta.filename))).rejects.toThrow('holds no PostgreSQL data');
});

testEmbedded('nobody gets in without a password, and only the user of the folder can read it', async () => {
  const dataDir = path.join(folder, 'data');
  const server = await start(dataDir);
  const { port } = server;
  for (const stranger of [
    `postgresql://hub@127.0.0.1:${port}/postgres`,
    `postgresql://hub:hub@127.0.0.1:${port}/postgres`,
  ])
    await expect(query(stranger, 'select 1')).rejects.toThrow(/password/);
  expect(statSync(path.join(dataDir, 'superuser-password')).mode & 0o777).toBe(0o600);
  const own = await server.ownDatabase('hall');
  expect(await query(own, 'select rolsuper, rolcreatedb from pg_roles where rolname = current_user')).toEqual([
    { rolsuper: false, rolcreatedb: false },
  ]);
  await expect(query(own, "copy (select 1) to program 'true'")).rejects.toThrow('permission denied');
});

testEmbedded('data of a version that let everybody in is refused', async () => {
  const dataDir = path.join(folder, 'data');
  await (await start(dataDir)).stop();
  rmSync(path.join(dataDir, 'superuser-password'));
  await expect(start(dataDir)).rejects.toThrow('Remove the folder, or name another one');
});

test('databases for tests are copies of a template that is made once, and are removed when dropped', async () => {
  let preparations = 0;
  const prepare = async (url: string) => {
    preparations++;
    await query(url, 'create table town (name text)');
  };
  const copies = await Promise.all([clonedDatabase('towns', prepare), clonedDatabase('towns', prepare)]);
  await query(copies[0].url, "insert into town values ('north')");
  expect(preparations).toBe(1);
  expect(await query(copies[0].url, 'select * from town')).toEqual([{ name: 'north' }]);
  expect(await query(copies[1].url, 'select * from town')).toEqual([]);

  const empty = await emptyDatabase();
  await expect(query(empty.url, 'select * from town')).rejects.toThrow('does not exist');
  for (const database of [...copies, empty]) await database.drop();
  await expect(query(empty.url, 'select 1')).rejects.toThrow('does not exist');
});

async function start(dataDir: string): Promise<Postgres> {
  const server = await startPostgres({ dataDir, settings: throwAwaySettings });
  running.push(server);
  return server;
}

async function startProgramWithPostgres(dataDir: string) {
  const module = pathToFileURL(path.join(project, 'src/store/embedded-postgres.ts')).href;
  const program = spawn(
    process.execPath,
    [
      ...['--import', pathToFileURL(path.join(project, 'bin/typescript.mjs')).href, '--input-type=module', '--eval'],
      `import { startPostgres } from ${JSON.stringify(module)};
       const { pid, url } = await startPostgres({ dataDir: ${JSON.stringify(dataDir)} });
       console.log(JSON.stringify({ serverPid: pid, url: url() }));
       process.stdin.resume();`,
    ],
    { cwd: project, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [line] = await once(createInterface(program.stdout), 'line');
  const { serverPid, url } = JSON.parse(String(line)) as { serverPid: number; url: string };
  return { serverPid, url, kill: () => program.kill('SIGKILL') };
}

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

/** The system reports no event for the end of a process that is not one's own child. */
async function ended(pid: number): Promise<void> {
  const deadline = Date.now() + endDeadlineMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error(`Process ${pid} still runs ${endDeadlineMs} ms after its parent's end.`);
    await delay(10);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
