/** GraphQL over WebSocket (graphql-ws) on the same port as HTTP. */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { handleProtocols, type ServerOptions } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { budgetKey, roleLimits } from '../access/limits.ts';
import { HubError } from '../domain/error-codes.ts';
import { errorFacts } from '../domain/error-facts.ts';
import { admitOperation, isRefused } from './admit-operation.ts';
import { auditSocket } from './audited-answers.ts';
import { clientAddress } from './client-address.ts';
import { closeSocket } from './close-socket.ts';
import type { CompiledAnswers } from './compiled-answers.ts';
import { Context, type Hub } from './context.ts';
import { type CostReport, type Door, type DoorRequest, wantsCost } from './door.ts';
import { graphqlError, toldError } from './errors.ts';
import type { FeedDesk } from './feed-desk.ts';
import { FeedRequest } from './feed-request.ts';
import type { Readers } from './readers.ts';
import { adaptSocket, makeWire } from './socket-adapter.ts';
import type { SocketGuard, SocketLimits } from './socket-guard.ts';
import { SocketSession } from './socket-session.ts';
import type { DocumentShelf } from './subscribed-document.ts';

export interface SocketParts {
  readonly schema: GraphQLSchema;
  readonly answers: CompiledAnswers;
  readonly hub: Hub;
  readonly desk: FeedDesk;
  readonly shelf: DocumentShelf;
  readonly readers: Readers;
  readonly door: Door;
  readonly trustedProxies: ReadonlySet<string>;
  readonly limits: SocketLimits;
  readonly guard: SocketGuard;
  readonly log: Logger;
  readonly path: string;
}
type Extra = { session: SocketSession; authorization: string | undefined; address: string };
type Options = ServerOptions<Record<string, unknown>, Extra>;
/** An operation, and which one on which socket it is. */
type Operation = ExecutionArgs & { readonly place: { readonly session: SocketSession; readonly id: string } };
/** 1013: try again later. */
const tooMany = 1013;

export function serveSockets(server: Server, parts: SocketParts): { close(spreadMs: number): Promise<void> } {
  const { limits, guard, log, path } = parts;
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
    // Until a WebSocket takes over, nobody else hears that the client is gone.
    raw.on('error', () => raw.destroy());
    if (request.url?.split('?')[0] !== path) return raw.destroy();
    const address = clientAddress(request, parts.trustedProxies);
    if (closing || !guard.enter(address))
      return raw.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
    raw.once('close', () => guard.left(address));
    if ('setNoDelay' in raw) (raw as { setNoDelay(on: boolean): void }).setNoDelay(true);
    // What listens as long as the socket lives must not keep the request.
    const { authorization } = request.headers;
    sockets.handleUpgrade(request, raw, head, socket => open(socket, raw, authorization, address));
  });
  function open(socket: WebSocket, raw: Duplex, authorization: string | undefined, address: string): void {
    guard.watch(socket);
    const session = new SocketSession(socket, raw, parts);
    sessions.add(session);
    socket.once('close', () => sessions.delete(session));
    adaptSocket(
      wire,
      socket,
      { session, authorization, address },
      {
        pingMs: limits.pingMs,
        prove: () => session.prove(),
        answerPing: payload => session.answerPing(payload),
        onFailure: error => log.error({ error: errorFacts(error) }, 'a message on a socket could not be handled'),
      },
    );
  }
  return {
    /** Refuses what is new, and closes sockets one after the other: their clients shall not come elsewhere all at once. */
    close: async spreadMs => {
      closing = true;
      for (const session of sessions) session.isLeaving = true;
      const all = [...sessions];
      await Promise.all(all.map((session, i) => session.goAway((i / all.length) * spreadMs, spreadMs)));
      await new Promise(resolve => sockets.close(resolve));
    },
  };
}

/** What the protocol asks of the hub. */
class SocketOperations {
  private readonly costs = new WeakMap<object, CostReport>();

