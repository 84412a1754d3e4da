/** GraphQL over WebSocket (graphql-ws) on the same port as HTTP. */
import type { Server } from 'node:http';
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  validate,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import { budgetKey, roleLimits } from '../access/limits.ts';
import { type Principal, parsePurpose } from '../access/principal.ts';
import type { Authenticate } from '../access/tokens.ts';
import { HubError } from '../domain/error-codes.ts';
import { auditSocket, trailOperation } from './audited-answers.ts';
import { clientAddress } from './client-address.ts';
import type { CompiledAnswers } from './compiled-answers.ts';
import { Context, type Hub } from './context.ts';
import { type Admission, type CostReport, type Door, type DoorRequest, refusal, wantsCost } from './door.ts';
import { hideSuggestions } from './door-plugin.ts';
import { tellClient } from './errors.ts';
import { resumeUnits } from './resume-units.ts';
import { guardSession } from './session-guard.ts';
import { SocketGuard, type SocketLimits } from './socket-guard.ts';

interface SocketParts {
  readonly schema: GraphQLSchema;
  readonly answers: CompiledAnswers;
  readonly hub: Hub;
  readonly authenticate: Authenticate;
  readonly door: Door;
  readonly trustedProxies: ReadonlySet<string>;
  readonly limits: SocketLimits;
  readonly log: Logger;
  readonly path: string;
}
type Extra = { principal?: Principal; address?: string };
/** 1013: try again later. */
const tooMany = 1013;

export function serveSockets(server: Server, parts: SocketParts): { close(): Promise<void> } {
  const { schema, answers, hub, authenticate, door, trustedProxies, limits, log, path } = parts;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.frameBytes, perMessageDeflate: false });
  const guard = new SocketGuard(limits);
  server.on('upgrade', (request, socket, head) => {
    // Until a WebSocket takes over, nobody else hears that the client is gone.
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== path) return socket.destroy();
    const address = clientAddress(request, trustedProxies);
    if (!guard.enter(address)) return socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
    socket.once('close', () => guard.left(address));
    sockets.handleUpgrade(request, socket, head, ws => {
      guard.watch(ws);
      sockets.emit('connection', ws, request);
    });
  });
  const keyOf = ({ principal, address }: Extra) => budgetKey(principal!, address!);
  const tell = <R extends ExecutionResult>(result: R): R =>
    result.errors ? { ...result, errors: result.errors.map(error => toldError(error, log)) } : result;
  const costs = new WeakMap<object, CostReport>();
  const disposable = useServer<Record<string, unknown>, Extra>(
    {
      schema,
      connectionInitWaitTimeout: limits.initMs,
      context: ({ extra }) => new Context(hub, extra.principal!),
      onConnect: async ctx => {
        const { authorization, Authorization, purpose, 'x-purpose': header } = ctx.connectionParams ?? {};
        const given = authorization ?? Authorization ?? ctx.extra.request.headers.authorization;
        const principal = await authenticate(typeof given === 'string' ? given : undefined);
        ctx.extra.principal = { ...principal, purpose: parsePurpose(purpose ?? header) };
        ctx.extra.address = clientAddress(ctx.extra.request, trustedProxies);
        guardSession(ctx.extra.socket, principal, hub.ended);
        const { tokenProblem } = principal;
        const welcome = tokenProblem ? { tokenProblem } : true;
        if (guard.belong(keyOf(ctx.extra), ctx, roleLimits[principal.role].sockets)) return welcome;
        ctx.extra.socket.close(tooMany, 'Too many sockets');
        return false;
      },
      onClose: ctx => {
        if (ctx.extra.principal) guard.forget(keyOf(ctx.extra), ctx);
      },
      onSubscribe: (ctx, _id, payload) => {
        const { principal, address } = ctx.extra as Required<Extra>;
        const told = (errors: readonly GraphQLError[], code?: string) =>
          errors
            .map(error => toldError(error, log, code))
            .map(error => (door.showsSchema(principal) ? error : withoutSuggestion(error)));
        let admission: Admission | null;
        try {
          demandRoom(guard.operations(keyOf(ctx.extra)), roleLimits[principal.role].subscriptions);
          admission = door.admit(principal, address, payload as DoorRequest);
          if (!admission) return told([unknownOperation()]);
          door.charge(principal, address, resumeUnits(schema, admission.document, payload, hub.tail.position));
        } catch (error) {
          return told([refusal(error)]);
        }
        const { document, cost } = admission;
        const errors = validate(schema, document);
        if (errors.length) return told(errors, 'GRAPHQL_VALIDATION_FAILED');
        if (wantsCost(payload.extensions)) costs.set(document, cost);
        const contextValue = new Context(hub, principal);
        contextValue.trail.channel = 'socket';
        contextValue.trail.operation = trailOperation(document, payload.operationName);
        return {
          schema,
          document,
          variableValues: payload.variables,
          operationName: payload.operationName,
          contextValue,
        };
      },
      onNext: (_ctx, _id, _payload, { document }, result) => {
        const cost = costs.get(document);
        return cost && { ...result, extensions: { ...result.extensions, cost } };
      },
      execute: async args => auditSocket(args.contextValue as Context, tell(await answers.execute(args)), log),
      subscribe: async args => subscribeFresh(args, tell, log),
    },
    sockets,
    limits.pingMs,
  );
  return {
    close: async () => {
      await disposable.dispose();
      sockets.close();
    },
  };
}

const unknownOperation = () =>
  new GraphQLError('PersistedQueryNotFound', { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } });

function demandRoom(operations: number, most: number): void {
  // The one that asks is counted.
  if (operations <= most) return;
  const details = { most, what: 'operations' };
  throw new HubError('LIMIT_EXCEEDED', `At most ${most} operations may be under way on your sockets`, details);
}

const withoutSuggestion = (error: GraphQLError): GraphQLError =>
  new GraphQLError(hideSuggestions({ message: error.message }).message, error);

/** graphql-ws sends only errors of graphql-js; anything else would end the whole socket. */
function toldError(error: GraphQLError, log: Logger, code?: string): GraphQLError {
  const formatted = error.toJSON();
  const named = code ? { ...formatted, extensions: { ...formatted.extensions, code } } : formatted;
  const { message, path, extensions } = tellClient(named, error, log);
  return new GraphQLError(message, {
    nodes: error.nodes,
    source: error.source,
    positions: error.positions,
    path,
    extensions,
  });
}

/**
 * As graphql-js subscribes, but each event is executed with a context of its own: its loaders know nothing of earlier
 * events, so what they read is never stale.
 */
async function subscribeFresh(args: ExecutionArgs, tell: <R extends ExecutionResult>(result: R) => R, log: Logger) {
  const events = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in events)) return tell(events);
  const { hub, principal, trail } = args.contextValue as Context;
  let unnoted = false;
  const source = events[Symbol.asyncIterator]();
  return {
    async next() {
      // An event that was not given because it could not be noted is not passed over: the reader resumes before it.
      const { done, value } = unnoted ? await source.return!() : await source.next();
      if (done) return { done: true as const, value: undefined };
      const contextValue = new Context(hub, principal);
      contextValue.trail.operation = trail.operation;
      const result = tell(await execute({ ...args, rootValue: value, contextValue }));
      const answer = await auditSocket(contextValue, result, log);
      unnoted = answer !== result;
      return { done: false as const, value: answer };
    },
    async return() {
      await source.return?.();
      return { done: true as const, value: undefined };
    },
    async throw(error: unknown) {
      await source.return?.();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
