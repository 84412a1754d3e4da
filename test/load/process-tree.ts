/** CPU time and memory of a process with all its children, from /proc; and which core they run on. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import pg from 'pg';

const pageBytes = 4096;

/** Fields of /proc/<pid>/stat after the name, which may contain any character. */
const statOf = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** A process and everything that descends from it. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(statOf(Number(name))[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // The process has ended meanwhile.
    }
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

const sumOf = (pids: readonly number[], measure: (pid: number) => number) =>
  pids.reduce((sum, pid) => {
    try {
      return sum + measure(pid);
    } catch {
      return sum;
    }
  }, 0);

/** Milliseconds of CPU that the processes have used, from the scheduler's own account. */
export const cpuMs = (pids: readonly number[]): number =>
  sumOf(pids, pid =>
    readdirSync(`/proc/${pid}/task`).reduce(
      (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
      0,
    ),
  );

export const rssMb = (pids: readonly number[]): number =>
  sumOf(pids, pid => (Number(statOf(pid)[21]) * pageBytes) / 2 ** 20);

/** The main process of the PostgreSQL server at this address; null when it is not on this machine. */
export async function postmasterOf(url: string): Promise<number | null> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query('select pg_backend_pid() as pid');
    const parent = Number(statOf(rows[0].pid)[1]);
    return readFileSync(`/proc/${parent}/comm`, 'utf8').trim() === 'postgres' ? parent : null;
  } catch {
    return null;
  } finally {
    await client.end();
  }
}

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-V']).status === 0;
/** The server under test has a core of its own; PostgreSQL and the clients share another. */
export const cores = { server: 0, rest: 1 } as const;

/** A command that is pinned to one core, where the machine supports it. */
export const pinned = (core: number, command: string, args: readonly string[]): [string, string[]] =>
  canPin ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]];

export function pin(core: number, pids: readonly number[]): void {
  if (!canPin) return;
  for (const pid of pids) spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)]);
}
