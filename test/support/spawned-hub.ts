/** A hub as operators run it, in a process of its own, over a database of the test. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identityKeyFile } from './identity-key-file.ts';
import { SpawnedCommand } from './spawned-command.ts';

export class SpawnedHub {
  private constructor(
    readonly url: string,
    private readonly process: SpawnedCommand,
  ) {}

  /** Resolves when the hub is open. It connects to no agency: the test states everything that happens. */
  static async start(
    port: number,
    settings: Readonly<Record<string, string>>,
    command: readonly string[] = ['bin/run.mjs', 'src/cli/serve.ts'],
  ): Promise<SpawnedHub> {
    const own = mkdtempSync(path.join(tmpdir(), 'outpost-hub-spawned-'));
    const child = new SpawnedCommand(process.execPath, command, {
      HUB_AGENCIES: 'police',
      HUB_POLICE_URL: 'http://127.0.0.1:1/rbsp',
      HUB_POLICE_SENDER_ID: 'nobody',
      HUB_POLICE_ACCESS_KEY: 'key-of-nothing',
      HUB_LOG_LEVEL: 'warn',
      HUB_DATABASE_CONNECTIONS: '6',
      HUB_FRAMES_PER_SECOND: '100000',
      HUB_BUDGET_FACTOR: '1000',
      ...identityKeyFile(),
      ...settings,
      HUB_PORT: String(port),
      HUB_AUDIT_DIR: `${own}/audit`,
      HUB_AUDIT_ROOTS: `${own}/roots`,
    });
    const failed = child.ended.then(code => Promise.reject(new Error(`The hub ended with ${code}: ${child.errors}`)));
    // A line of another process causes no event, so this polls.
    while (!(await isReady(port))) await Promise.race([delay(20), failed]);
    failed.catch(() => {});
    return new SpawnedHub(`http://127.0.0.1:${port}`, child);
  }

  /** Resident memory in bytes. */
  get memory(): number {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.process.pid}/status`, 'utf8'))!;
    return Number(kilobytes) * 1024;
  }

  get log(): string {
    return this.process.output;
  }

  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | NodeJS.Signals> {
    this.process.signalGroup('SIGTERM');
    return this.process.ended;
  }
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
