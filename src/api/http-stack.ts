/** The HTTP stack under every road into the hub: time and size limits, headers, the shape of errors, GraphQL by Apollo Server. */
import type { Server } from 'node:http';
import type { ApolloServer, BaseContext } from '@apollo/server';
import fastifyApollo from '@as-integrations/fastify';
import Fastify, {
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { type TlsFiles, tlsOptions } from './client-certificate.ts';
import { storedIdOf } from './door.ts';

export interface HttpLimits {
  readonly bodyBytes: number;
  readonly connections: number;
  /** For the head of a request. */
  readonly headersTimeoutMs: number;
  /** For the whole of a request. */
  readonly requestTimeoutMs: number;
}

/** @param tls null: plain HTTP */
export function makeHttp(limits: HttpLimits, tls: TlsFiles | null = null): FastifyInstance {
  const { bodyBytes, connections, headersTimeoutMs, requestTimeoutMs } = limits;
  const times = {
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    // Node looks for late clients this often only.
    connectionsCheckingInterval: Math.max(50, Math.min(5_000, headersTimeoutMs / 2)),
  };
  const app = Fastify({
    bodyLimit: bodyBytes,
    forceCloseConnections: true,
    requestTimeout: requestTimeoutMs,
    ...(tls ? { https: { ...times, handshakeTimeout: headersTimeoutMs, ...tlsOptions(tls) } } : { http: times }),
  } as FastifyHttpOptions<Server>);
  app.server.maxConnections = connections;
  app.addHook('onRequest', async (request, reply) => void reply.headers(securityHeaders(request)));
  app.setErrorHandler((error, request, reply) => answerFault(error, request, reply));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'There is nothing here' }));
  return app;
}

/** An answer of the hub is data: it loads nothing, is shown in nobody's frame and is never taken for something else. */
function securityHeaders(request: FastifyRequest): Record<string, string> {
  const encrypted = 'encrypted' in request.raw.socket && request.raw.socket.encrypted === true;
  return {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    // Said over plain HTTP it would mean nothing, or lock a hall out of a hub that has no certificate.
    ...(encrypted && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  };
}

/** What fastify refuses by itself, in the shape of GraphQL's answers; its own words can quote the request. */
function answerFault(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const given = (error as { statusCode?: unknown }).statusCode;
  const status = typeof given === 'number' && given >= 400 && given < 500 ? given : 500;
  const message = faultTexts[status] ?? (status < 500 ? 'The request cannot be read' : 'The hub failed');
  const code = status < 500 ? 'BAD_REQUEST' : 'INTERNAL';
  const type = request.headers.accept?.includes('application/graphql-response+json')
    ? 'application/graphql-response+json'
    : 'application/json';
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  return reply.code(status).header('content-type', `${type}; charset=utf-8`).send(body);
}
const faultTexts: Readonly<Record<number, string>> = {
  400: 'Invalid JSON: the body cannot be read',
  413: 'The body is larger than the hub takes',
  415: 'The body should be of the type application/json',
};

/** Serves GraphQL by a started Apollo Server, whichever one it is. */
export async function serveGraphql<C extends BaseContext>(
  app: FastifyInstance,
  apollo: ApolloServer<C>,
  { path, context }: { path: string; context: (request: FastifyRequest) => Promise<C> },
): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    // The address of a request is put together from its host, which is the client's to choose.
    if (!URL.canParse(request.url, `http://${request.hostname}`)) {
      return reply
        .code(400)
        .send({ errors: [{ message: 'The address is not one', extensions: { code: 'BAD_REQUEST' } }] });
    }
    return undefined;
  });
  app.addHook('preHandler', async request => {
    // One way to name a stored operation inside: that of Apollo's clients.
    const body = request.body;
    if (typeof body !== 'object' || body === null || !('documentId' in body) || 'query' in body) return;
    const sha256Hash = storedIdOf(body)
      ?.replace(/^sha256:/, '')
      .toLowerCase();
    if (sha256Hash)
      request.body = { ...body, extensions: { persistedQuery: { version: 1, sha256Hash }, ...kept(body) } };
  });
  await app.register(fastifyApollo(apollo), { path, context });
}

const kept = (body: object): object =>
  'extensions' in body && typeof body.extensions === 'object' && !Array.isArray(body.extensions)
    ? (body.extensions ?? {})
    : {};
