/** The hub's door: GraphQL over HTTP and WebSocket, GraphiQL, what agencies push, and whether it lives. */
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FormattedExecutionResult, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import { mostTokens } from '../access/limits.ts';
import type { Principal } from '../access/principal.ts';
import { HubError } from '../domain/error-codes.ts';
import { errorFacts } from '../domain/error-facts.ts';
import type { Receiver } from '../ingest/push.ts';
import { auditHttp, auditPlugin } from './audited-answers.ts';
import { clientAddress } from './client-address.ts';
import { isCertified, type TlsFiles } from './client-certificate.ts';
import type { CompiledAnswers } from './compiled-answers.ts';
import { Context, type Hub } from './context.ts';
import { type Admission, type Door, type DoorRequest, refusal } from './door.ts';
import { type Admissions, doorPlugin } from './door-plugin.ts';
import { tellClient, toldError } from './errors.ts';
import { FeedDesk, type FeedLimits } from './feed-desk.ts';
import { serveGraphiql } from './graphiql.ts';
import { type HttpLimits, makeHttp, serveGraphql } from './http-stack.ts';
import { jsonOf } from './json-bytes.ts';
import type { Readers } from './readers.ts';
import { SocketGuard, type SocketLimits } from './socket-guard.ts';
import { serveSockets } from './sockets.ts';
import { serveSse } from './sse.ts';
import { DocumentShelf } from './subscribed-document.ts';

export interface ServerParts {
  readonly schema: GraphQLSchema;
  readonly answers: CompiledAnswers;
  readonly hub: Hub;
  readonly readers: Readers;
  readonly receivers: ReadonlyMap<string, Receiver>;
  /** Throws while the hub cannot answer. */
  readonly checkReady: () => Promise<void>;
  readonly door: Door;
  /** Registers further roads. */
  readonly serveMore: (app: FastifyInstance) => void;
  readonly trustedProxies: ReadonlySet<string>;
  readonly limits: HttpLimits & { readonly pushBytes: number };
  readonly socketLimits: SocketLimits;
  readonly feedLimits: FeedLimits;
  /** Time over which sockets are closed at a stop. */
  readonly drainMs: number;
  /** Null: plain HTTP. */
  readonly tls: TlsFiles | null;
  readonly log: Logger;
}
export interface RunningServer {
  readonly url: string;
  /** Streams that are open, and the groups that share their work. */
  readonly feed: Pick<FeedDesk, 'streamCount' | 'groupCount'>;
  stop(): Promise<void>;
}

const path = '/graphql';

export async function startServer(
  parts: ServerParts,
  { host, port }: { host: string; port: number },
): Promise<RunningServer> {
  const { schema, answers, hub, readers, door, trustedProxies, limits, log } = parts;
  const app = makeHttp(limits, parts.tls);
  const admissions: Admissions = new WeakMap();
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: true,
    parseOptions: { maxTokens: mostTokens },
    persistedQueries: { cache: onlyStored(door) },
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: quiet(log),
    formatError: (formatted, error) => tellClient(formatted, error, log),
    stringifyResult: result => jsonOf(result as FormattedExecutionResult),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(app),
      doorPlugin(door, admissions),
      auditPlugin,
      answers.plugin,
    ],
  });
  await apollo.start();
  serveGraphiql(app, path);
  const audited = auditHttp(app, log);
  await serveGraphql(app, apollo, {
    path,
    context: async request => {
      // One object for each request: what the door admitted is kept by it.
      const principal = { ...(await readers.ofHeaders(request.headers)) };
      const admission = admitHttp(door, principal, clientAddress(request.raw, trustedProxies), request);
      const context = new Context(hub, principal);
      if (admission) admissions.set(principal, admission);
      audited(request, context);
      return context;
    },
  });
  await app.register(async scope => serveDeliveries(scope, parts));
  let stopping = false;
  serveHealth(app, async () => {
    if (stopping) throw new Error('The hub is stopping');
    await parts.checkReady();
  });
  parts.serveMore(app);
  const desk = makeDesk(parts);
  const shelf = new DocumentShelf(schema);
  const { pingMs } = parts.socketLimits;
  const guard = new SocketGuard(parts.socketLimits);
  const shared = { schema, answers, hub, desk, shelf, readers, door, trustedProxies, guard, log };
  const events = serveSse(app, { ...shared, pingMs, path: `${path}/stream` });
  const sockets = serveSockets(app.server, { ...shared, limits: parts.socketLimits, path });
  await app.listen({ host, port });
  const address = app.server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `${parts.tls ? 'https' : 'http'}://${host === '0.0.0.0' || host === '127.0.0.1' ? 'localhost' : host}:${bound}`,
    feed: desk,
    stop: async () => {
      stopping = true;
      await Promise.all([sockets, events].map(server => server.close(parts.drainMs)));
      desk.close();
      await apollo.stop();
      await app.close();
    },
  };
}

