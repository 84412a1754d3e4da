/** A hub in a process of its own, as operators run it, for tests that kill it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { project } from './source-imports.ts';

export class HubProcess {
  /** Resolves with the error output when the process has ended. */
  readonly gone: Promise<string>;

  private constructor(private readonly child: ChildProcess) {
    let complaints = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    this.gone = new Promise(resolve => child.on('close', () => resolve(complaints)));
  }

  /** Returns immediately, before the hub is open. */
  static start(environment: Readonly<Record<string, string>>): HubProcess {
    const env = { PATH: process.env.PATH, ...environment };
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    return new HubProcess(
      spawn(process.execPath, ['bin/run.mjs', 'src/cli/serve.ts'], { cwd: project, env, stdio: [...stdio] }),
    );
  }

  /** Resolves with the result of `work`. Fails when the hub ends by itself before that. */
  async during<T>(work: Promise<T>): Promise<T> {
    const ended = this.gone.then(complaints => {
      throw new Error(`The hub ended by itself with ${this.child.exitCode}: ${complaints}`);
    });
    return Promise.race([work, ended]);
  }

  /** Sends SIGKILL; nothing of the process runs any more when this resolves. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('The port of a server is not known');
  return address.port;
}
