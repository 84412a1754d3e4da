/** GraphQL over WebSocket (graphql-ws) on the same port as HTTP. */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, GraphQLSchema } from 'graphql';
import { handleProtocols, type ServerOptions } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { budgetKey, roleLimits } from '../../access/limits.ts';
import type { Principal } from '../../access/principal.ts';
import { HubError } from '../../domain/error-codes.ts';
import { errorFacts } from '../../domain/error-facts.ts';
import { type CostReport, type GraphqlRequest, wantsCost } from '../admission/admission-control.ts';
import { isRefused } from '../admission/admit-operation.ts';
import { Context } from '../request/context.ts';
import { credentialsOf } from '../request/readers.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';
import { closeSocket, tryAgainLater, unauthorized } from './close-socket.ts';
import { closeGradually, goingAway } from './going-away.ts';
import type { Origins } from './origins.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import { adaptSocket, makeWire } from './socket-adapter.ts';
import type { SocketGuard, SocketLimits } from './socket-guard.ts';
import { SocketSession } from './socket-session.ts';

export interface SocketParts {
  readonly schema: GraphQLSchema;
  readonly pipeline: RequestPipeline;
  readonly subscriptions: Subscriptions;
  readonly limits: SocketLimits;
  readonly guard: SocketGuard;
  readonly origins: Origins;
  readonly log: Logger;
  readonly path: string;
}
type Extra = {
  session: SocketSession;
  /** The credentials in the head of the upgrade; emptied once they are checked. */
  credentials: readonly unknown[];
  address: string;
};
type Options = ServerOptions<Record<string, unknown>, Extra>;
/** An operation, with its socket and its id on that socket. */
type Operation = ExecutionArgs & { readonly place: { readonly session: SocketSession; readonly id: string } };
/** The reason of a closing has at most 123 bytes. */
const closingWords = ({ code, message, details }: HubError) => `${code}: ${details.reason ?? message}`.slice(0, 120);

export function serveSockets(server: Server, parts: SocketParts): { close(spreadMs: number): Promise<void> } {
  const { pipeline, limits, guard, log, path } = parts;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
    handleProtocols,
  });
  const sessions = new Set<SocketSession>();
  const wire = makeWire<Extra>(new SocketOperations(parts).options());
  let closing = false;
  server.on('upgrade', (request, raw, head) => {
    // Until a WebSocket takes over, nothing else handles errors of a client that is gone.
    raw.on('error', () => raw.destroy());
    if (request.url?.split('?')[0] !== path) return raw.destroy();
    if (parts.origins.of(request) === 'foreign')
      return raw.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    const address = pipeline.addressOf(request);
    if (closing || !guard.enter(address))
      return raw.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
    raw.once('close', () => guard.left(address));
    if ('setNoDelay' in raw) (raw as { setNoDelay(on: boolean): void }).setNoDelay(true);
    // Listeners that live as long as the socket must not keep the request in memory.
    const credentials = credentialsOf(request);
    sockets.handleUpgrade(request, raw, head, socket => open(socket, raw, credentials, address));
  });
  function open(socket: WebSocket, raw: Duplex, credentials: readonly unknown[], address: string): void {
    guard.watch(socket);
    const session = new SocketSession(socket, raw, { ...parts, address });
    sessions.add(session);
    socket.once('close', () => sessions.delete(session));
    adaptSocket(
      wire,
      socket,
      { session, credentials, address },
      {
        pingMs: limits.pingMs,
        prove: () => session.prove(),
        answerPing: payload => session.answerPing(payload),
        onFailure: error => log.error({ error: errorFacts(error) }, 'a message on a socket could not be handled'),
      },
    );
  }
  return {
    /**
     * Refuses new sockets, and closes the open ones one after the other, so that their clients do not all reconnect
     * together.
     */
    close: async spreadMs => {
      closing = true;
      for (const session of sessions) session.isLeaving = true;
      await closeGradually([...sessions], spreadMs);
      await new Promise(resolve => sockets.close(resolve));
    },
  };
}

/** The callbacks that the protocol's server needs. */
class SocketOperations {
  private readonly costs = new WeakMap<object, CostReport>();

