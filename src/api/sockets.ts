/** GraphQL over WebSocket (graphql-ws) on the same port as HTTP. */
import type { Server } from 'node:http';
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import type { Principal } from '../access/principal.ts';
import type { Authenticate } from '../access/tokens.ts';
import { Context, type Hub } from './context.ts';
import { tellClient } from './errors.ts';
import { type DocumentLimits, limitRule } from './limits.ts';

interface SocketParts {
  readonly schema: GraphQLSchema;
  readonly hub: Hub;
  readonly authenticate: Authenticate;
  readonly limits: DocumentLimits;
  readonly log: Logger;
  readonly path: string;
}
type Extra = { principal?: Principal };
/** A frame from a client is a document with its variables, never more than this. */
const largestFrameBytes = 100_000;

export function serveSockets(server: Server, parts: SocketParts): { close(): Promise<void> } {
  const { schema, hub, authenticate, limits, log, path } = parts;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestFrameBytes });
  server.on('upgrade', (request, socket, head) => {
    if (new URL(request.url ?? '', 'http://hub').pathname !== path) return socket.destroy();
    sockets.handleUpgrade(request, socket, head, ws => sockets.emit('connection', ws, request));
  });
  const rules = [...specifiedRules, limitRule(limits)];
  const told = (errors: readonly GraphQLError[]) => errors.map(error => tellClient(error.toJSON(), error, log));
  const tell = <R extends ExecutionResult>(result: R): R =>
    result.errors ? { ...result, errors: told(result.errors) as never } : result;
  const disposable = useServer<Record<string, unknown>, Extra>(
    {
      schema,
      context: ({ extra }) => new Context(hub, extra.principal!),
      onConnect: async ctx => {
        const { authorization, Authorization } = ctx.connectionParams ?? {};
        const given = authorization ?? Authorization ?? ctx.extra.request.headers.authorization;
        ctx.extra.principal = await authenticate(typeof given === 'string' ? given : undefined);
        return true;
      },
      onSubscribe: (ctx, _id, { query, variables, operationName }) => {
        let document: ReturnType<typeof parse>;
        try {
          document = parse(query, { maxTokens: limits.tokens });
        } catch (error) {
          return [error as GraphQLError];
        }
        const errors = validate(schema, document, rules);
        if (errors.length) return errors;
        return {
          schema,
          document,
          variableValues: variables,
          operationName,
          contextValue: new Context(hub, ctx.extra.principal!),
        };
      },
      execute: async args => tell(await execute(args)),
      subscribe: async args => subscribeFresh(args, tell),
    },
    sockets,
  );
  return {
    close: async () => {
      await disposable.dispose();
      sockets.close();
    },
  };
}

/**
 * As graphql-js subscribes, but each event is executed with a context of its own: its loaders know nothing of earlier
 * events, so what they read is never stale.
 */
async function subscribeFresh(args: ExecutionArgs, tell: <R extends ExecutionResult>(result: R) => R) {
  const events = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in events)) return tell(events);
  const { hub, principal } = args.contextValue as Context;
  const source = events[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await source.next();
      if (done) return { done: true as const, value: undefined };
      return {
        done: false as const,
        value: tell(await execute({ ...args, rootValue: value, contextValue: new Context(hub, principal) })),
      };
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
