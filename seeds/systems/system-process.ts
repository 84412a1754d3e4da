/** The parent's side of a pretend agency system: starts the process, asks it, ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Ledger, Touched } from './pretend-system.ts';

export interface SystemSetup {
  readonly agency: string;
  readonly population: number;
  readonly seed: number;
  readonly port?: number;
  /** Without a parent that says so, the system begins to make events by itself, one in this time. */
  readonly liveEveryMs?: number;
}
export type Order =
  | { readonly do: 'describe' | 'ledger' | 'touch' | 'step' | 'drained' }
  | { readonly do: 'deliver'; readonly hubUrl: string }
  | { readonly do: 'outage'; readonly outage: 'none' | 'refuse' | 'hang' }
  | { readonly do: 'live'; readonly everyMs: number };
export type Answer = { readonly id: number; readonly result?: unknown; readonly failure?: string };

const root = path.resolve(import.meta.dirname, '../..');

export class SystemProcess {
  readonly agency: string;
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  private next = 1;

  private constructor(
    setup: SystemSetup,
    private readonly child: ChildProcess,
  ) {
    this.agency = setup.agency;
  }

  /** @param postgresUrl holds a password, so it is passed on where the list of processes does not show it */
  static async start(setup: SystemSetup, postgresUrl: string): Promise<SystemProcess> {
    const args = ['bin/run.mjs', 'seeds/systems/serve.ts', JSON.stringify(setup)];
    const env = { ...process.env, PRETEND_POSTGRES_URL: postgresUrl };
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const process_ = new SystemProcess(setup, child);
    const ready = process_.answer(0);
    child.on('message', (answer: Answer) => process_.hear(answer));
    child.on('exit', code => process_.fail(new Error(`The pretend system of ${setup.agency} ended with ${code}`)));
    await ready;
    return process_;
  }

  async environment(): Promise<Record<string, string>> {
    return ((await this.ask({ do: 'describe' })) as { environment: Record<string, string> }).environment;
  }
  ledger(): Promise<Ledger> {
    return this.ask({ do: 'ledger' }) as Promise<Ledger>;
  }
  touch(): Promise<Touched> {
    return this.ask({ do: 'touch' }) as Promise<Touched>;
  }

  ask(order: Order): Promise<unknown> {
    const id = this.next++;
    const answer = this.answer(id);
    this.child.send({ id, order });
    return answer;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise<void>(resolve => this.child.once('exit', () => resolve()));
    if (this.child.connected) this.child.disconnect();
    const killTimer = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(killTimer);
  }

  private answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }
  private hear({ id, result, failure }: Answer): void {
    const waiter = this.waiting.get(id);
    this.waiting.delete(id);
    if (failure === undefined) waiter?.resolve(result);
    else waiter?.reject(new Error(`${this.agency}: ${failure}`));
  }
  private fail(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