function makeDesk({ schema, hub, readers, feedLimits, log }: ServerParts): FeedDesk {
  return new FeedDesk({
    schema,
    hub,
    readers,
    limits: feedLimits,
    tell: result => (result.errors ? { ...result, errors: result.errors.map(error => toldError(error, log)) } : result),
    onError: error => log.error({ error: errorFacts(error) }, 'a stream could not be served'),
  });
}

/** Apollo's own lines can quote a request: only that there was one is logged. */
const quiet = (log: Logger) => ({
  debug: () => {},
  info: () => {},
  warn: () => log.warn('Apollo Server warned'),
  error: () => log.error('Apollo Server failed'),
});

/** Apollo asks for the texts of ids here. Nothing is registered at run time: the list is made when the front-ends are built. */
const onlyStored = (door: Door) => ({
  get: async (id: string) => door.stored.find(id.replace(/^apq:/, '')) ?? undefined,
  set: async () => {},
  delete: async () => {},
});

function admitHttp(door: Door, principal: Principal, address: string, request: FastifyRequest): Admission | null {
  try {
    return door.admit(principal, address, request.method === 'GET' ? asked(request.url) : bodyOf(request.body));
  } catch (error) {
    throw refusal(error);
  }
}
const bodyOf = (body: unknown): DoorRequest => (typeof body === 'object' && body !== null ? body : {});

/** What is not JSON is Apollo Server's to refuse. */
function asked(url: string): DoorRequest {
  // Read as Apollo Server reads it, or the door would look at another request than the one that runs.
  const given = new URL(url, 'http://hub').searchParams;
  const json = (name: string): unknown => {
    try {
      return JSON.parse(given.get(name) ?? 'null');
    } catch {
      return null;
    }
  };
  return {
    query: given.get('query'),
    operationName: given.get('operationName'),
    variables: json('variables'),
    extensions: json('extensions'),
  };
}

/** What agencies push: the body is taken as it is, because its signature covers every byte. */
function serveDeliveries(app: FastifyInstance, { receivers, limits, tls, log }: ServerParts): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.pushBytes }, (_request, body, done) =>
    done(null, body),
  );
  app.post<{ Params: { agency: string } }>('/push/:agency', { bodyLimit: limits.pushBytes }, async (request, reply) => {
    const receiver = receivers.get(request.params.agency);
    if (!receiver) return reply.code(404).send({ error: 'No agency of this code pushes to this hub' });
    if (tls?.pushClientCa && !isCertified(request.raw, request.params.agency)) {
      return reply.code(401).send({ error: 'A delivery needs a client certificate in the name of its agency' });
    }
    try {
      const headers = request.headers as Record<string, string | undefined>;
      return await receiver.receive({ headers, body: (request.body as Buffer | undefined) ?? Buffer.alloc(0) });
    } catch (error) {
      log.warn({ agency: request.params.agency, error: errorFacts(error) }, 'a delivery was not taken');
      if (error instanceof HubError && error.code === 'DELIVERY_REFUSED')
        return reply.code(401).send({ error: error.message });
      return reply.code(503).send({ error: 'The delivery could not be stored now: send it again later' });
    }
  });
}

function serveHealth(app: FastifyInstance, checkReady: () => Promise<void>): void {
  app.get('/livez', async () => ({ alive: true }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await checkReady();
      return { ready: true };
    } catch {
      return reply.code(503).send({ ready: false });
    }
  });
}