  constructor(private readonly parts: SocketParts) {}

  options(): Options {
    const { answers, hub, log, limits } = this.parts;
    return {
      schema: this.parts.schema,
      connectionInitWaitTimeout: limits.initMs,
      context: ({ extra }) => new Context(hub, extra.session.principal!),
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
      execute: async args => auditSocket(args.contextValue as Context, this.tell(await answers.execute(args)), log),
      subscribe: args => this.subscribe(args as Operation) as never,
    };
  }

  private readonly tell = <R extends ExecutionResult>(result: R): R =>
    result.errors ? { ...result, errors: result.errors.map(error => toldError(error, this.parts.log)) } : result;

  private async connect(ctx: Parameters<NonNullable<Options['onConnect']>>[0]) {
    const { session, authorization: ofUpgrade, address } = ctx.extra;
    const { authorization, Authorization, purpose, 'x-purpose': header } = ctx.connectionParams ?? {};
    // They were needed once.
    delete (ctx as { connectionParams?: unknown }).connectionParams;
    ctx.extra.authorization = undefined;
    const given = authorization ?? Authorization ?? ofUpgrade;
    const principal = await this.parts.readers.of(typeof given === 'string' ? given : undefined, purpose ?? header);
    const key = budgetKey(principal, address);
    session.begin(principal, key);
    const { tokenProblem, purposeProblem } = principal;
    const problems = { ...(tokenProblem && { tokenProblem }), ...(purposeProblem && { purposeProblem }) };
    const welcome = Object.keys(problems).length ? problems : true;
    if (this.parts.guard.belong(key, session, roleLimits[principal.role].sockets)) return welcome;
    session.budgetKey = null;
    closeSocket(session.socket, tooMany, 'Too many sockets');
    return false;
  }

  private async admit({ session, address }: Extra, id: string, payload: DoorRequest) {
    const { schema } = this.parts;
    // The purpose may have ended since the socket was opened.
    const principal = await this.parts.readers.again(session.principal!);
    try {
      if (session.isLeaving) throw goingAway();
      demandRoom(this.parts.guard.operations(session.budgetKey!), roleLimits[principal.role].subscriptions);
    } catch (error) {
      return [toldError(graphqlError(error), this.parts.log)];
    }
    const admitted = admitOperation(this.parts, principal, address, payload);
    if (isRefused(admitted)) return admitted;
    const { document, text, cost, operationName, variables: variableValues, contextValue } = admitted;
    session.principal = principal;
    contextValue.trail.channel = 'socket';
    if (wantsCost(payload.extensions)) this.costs.set(contextValue, cost);
    // The text lives on in the document, once for all who sent it.
    Object.assign(payload, { query: text });
    return { schema, document, variableValues, operationName, contextValue, place: { session, id } };
  }

  /** What is wrong with the request, or a source that never gives anything: a group of readers writes to the socket. */
  private async subscribe(args: Operation) {
    const request = await createSourceEventStream(args);
    if (!(request instanceof FeedRequest)) return this.tell(request as ExecutionResult);
    const { document, operationName = null, variableValues, contextValue, place } = args;
    const { trail } = contextValue as Context;
    const operation = { document, operationName, variables: variableValues ?? {}, operation: trail.operation! };
    // The protocol's server keeps the arguments as long as the stream lives.
    Object.assign(args, { contextValue: null, variableValues: null });
    try {
      return await place.session.open(place.id, request, operation);
    } catch (error) {
      return this.tell({ errors: [graphqlError(error)] });
    }
  }
}

const goingAway = () => new HubError('GOING_AWAY', 'This process of the hub is stopping: connect again');

function demandRoom(operations: number, most: number): void {
  // The one that asks is counted.
  if (operations <= most) return;
  const details = { most, what: 'operations' };
  throw new HubError('LIMIT_EXCEEDED', `At most ${most} operations may be under way on your sockets`, details);
}
