/** The hub's server: GraphQL over HTTP, WebSocket and event streams, GraphiQL, deliveries that agencies push, and health checks. */
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import type { FormattedExecutionResult, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import { maxTokens } from '../../access/limits.ts';
import { errorFacts } from '../../domain/error-facts.ts';
import type { Receiver } from '../../ingest/push.ts';
import type { AdmissionControl } from '../admission/admission-control.ts';
import { type Admissions, admissionPlugin } from '../admission/admission-plugin.ts';
import { DocumentCache } from '../admission/document-cache.ts';
import type { CompiledAnswers } from '../queries/compiled-answers.ts';
import { jsonOf } from '../queries/json-bytes.ts';
import { auditHttp, auditPlugin } from '../request/audited-answers.ts';
import type { Context, Hub } from '../request/context.ts';
import { formatClientError } from '../request/errors.ts';
import type { Readers } from '../request/readers.ts';
import { type SubscriptionLimits, Subscriptions } from '../subscriptions/subscriptions.ts';
import { checkCredentials } from './check-credentials.ts';
import type { TrustedProxies } from './client-address.ts';
import type { TlsFiles } from './client-certificate.ts';
import { serveDeliveries } from './deliveries.ts';
import { serveGraphiql } from './graphiql.ts';
import { type HttpLimits, makeHttp, serveGraphql } from './http.ts';
import { guardOrigins, Origins } from './origins.ts';
import { noteRefusedDeliveries } from './refused-deliveries.ts';
import { RequestPipeline } from './request-pipeline.ts';
import { SocketGuard, type SocketLimits } from './socket-guard.ts';
import { serveSockets } from './sockets.ts';
import { serveSse } from './sse.ts';

export interface ServerParts {
  readonly schema: GraphQLSchema;
  readonly answers: CompiledAnswers;
  readonly hub: Hub;
  readonly readers: Readers;
  readonly receivers: ReadonlyMap<string, Receiver>;
  /** Throws while the hub cannot answer. */
  readonly checkReady: () => Promise<void>;
  /** What `/readyz` tells beside it, without personal data: the hub serves, and somebody should look. */
  readonly warnings: () => string[];
  readonly admissionControl: AdmissionControl;
  /** Registers further routes. */
  readonly serveMore: (app: FastifyInstance, pipeline: RequestPipeline) => void;
  readonly trustedProxies: TrustedProxies;
  /** Origins whose pages may use the hub besides its own. */
  readonly origins: ReadonlySet<string>;
  /** Whether browsers get GraphiQL. */
  readonly graphiql: boolean;
  readonly limits: HttpLimits & { readonly pushBytes: number; readonly deliveries: number };
  readonly socketLimits: SocketLimits;
  readonly feedLimits: SubscriptionLimits;
  /** Time over which sockets and event streams are closed at a stop. */
  readonly drainMs: number;
  /** Null: plain HTTP. */
  readonly tls: TlsFiles | null;
  readonly log: Logger;
}
export interface RunningServer {
  readonly url: string;
  /** Streams that are open, and the groups that share their work. */
  readonly feed: Pick<Subscriptions, 'streamCount' | 'groupCount'>;
  stop(): Promise<void>;
}

const path = '/graphql';

export async function startServer(
  parts: ServerParts,
  { host, port }: { host: string; port: number },
): Promise<RunningServer> {
  const { schema, answers, hub, readers, admissionControl, trustedProxies, limits, log } = parts;
  const app = makeHttp(limits, parts.tls);
  const documents = new DocumentCache(schema);
  const pipeline = new RequestPipeline({
    schema,
    hub,
    readers,
    admissionControl,
    documents,
    answers,
    trustedProxies,
    log,
  });
  const origins = new Origins(parts.origins, trustedProxies);
  guardOrigins(app, origins, log);
  const admissions: Admissions = new WeakMap();
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: true,
    parseOptions: { maxTokens },
    persistedQueries: { cache: onlyStored(admissionControl) },
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: quiet(log),
    formatError: (formatted, error) => formatClientError(formatted, error, log),
    stringifyResult: result => jsonOf(result as FormattedExecutionResult),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(app),
      admissionPlugin(admissionControl, admissions),
      auditPlugin,
      answers.plugin,
    ],
  });
  await apollo.start();
  if (parts.graphiql) serveGraphiql(app, path);
  checkCredentials(app, readers, log);
  const audited = auditHttp(app, log);
  await serveGraphql(app, apollo, {
    path,
    context: async (request, reply) => {
      const { context, admission } = await pipeline.begin(request, reply);
      if (admission) admissions.set(context.principal, admission);
      audited(request, context);
      return context;
    },
  });
  await app.register(async scope => {
    noteRefusedDeliveries(scope, parts.receivers, hub.audit);
    serveDeliveries(scope, { ...parts, addressOf: request => pipeline.addressOf(request) });
  });
  let stopping = false;
  serveHealth(app, parts.warnings, async () => {
    if (stopping) throw new Error('The hub is stopping');
    await parts.checkReady();
  });
  parts.serveMore(app, pipeline);
  const subscriptions = makeSubscriptions(parts, pipeline);
  const guard = new SocketGuard(parts.socketLimits);
  const shared = { pipeline, subscriptions, guard, origins };
  const events = serveSse(app, { ...shared, pingMs: parts.socketLimits.pingMs, path: `${path}/stream` });
  const sockets = serveSockets(app.server, { ...shared, schema, limits: parts.socketLimits, log, path });
  await app.listen({ host, port });
  const address = app.server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `${parts.tls ? 'https' : 'http'}://${host === '0.0.0.0' || host === '127.0.0.1' ? 'localhost' : host}:${bound}`,
    feed: subscriptions,
    stop: async () => {
      stopping = true;
      await Promise.all([sockets, events].map(server => server.close(parts.drainMs)));
      subscriptions.close();
      await apollo.stop();
      await app.close();
    },
  };
}

function makeSubscriptions(
  { schema, hub, readers, admissionControl, feedLimits, log }: ServerParts,
  pipeline: RequestPipeline,
): Subscriptions {
  return new Subscriptions({
    schema,
    hub,
    readers,
    admissionControl,
    limits: feedLimits,
    toClient: result => pipeline.toClient(result),
    onError: error => log.error({ error: errorFacts(error) }, 'a stream could not be served'),
  });
}

/** Apollo's own log lines can quote a request, so only the fact that there was one is logged. */
const quiet = (log: Logger) => ({
  debug: () => {},
  info: () => {},
  warn: () => log.warn('Apollo Server warned'),
  error: () => log.error('Apollo Server failed'),
});

/**
 * Apollo looks up the texts of ids here. Nothing is registered at run time: the list is made when the front-ends are
 * built.
 */
const onlyStored = (admissionControl: AdmissionControl) => ({
  get: async (id: string) => admissionControl.stored.find(id.replace(/^apq:/, '')) ?? undefined,
  set: async () => {},
  delete: async () => {},
});

function serveHealth(app: FastifyInstance, warnings: () => string[], checkReady: () => Promise<void>): void {
  const options = { config: { credentials: 'not read' } } as const;
  app.get('/livez', options, async () => ({ alive: true }));
  app.get('/readyz', options, async (_request, reply) => {
    try {
      await checkReady();
      const told = warnings();
      return { ready: true, ...(told.length && { warnings: told }) };
    } catch {
      return reply.code(503).send({ ready: false });
    }
  });
}
