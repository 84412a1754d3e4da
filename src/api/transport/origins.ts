/**
 * Which pages may use the hub from a browser: those of the hub's own origin, and those of the origins that its operator
 * lists. One list for HTTP, event streams, exports and WebSockets; programs that are no browsers send no origin.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { HubError } from '../../domain/error-codes.ts';
import { plainAddress, type TrustedProxies } from './client-address.ts';
import { sendRefusal } from './http.ts';

/** Where the page comes from that sends a request; `none`: no page sends it. */
export type PageOrigin = 'none' | 'own' | 'listed' | 'foreign';

export class Origins {
  constructor(
    private readonly listed: ReadonlySet<string>,
    private readonly trustedProxies: TrustedProxies,
  ) {}

  get areListed(): boolean {
    return this.listed.size > 0;
  }

  of(request: IncomingMessage): PageOrigin {
    const { headers } = request;
    const { origin } = headers;
    // Browsers send no origin with what a page cannot read, such as images; they say then that it is another site.
    if (origin === undefined) {
      const site = headers['sec-fetch-site'] ?? 'none';
      const isOwn = site === 'none' || site === 'same-origin' || headers['sec-fetch-mode'] === 'navigate';
      return isOwn ? 'none' : 'foreign';
    }
    if (this.listed.has(origin)) return 'listed';
    return this.isOwn(origin, request) ? 'own' : 'foreign';
  }

  /** The hub's own origin is where the browser believes it is: what a trusted proxy says of it counts. */
  private isOwn(origin: string, { headers, socket }: IncomingMessage): boolean {
    const page = URL.parse(origin);
    if (page?.origin !== origin) return false;
    const isProxied = this.trustedProxies.has(plainAddress(socket.remoteAddress ?? ''));
    const forwarded = (name: string) =>
      isProxied
        ? String(headers[name] ?? '')
            .split(',')
            .at(-1)!
            .trim()
        : '';
    const isEncrypted = 'encrypted' in socket && socket.encrypted === true;
    // Without TLS here, and without a word of a proxy, one that ends TLS may stand in front all the same.
    const scheme = forwarded('x-forwarded-proto') || (isEncrypted ? 'https' : '');
    if (scheme && page.protocol !== `${scheme}:`) return false;
    const hosts = [headers.host ?? '', forwarded('x-forwarded-host')].filter(Boolean);
    return hosts.some(host => URL.parse(`${page.protocol}//${host}`)?.host === page.host);
  }
}

/** What pages of listed origins may send, and may read of the head of an answer. */
const preflight = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers':
    'authorization, content-type, x-purpose, last-event-id, cache-control, apollo-require-preflight, ' +
    'x-apollo-operation-name, apollographql-client-name, apollographql-client-version',
  // Browsers keep it for two hours at most.
  'access-control-max-age': '7200',
};
const readable =
  'retry-after, www-authenticate, content-disposition, x-purpose-problem, x-export-manifest, x-export-as-of';

export const foreignOrigin = () =>
  new HubError('FORBIDDEN', 'Pages of this origin may not use the hub: its operator lists origins in HUB_ORIGINS');

/** Refuses pages of other origins before anything else is looked at, and lets listed ones read the answers. */
export function guardOrigins(app: FastifyInstance, origins: Origins, log: Logger): void {
  app.addHook('onRequest', async (request, reply) => {
    const page = origins.of(request.raw);
    if (origins.areListed) reply.header('vary', 'Origin');
    if (page === 'foreign') return sendRefusal(request, reply, foreignOrigin(), log);
    if (page !== 'listed') return undefined;
    reply.headers({
      'access-control-allow-origin': request.headers.origin,
      'access-control-expose-headers': readable,
      'cross-origin-resource-policy': 'cross-origin',
    });
    if (request.method !== 'OPTIONS' || !request.headers['access-control-request-method']) return undefined;
    return reply.code(204).headers(preflight).send();
  });
}
