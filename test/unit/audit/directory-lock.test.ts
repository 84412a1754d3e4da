import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lockDirectory } from '../../../src/audit/directory-lock.ts';
import { project } from '../../support/source-imports.ts';

let dir: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'outpost-hub-lock-'));
});
afterEach(async () => {
  for (const child of started.splice(0)) await end(child, 'SIGKILL');
  rmSync(dir, { recursive: true });
});

/** A process that locks the directory; `within` is what it is started by. */
class Holder {
  private readonly lines: AsyncIterator<string>;
  readonly child: ChildProcess;

  constructor(waitFor: string[] = [], within: readonly string[] = []) {
    const command = [...within, process.execPath, 'bin/run.mjs', 'test/support/lock-holder.ts', dir, ...waitFor];
    this.child = spawn(command[0]!, command.slice(1), { cwd: project, stdio: ['pipe', 'pipe', 'inherit'] });
    started.push(this.child);
    const reading: Interface = createInterface(this.child.stdout!);
    this.lines = reading[Symbol.asyncIterator]();
  }
  async line(): Promise<string> {
    return (await this.lines.next()).value as string;
  }
  /** `holds` or `refused`, and the number of the process as it sees itself. */
  async outcome(): Promise<[string, string]> {
    for (;;) {
      const line = await this.line();
      if (line !== 'ready') return line.split(' ') as [string, string];
    }
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

test('a directory is locked by one process, and free again when that process ends in order', async () => {
  const first = new Holder();
  expect((await first.outcome())[0]).toBe('holds');
  expect((await new Holder().outcome())[0]).toBe('refused');
  expect(lockDirectory(dir)).toBeNull();
  first.child.stdin!.end();
  await once(first.child, 'exit');
  expect((await new Holder().outcome())[0]).toBe('holds');
});

test('the lock of a killed process is gone with it: the next one starts at once', async () => {
  const first = new Holder();
  await first.outcome();
  await end(first.child, 'SIGKILL');
  const lock = lockDirectory(dir);
  expect(lock).not.toBeNull();
  lock!.release();
});

test('a process that is stopped, but not ended, keeps its lock', async () => {
  const first = new Holder();
  await first.outcome();
  first.child.kill('SIGSTOP');
  expect(lockDirectory(dir)).toBeNull();
  first.child.kill('SIGCONT');
  expect(lockDirectory(dir)).toBeNull();
});

test('no number in a file counts: neither that of a process that lives, nor the own one, nor one that was reused', () => {
  for (const content of ['1', String(process.pid), String(process.ppid), '4194305', 'not a number', '']) {
    writeFileSync(path.join(dir, 'lock'), content);
    const lock = lockDirectory(dir);
    expect({ content, locked: lock !== null }).toEqual({ content, locked: true });
    lock!.release();
  }
});

test('two logs of one process exclude each other, in any order of their ends', () => {
  const first = lockDirectory(dir);
  expect(lockDirectory(dir)).toBeNull();
  // What was refused and closed its file must not have taken the lock away from the one who holds it.
  expect(lockDirectory(path.join(dir, '.'))).toBeNull();
  first!.release();
  const second = lockDirectory(dir);
  expect(second).not.toBeNull();
  second!.release();
});

test('of several that begin at the same moment exactly one gets the lock', async () => {
  const signal = path.join(dir, 'now');
  const holders = Array.from({ length: 3 }, () => new Holder([signal]));
  for (const holder of holders) expect(await holder.line()).toBe('ready');
  writeFileSync(signal, '');
  const outcomes = await Promise.all(holders.map(async holder => (await holder.outcome())[0]));
  expect(outcomes.sort()).toEqual(['holds', 'refused', 'refused']);
});

test('a directory that cannot be written is an error, not a holder', () => {
  expect(() => lockDirectory(path.join(dir, 'nowhere'))).toThrow('ENOENT');
});

test('nobody else may read what the lock is made of', () => {
  lockDirectory(dir)!.release();
  expect(statSync(path.join(dir, 'writer.lock')).mode & 0o777).toBe(0o600);
});

/** As in two containers: each has a process table of its own, so both are number 1. */
const inAContainer = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];
const hasContainers = spawnSync(inAContainer[0]!, [...inAContainer.slice(1), 'true']).status === 0;

describe('between containers that share the directory', () => {
  test('equal process numbers do not make two holders', async () => {
    // Where the system forbids namespaces, equal numbers cannot be made; the processes are then compared by their lock alone.
    const within = hasContainers ? inAContainer : [];
    const first = new Holder([], within);
    const [holds, number] = await first.outcome();
    const [refused, other] = await new Holder([], within).outcome();
    expect([holds, refused]).toEqual(['holds', 'refused']);
    if (hasContainers) expect([number, other]).toEqual(['1', '1']);
    await end(first.child, 'SIGKILL');
    await expect(new Holder([], within).outcome()).resolves.toEqual(['holds', expect.any(String)]);
  });
});
