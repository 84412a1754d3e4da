/**
 * The exchange's gateway over real HTTP: it issues short-lived secrets, verifies every signature, refuses old requests,
 * and wraps the rows of each service in that service's own unreliable envelope.
 */
import { createCipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from '../../township/model.ts';
import type { Service } from './exchange.ts';
import type { ExchangeFeed, FeedRow } from './exchange-feed.ts';
import type { FaultDice } from './fault-dice.ts';

export interface GatewayOptions {
  readonly requesterId: string;
  /** 16 characters. */
  readonly appKey: string;
  /** Service ids as issued to the requester. */
  readonly serviceIds: Readonly<Record<Service | 'entityQuery', string>>;
  readonly secretLifetimeMs: number;
  /** Requests after which a secret ends, whatever its time; unlimited without it. */
  readonly secretRequests?: number | undefined;
  /** Requests older than this, and requests from the future, are refused. */
  readonly replayWindowMs: number;
  readonly feeds: Readonly<Record<Service, ExchangeFeed>>;
  /** JSON of the entities of a credit code. */
  readonly findEntities: (creditCode: string) => readonly string[];
  readonly random: Random;
  readonly dice: FaultDice;
}

const LARGEST_PAGE = 1000;
const LARGEST_BODY = 10_000;
const refusal = (code: string, message: string) => JSON.stringify({ code, message });
const NOT_FOUND = '{"PRIPID":"","UNISCID":"","ENTNAME":"","LEREP":"","REGSTATE":"","UPDATETIME":""}';

/** Totals are wrong in two of the four; the third calls "nothing there" a success with a message. */
const envelopes: Readonly<Record<Service, (rows: string) => string>> = {
  entity: rows => `{"resultCode":"00","resultMsg":"查询成功","resultData":[${rows}],"resultTotal":0}`,
  change: rows => `{"code":"0","message":"success","result":{"total":"1","data":[${rows}]}}`,
  abnormal: rows =>
    rows ? `{"Success":true,"Message":"","Data":[${rows}]}` : '{"Success":true,"Message":"未查询到数据","Data":null}',
  case: rows => `{"code":"0","message":"success","result":{"data":[${rows}]}}`,
};

export class GatewayServer {
  outage: 'none' | 'refuse' | 'hang' = 'none';
  private readonly server: Server;
  private readonly hanging = new Set<IncomingMessage>();
  /** Issued secrets, with their ends in milliseconds. */
  private readonly secrets = new Map<string, number>();
  private readonly used = new Map<string, number>();
  private readonly lastPages = new Map<Service, readonly FeedRow[]>();

  constructor(private readonly options: GatewayOptions) {
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() => request.destroy());
    });
  }

  /** Listens on a free port of 127.0.0.1; returns the address. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise(resolve => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  setOutage(outage: 'none' | 'refuse' | 'hang'): void {
    this.outage = outage;
    for (const request of this.hanging) request.destroy();
    this.hanging.clear();
  }

  /** As after a restart of the gateway: clients with a secret must renew it. */
  endSecrets(): void {
    for (const secret of this.secrets.keys()) this.secrets.set(secret, 0);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.outage === 'refuse') {
      request.destroy();
      return;
    }
    if (this.outage === 'hang') {
      this.hanging.add(request);
      request.once('close', () => this.hanging.delete(request));
      return;
    }
    const body = await readBody(request);
    response.setHeader('content-type', 'application/json; charset=utf-8');
    if (request.method !== 'POST') response.writeHead(405).end(refusal('10406', 'POST only'));
    else if (request.url === '/gateway/secret') response.end(this.giveSecret(request));
    else if (request.url === '/gateway/data') response.end(this.answer(request, body));
    else response.writeHead(404).end(refusal('10407', 'no such address'));
  }

  private giveSecret(request: IncomingMessage): string {
    const refused = this.refuse(request, [this.options.appKey]);
    if (refused) return refused;
    const secret = randomBytes(24).toString('base64url');
    const end = Date.now() + this.options.secretLifetimeMs;
    for (const [old, oldEnd] of this.secrets) {
      if (oldEnd < end - 2 * this.options.secretLifetimeMs - this.options.replayWindowMs) this.forget(old);
    }
    this.secrets.set(secret, end);
    const cipher = createCipheriv('aes-128-ecb', Buffer.from(this.options.appKey, 'utf8'), null);
    const encrypted = cipher.update(secret, 'utf8', 'base64') + cipher.final('base64');
    return JSON.stringify({ code: '0', message: 'success', datas: { secret: encrypted, secretEndTime: String(end) } });
  }

  private forget(secret: string): void {
    this.secrets.delete(secret);
    this.used.delete(secret);
  }

  private refuse(request: IncomingMessage, keys: readonly string[]): string | null {
    const header = (name: string) => String(request.headers[`gjgxjhpt_${name}`] ?? '');
    const [rid, sid, rtime] = [header('rid'), header('sid'), header('rtime')];
    if (rid !== this.options.requesterId) return refusal('10405', 'gjgxjhpt_rid unknown');
    if (!(Math.abs(Date.now() - Number(rtime)) <= this.options.replayWindowMs)) {
      return refusal('10403', 'gjgxjhpt_rtime out of range');
    }
    const sign = Buffer.from(header('sign'), 'base64');
    const signedWith = keys.find(key => {
      const right = createHmac('sha256', key)
        .update(sid + rid + rtime)
        .digest();
      return right.length === sign.length && timingSafeEqual(right, sign);
    });
    if (signedWith === undefined) return refusal('10402', 'gjgxjhpt_sign wrong');
    const end = this.secrets.get(signedWith);
    if (end === undefined) return null;
    if (end <= Date.now()) return refusal('10401', 'secret has ended');
    const used = (this.used.get(signedWith) ?? 0) + 1;
    this.used.set(signedWith, used);
    if (used === this.options.secretRequests) this.secrets.set(signedWith, 0);
    return null;
  }

  private answer(request: IncomingMessage, body: string): string {
    const refused = this.refuse(request, [...this.secrets.keys()].reverse());
    if (refused) return refused;
    const asked = JSON.parse(body) as Record<string, unknown>;
    const sid = request.headers.gjgxjhpt_sid;
    const { serviceIds } = this.options;
    if (sid === serviceIds.entityQuery) return this.tellEntity(String(asked.uniscid ?? ''));
    const service = (['entity', 'change', 'abnormal', 'case'] as const).find(name => serviceIds[name] === sid);
    if (!service) return refusal('10404', 'gjgxjhpt_sid unknown');
    if (service === 'abnormal' && this.options.dice.commits('busyAnswer')) {
      return JSON.stringify({ Success: true, Message: '系统繁忙，请稍后再试', Data: null });
    }
    const rows = this.page(service, String(asked.sinceTime ?? ''), String(asked.sinceId ?? ''), asked.pageSize);
    return envelopes[service](rows.map(({ json }) => json).join(','));
  }

  private tellEntity(creditCode: string): string {
    const found = this.options.findEntities(creditCode);
    return found.length > 1 ? `[${found.join(',')}]` : (found[0] ?? NOT_FOUND);
  }

  /** The rows after a position, unordered within the page; sometimes a cache returns the previous page again. */
  private page(service: Service, time: string, id: string, pageSize: unknown): readonly FeedRow[] {
    const { feeds, dice, random } = this.options;
    const last = this.lastPages.get(service);
    const end = last?.at(-1);
    if (last && end?.time === time && end.id === id && dice.commits('repeatedPage')) {
      this.lastPages.delete(service);
      return last;
    }
    const size = Math.min(Math.max(Math.trunc(Number(pageSize)) || 1, 1), LARGEST_PAGE);
    const rows = feeds[service].after(time, id, size);
    this.lastPages.set(service, rows);
    return shuffled(rows, random);
  }
}

function shuffled<T>(rows: readonly T[], random: Random): T[] {
  const mixed = [...rows];
  for (let at = mixed.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Error('a body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
