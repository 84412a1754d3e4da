/** The hub's door: GraphQL over HTTP and WebSocket, GraphiQL, what agencies push, and whether it lives. */
import { gzipSync } from 'node:zlib';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import Fastify, { type FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Authenticate } from '../access/tokens.ts';
import { HubError } from '../domain/error-codes.ts';
import { errorFacts } from '../domain/error-facts.ts';
import type { Receiver } from '../ingest/push.ts';
import { Context, type Hub } from './context.ts';
import { tellClient } from './errors.ts';
import { type DocumentLimits, limitRule } from './limits.ts';
import { serveSockets } from './sockets.ts';

export interface ServerParts {
  readonly schema: GraphQLSchema;
  readonly hub: Hub;
  readonly authenticate: Authenticate;
  readonly receivers: ReadonlyMap<string, Receiver>;
  /** Throws while the hub cannot answer. */
  readonly checkReady: () => Promise<void>;
  readonly limits: DocumentLimits & { readonly bodyBytes: number; readonly pushBytes: number };
  readonly log: Logger;
}
export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

const path = '/graphql';

export async function startServer(
  parts: ServerParts,
  { host, port }: { host: string; port: number },
): Promise<RunningServer> {
  const { schema, hub, authenticate, limits, log } = parts;
  const app = Fastify({ bodyLimit: limits.bodyBytes, forceCloseConnections: true });
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: true,
    validationRules: [limitRule(limits)],
    parseOptions: { maxTokens: limits.tokens },
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: quiet(log),
    formatError: (formatted, error) => tellClient(formatted, error, log),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(app),
    ],
  });
  await apollo.start();
  serveGraphiql(app);
  await app.register(fastifyApollo(apollo), {
    path,
    context: async request => new Context(hub, await authenticate(request.headers.authorization)),
  });
  await app.register(async scope => serveDeliveries(scope, parts));
  serveHealth(app, parts);
  const sockets = serveSockets(app.server, { schema, hub, authenticate, limits, log, path });
  await app.listen({ host, port });
  const address = app.server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${host === '0.0.0.0' || host === '127.0.0.1' ? 'localhost' : host}:${bound}`,
    stop: async () => {
      await sockets.close();
      await apollo.stop();
      await app.close();
    },
  };
}

/** Apollo's own lines can quote a request: only that there was one is logged. */
const quiet = (log: Logger) => ({
  debug: () => {},
  info: () => {},
  warn: () => log.warn('Apollo Server warned'),
  error: () => log.error('Apollo Server failed'),
});

/** For browsers: GraphiQL from this server, nothing from elsewhere. Built when the first one asks. */
function serveGraphiql(app: FastifyInstance): void {
  let page: Buffer | null = null;
  app.addHook('onRequest', async (request, reply) => {
    const wantsPage = request.method === 'GET' && request.headers.accept?.includes('text/html');
    const url = new URL(request.url, 'http://hub');
    if (url.pathname === '/' && request.method === 'GET') return reply.redirect(path);
    if (!wantsPage || url.pathname !== path || url.searchParams.has('query')) return;
    const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
    page ??= gzipSync(
      renderGraphiQL({ endpoint: path, title: 'Outpost Hub', subscriptionsProtocol: 'WS', defaultQuery: firstQuery }),
    );
    return reply
      .type('text/html; charset=utf-8')
      .header('content-encoding', 'gzip')
      .header('cache-control', 'no-cache')
      .send(page);
  });
}
const firstQuery = `# Agencies and how fresh their records are: this part is public.
# With a token ({"authorization": "Bearer ..."} under Headers) you see more.
{
  agencies { nodes { code name freshness { modes lagSeconds parked } } }
}
`;

/** What agencies push: the body is taken as it is, because its signature covers every byte. */
function serveDeliveries(app: FastifyInstance, { receivers, limits, log }: ServerParts): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.pushBytes }, (_request, body, done) =>
    done(null, body),
  );
  app.post<{ Params: { agency: string } }>('/push/:agency', { bodyLimit: limits.pushBytes }, async (request, reply) => {
    const receiver = receivers.get(request.params.agency);
    if (!receiver) return reply.code(404).send({ error: 'No agency of this code pushes to this hub' });
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

function serveHealth(app: FastifyInstance, { checkReady }: ServerParts): void {
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
