/** The parent's side of the identity provider: starts, commands and ends the process, and keeps the systems' keys. */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import path from 'node:path';
import { systems } from './accounts.ts';
import type { ServerSetup } from './server.ts';

export type ProviderOrder =
  | { readonly do: 'rotate' }
  /** Sets the provider's clock ahead of the true time, or behind it. */
  | { readonly do: 'set clock'; readonly aheadSeconds: number };
export interface ProviderAnswer {
  readonly issuer: string;
}
export interface ProviderOptions {
  readonly port?: number;
  readonly tokenSeconds?: number;
}

const root = path.resolve(import.meta.dirname, '../..');
const twelveHours = 43_200;
const timeoutMs = 5_000;

export class ProviderProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** Where it serves, and how its tokens name it (iss). */
    readonly issuer: string,
    /** Private keys by client id: a system signs its assertions with its key. */
    readonly privateKeys: ReadonlyMap<string, KeyObject>,
  ) {}

  static async start({ port = 0, tokenSeconds = twelveHours }: ProviderOptions = {}): Promise<ProviderProcess> {
    const pairs = systems.map(s => [s.clientId, generateKeyPairSync('ec', { namedCurve: 'P-256' })] as const);
    const systemKeys = Object.fromEntries(
      pairs.map(([id, pair]) => [id, pair.publicKey.export({ format: 'jwk' }) as JsonWebKey]),
    );
    const setup: ServerSetup = { port, tokenSeconds, systemKeys };
    const args = ['bin/run.mjs', 'seeds/identity-provider/serve.ts', JSON.stringify(setup)];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const { issuer } = await answerOf(child);
    return new ProviderProcess(child, issuer, new Map(pairs.map(([id, pair]) => [id, pair.privateKey])));
  }

  rotateKeys(): Promise<unknown> {
    return this.order({ do: 'rotate' });
  }
  setClock(aheadSeconds: number): Promise<unknown> {
    return this.order({ do: 'set clock', aheadSeconds });
  }
  /** One order at a time. */
  private order(order: ProviderOrder): Promise<ProviderAnswer> {
    const answer = answerOf(this.child);
    this.child.send(order);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise<void>(resolve => this.child.once('exit', () => resolve()));
    if (this.child.connected) this.child.disconnect();
    const killTimer = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    await gone;
    clearTimeout(killTimer);
  }
}

function answerOf(child: ChildProcess): Promise<ProviderAnswer> {
  return new Promise((resolve, reject) => {
    const onEnd = (reason: unknown) => reject(new Error(`The identity provider ended: ${reason}`));
    child.once('exit', onEnd);
    child.once('error', onEnd);
    child.once('message', answer => {
      child.off('exit', onEnd);
      child.off('error', onEnd);
      resolve(answer as ProviderAnswer);
    });
  });
}
