/** Serves the provider on a port of this machine; its keys can be rotated and its clock set wrong while it runs. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeMemory } from './memory.ts';
import { makeProvider, makeSigningKey, type ProviderSetup } from './provider.ts';
import { isSignIn, serveSignIn } from './sign-in-page.ts';

export interface ServerSetup extends Pick<ProviderSetup, 'systemKeys' | 'tokenSeconds'> {
  /** 0: any free port. */
  readonly port: number;
}

export class IdentityServer {
  private provider: ReturnType<typeof makeProvider>;
  private setup: ProviderSetup;

  private constructor(
    private readonly server: Server,
    setup: ServerSetup,
    readonly issuer: string,
  ) {
    const own = { keys: [makeSigningKey()], cookieKey: randomBytes(24).toString('base64url'), memory: makeMemory() };
    this.setup = { ...setup, ...own, issuer };
    this.provider = makeProvider(this.setup);
    server.on('request', (request, response) => {
      if (isSignIn(request)) return void serveSignIn(this.provider, request, response);
      this.provider.callback()(request, response);
    });
  }

  static async start(setup: ServerSetup): Promise<IdentityServer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) =>
      server.on('error', reject).listen(setup.port, '127.0.0.1', () => resolve()),
    );
    const { port } = server.address() as AddressInfo;
    return new IdentityServer(server, setup, `http://127.0.0.1:${port}`);
  }

  /** Signs tokens with a new key from now on, and no longer publishes the old one. Sessions continue. */
  rotate(): void {
    this.setup = { ...this.setup, keys: [makeSigningKey()] };
    this.provider = makeProvider(this.setup);
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise(resolve => this.server.close(() => resolve()));
  }
}
