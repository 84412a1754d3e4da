/** The only way from the hub's network to the exchange database: a TCP gate, which can be closed or stop forwarding. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { PretendSystem } from '../pretend-system.ts';

type Outage = Parameters<PretendSystem['setOutage']>[0];

export class ExchangeGate {
  private outage: Outage = 'none';
  private readonly pairs = new Set<readonly [near: Socket, far: Socket]>();
  private readonly server = createServer(near => this.pass(near));

  private constructor(private readonly target: URL) {}

  /** @param targetUrl address of the database behind the gate */
  static async open(targetUrl: string): Promise<ExchangeGate> {
    const gate = new ExchangeGate(new URL(targetUrl));
    gate.server.listen(0, '127.0.0.1');
    await once(gate.server, 'listening');
    return gate;
  }

  /** The database's address as seen through the gate. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  setOutage(outage: Outage): void {
    this.outage = outage;
    for (const [near, far] of this.pairs) {
      if (outage === 'refuse') near.destroy();
      else if (outage === 'hang') near.unpipe(far);
      else near.pipe(far);
    }
  }

  async close(): Promise<void> {
    this.server.close();
    for (const [near] of this.pairs) near.destroy();
    await once(this.server, 'close');
  }

  private pass(near: Socket): void {
    if (this.outage === 'refuse') {
      near.destroy();
      return;
    }
    const far = connect(Number(this.target.port || 5432), this.target.hostname.replace(/^\[|\]$/g, ''));
    const pair = [near, far] as const;
    this.pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      // When one end breaks, the other end is closed.
      socket.on('error', () => {});
      socket.on('close', () => {
        this.pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    far.pipe(near);
    if (this.outage === 'none') near.pipe(far);
  }
}
