/**
 * The HTTP stack under every transport: time and size limits, headers, the shape of errors, GraphQL by Apollo Server.
 */
import type { Server } from 'node:http';
import type { ApolloServer, BaseContext } from '@apollo/server';
import fastifyApollo from '@as-integrations/fastify';
import Fastify, {
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import { NestingError, nestsDeeper } from '../../../adapters/kit/json.ts';
import { deepestJson } from '../../access/limits.ts';
import type { HubError } from '../../domain/error-codes.ts';
import { storedIdOf } from '../admission/admission-control.ts';
import { formatClientError, headOf } from '../request/errors.ts';
import { answerEarly } from './answer-early.ts';
import { type TlsFiles, tlsOptions } from './client-certificate.ts';

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
    // Node checks for late clients only this often.
    connectionsCheckingInterval: Math.max(50, Math.min(5_000, headersTimeoutMs / 2)),
    // Otherwise Node would drop the second of two tokens, and only one of them would be looked at.
    joinDuplicateHeaders: true,
  };
  const app = Fastify({
    bodyLimit: bodyBytes,
    forceCloseConnections: true,
    requestTimeout: requestTimeoutMs,
    // What the router refuses is answered like everything else, without the text of the request.
    frameworkErrors: (error, request, reply) =>
      void answerFault(error, request, reply.headers(securityHeaders(request))),
    ...(tls ? { https: { ...times, handshakeTimeout: headersTimeoutMs, ...tlsOptions(tls) } } : { http: times }),
  } as FastifyHttpOptions<Server>);
  app.server.maxConnections = connections;
  answerEarly(app);
  readShallowJson(app);
  app.addHook('onRequest', async (request, reply) => void reply.headers(securityHeaders(request)));
  app.setErrorHandler((error, request, reply) => answerFault(error, request, reply));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'No such path: GraphQL is at /graphql' }));
  return app;
}

/** As fastify reads JSON, which refuses what would change prototypes, once its nesting has been looked at. */
function readShallowJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (!nestsDeeper(body as string, deepestJson)) return parse(request, body as string, done);
    return done(Object.assign(new NestingError(deepestJson), { statusCode: 400 }), undefined);
  });
}

/**
 * Headers for answers, which are data: they load nothing, are not shown in frames, and are never taken for another
 * type.
 */
function securityHeaders(request: FastifyRequest): Record<string, string> {
  const encrypted = 'encrypted' in request.raw.socket && request.raw.socket.encrypted === true;
  return {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    // Over plain HTTP this header would have no effect, or lock a hall out of a hub without a certificate.
    ...(encrypted && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  };
}

/** Sends errors of fastify in the shape of GraphQL's answers; fastify's own messages can quote the request. */
function answerFault(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const given = (error as { statusCode?: unknown }).statusCode;
  const status = typeof given === 'number' && given >= 400 && given < 500 ? given : 500;
  const isDeep = error instanceof NestingError;
  const known = isDeep ? error.message : faultTexts[status];
  const message = known ?? (status < 500 ? 'The request cannot be read' : 'The hub failed');
  const code = isDeep ? 'LIMIT_EXCEEDED' : status < 500 ? 'BAD_REQUEST' : 'INTERNAL';
  return sendError(request, reply.code(status), { message, extensions: { code } });
}

/** Sends an answer that is an error as a whole, in the media type that the client asks for. */
export function sendError(request: FastifyRequest, reply: FastifyReply, error: object): FastifyReply {
  const type = request.headers.accept?.includes('application/graphql-response+json')
    ? 'application/graphql-response+json'
    : 'application/json';
  return reply.header('content-type', `${type}; charset=utf-8`).send(JSON.stringify({ errors: [error] }));
}
const faultTexts: Readonly<Record<number, string>> = {
  400: 'Invalid JSON: the body cannot be read',
  413: 'The body is larger than the hub takes',
  415: 'The body should be of the type application/json',
};

/** Refuses a request by its head. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, error: HubError, log: Logger): FastifyReply {
  const { status, headers } = headOf(error);
  return sendError(request, reply.code(status).headers(headers), formatClientError(error, error, log));
}

/** Serves GraphQL by any Apollo Server that has been started. */
export async function serveGraphql<C extends BaseContext>(
  app: FastifyInstance,
  apollo: ApolloServer<C>,
  { path, context }: { path: string; context: (request: FastifyRequest, reply: FastifyReply) => Promise<C> },
): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    // The URL of a request is made from its host, which the client chooses.
    if (!URL.canParse(request.url, `http://${request.hostname}`)) {
      return reply
        .code(400)
        .send({ errors: [{ message: "The request's URL is not valid", extensions: { code: 'BAD_REQUEST' } }] });
    }
    return undefined;
  });
  app.addHook('preHandler', async request => {
    // Inside the hub a stored operation is named in one way only, that of Apollo's clients.
    const body = request.body;
    if (typeof body !== 'object' || body === null || !('documentId' in body)) return;
    if ('query' in body && body.query) return;
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
