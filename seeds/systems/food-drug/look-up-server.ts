/** 许可证查询: a REST service that answers signed queries about licences. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Cells } from './row.ts';
import { isSigned } from './signature.ts';

interface Question {
  readonly TYSHXYDM?: readonly string[];
  readonly XKZBH?: readonly string[];
}
type Outage = 'none' | 'refuse' | 'hang';

const plain = (value: unknown): string =>
  String(value ?? '')
    .normalize('NFKC')
    .replaceAll(/\s/g, '')
    .toUpperCase();

export class LookUpServer {
  private readonly server: Server;
  private outage: Outage = 'none';
  private readonly hanging: ServerResponse[] = [];

  constructor(
    private readonly secret: string,
    private readonly licences: ReadonlyMap<string, Cells>,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  /** Resolves to its address once it listens. */
  async listen(): Promise<string> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  setOutage(outage: Outage): void {
    this.outage = outage;
    if (outage !== 'hang') for (const response of this.hanging.splice(0)) response.writeHead(503).end();
  }

  async close(): Promise<void> {
    const closed = new Promise(resolve => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.outage === 'refuse') return void request.socket.destroy();
    if (this.outage === 'hang') return void this.hanging.push(response);
    const body = await text(request).catch(() => '');
    const { 'x-ea-timestamp': timestamp, 'x-ea-signature': signature } = request.headers;
    if (!isSigned(this.secret, String(timestamp), String(signature), body)) return void response.writeHead(401).end();
    if (request.method !== 'POST' || request.url !== '/licences/query') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
    // The total is always 0: a fault of the real service that is never repaired.
    response.end(JSON.stringify({ resultCode: '00', resultTotal: 0, resultData: this.find(JSON.parse(body)) }));
  }

  private find({ TYSHXYDM = [], XKZBH = [] }: Question): readonly Cells[] {
    const codes = new Set(TYSHXYDM.map(plain));
    const numbers = new Set(XKZBH.map(plain));
    return [...this.licences.values()].filter(
      cells => codes.has(plain(cells.TYSHXYDM)) || numbers.has(plain(cells.XKZBH)),
    );
  }
}
