/** Commands of the project in processes of their own, started as a user starts them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { project } from './source-imports.ts';

export type Variables = Readonly<Record<string, string>>;

/** Settings of this test run are not passed on, because a user would not have them; what was built does not count. */
const ofTests = /^(HUB_|DATABASE_URL$|TEST_|JEST_|NODE_ENV$|npm_)/;
function userEnvironment(variables: Variables): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !ofTests.test(name));
  const server = process.env.TEST_DATABASE_URL;
  return {
    ...Object.fromEntries(own),
    RUN_SOURCES: '1',
    ...(server && { DATABASE_URL: server, HUB_PLAIN_CHANNELS: 'database' }),
    ...variables,
  };
}

export class SpawnedCommand {
  /** Everything that the command wrote to standard output and standard error. */
  output = '';
  errors = '';
  /** The exit code, or the signal that ended it. It resolves when all output has been read. */
  readonly ended: Promise<number | NodeJS.Signals>;
  private readonly child: ChildProcess;

  /** The command gets a process group of its own, as in a terminal. */
  constructor(command: string, args: readonly string[], variables: Variables = {}) {
    this.child = spawn(command, args, {
      cwd: project,
      env: userEnvironment(variables),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', text => {
      this.output += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', text => {
      this.output += text;
      this.errors += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => resolve(code ?? signal!));
    });
  }

  get pid(): number {
    return this.child.pid!;
  }
  /** Does what Ctrl-C in a terminal does: it signals every process of the group. */
  signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** A process with its start time, because the system reuses process ids. */
export interface SystemProcessId {
  readonly pid: number;
  readonly startedAt: string;
}
interface Status extends SystemProcessId {
  readonly parent: number;
  readonly state: string;
}

/** Works on Linux only; returns null for a process that has ended. */
function statusOf(pid: number): Status | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may contain any character.
    const [state, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, state: state!, parent: Number(parent), startedAt: rest[17]! };
  } catch {
    return null;
  }
}

/** The process and all its descendants. */
export function familyOf(pid: number): SystemProcessId[] {
  const everybody = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  const all = everybody.map(name => statusOf(Number(name))).filter(status => status !== null);
  const family = all.filter(status => status.pid === pid);
  for (const member of family) family.push(...all.filter(status => status.parent === member.pid));
  return family.map(({ pid, startedAt }) => ({ pid, startedAt }));
}

const runs = ({ pid, startedAt }: SystemProcessId) => {
  const status = statusOf(pid);
  return status !== null && status.startedAt === startedAt && status.state !== 'Z';
};

/**
 * Resolves when none of them runs; the system reports no event for the end of a process that is not one's own child.
 */
export async function allGone(family: readonly SystemProcessId[], deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const left = family.filter(runs);
    if (!left.length) return;
    if (performance.now() > deadline) {
      throw new Error(`After ${deadlineMs} ms these processes still run: ${left.map(({ pid }) => pid).join(', ')}`);
    }
    await delay(20);
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