  constructor(private readonly parts: SocketParts) {}

  options(): Options {
    const { schema, pipeline, limits } = this.parts;
    return {
      schema,
      connectionInitWaitTimeout: limits.initMs,
      context: ({ extra }) => new Context(pipeline.hub, extra.session.principal!),
      onConnect: ctx => this.connect(ctx),
      onClose: ({ extra }) => {
        const { session } = extra;
        session.closed();
        if (session.budgetKey) this.parts.guard.forget(session.budgetKey, session);
      },
      onSubscribe: (ctx, id, payload) => {
        ctx.extra.session.operations = ctx.subscriptions;
        return this.admit(ctx.extra, id, payload);
      },
      onNext: (_ctx, _id, _payload, { contextValue }, result) => {
        const cost = contextValue && this.costs.get(contextValue as object);
        return cost ? { ...result, extensions: { ...result.extensions, cost } } : undefined;
      },
      execute: args => pipeline.answer(args),
      subscribe: args => this.subscribe(args as Operation) as never,
    };
  }

  private async connect(ctx: Parameters<NonNullable<Options['onConnect']>>[0]) {
    const { session, credentials, address } = ctx.extra;
    const params = Object.entries(ctx.connectionParams ?? {});
    const { purpose, 'x-purpose': header } = ctx.connectionParams ?? {};
    // The credentials are not needed any more.
    delete (ctx as { connectionParams?: unknown }).connectionParams;
    ctx.extra.credentials = [];
    const given = params.filter(([name, value]) => /^authorization$/i.test(name) && value !== null).map(([, v]) => v);
    const { readers } = this.parts.pipeline;
    try {
      const reader = await readers.identify([...credentials, ...given]);
      return this.welcome(session, await readers.stating(reader, purpose ?? header), address);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      closeSocket(session.socket, error.code === 'UNAUTHENTICATED' ? unauthorized : tryAgainLater, closingWords(error));
      return false;
    }
  }

  private welcome(session: SocketSession, principal: Principal, address: string) {
    const key = budgetKey(principal, address);
    session.begin(principal, key);
    const { purposeProblem } = principal;
    if (this.parts.guard.belong(key, session, roleLimits[principal.role].sockets))
      return purposeProblem ? { purposeProblem } : true;
    session.budgetKey = null;
    closeSocket(session.socket, tryAgainLater, 'Too many sockets');
    return false;
  }

  private async admit({ session, address }: Extra, id: string, payload: GraphqlRequest) {
    const { pipeline, guard } = this.parts;
    // The purpose may have ended since the socket was opened.
    const principal = await pipeline.readers.again(session.principal!);
    try {
      if (session.isLeaving) throw goingAway();
      guard.demandRoom(session.budgetKey!, roleLimits[principal.role].subscriptions);
    } catch (error) {
      return [pipeline.errorOf(error)];
    }
    const admitted = pipeline.admit(principal, address, payload, session.presence);
    if (isRefused(admitted)) return admitted;
    const { text, cost, context, execution } = admitted;
    session.principal = principal;
    context.trail.channel = 'socket';
    if (wantsCost(payload.extensions)) this.costs.set(context, cost);
    // The text is kept once, in the document that all who sent it share.
    Object.assign(payload, { query: text });
    return { ...execution, place: { session, id } };
  }

  /**
   * Returns the errors of the request, or a source that never yields anything: a subscription group writes to the
   * socket.
   */
  private async subscribe(args: Operation) {
    const { pipeline } = this.parts;
    const request = await pipeline.subscription(args);
    if (isRefused(request)) return { errors: request };
    const { document, operationName = null, variableValues, contextValue, place } = args;
    const { trail } = contextValue as Context;
    const operation = { document, operationName, variables: variableValues ?? {}, operation: trail.operation! };
    // The protocol's server keeps the arguments as long as the stream lives, so they are emptied.
    Object.assign(args, { contextValue: null, variableValues: null });
    try {
      return await place.session.open(place.id, request, operation);
    } catch (error) {
      return { errors: [pipeline.errorOf(error)] };
    }
  }
}
