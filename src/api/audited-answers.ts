/** No answer that holds personal data leaves before its entry in the audit log is on disk: HTTP and sockets alike. */
import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, type ExecutionResult, GraphQLError, getOperationAST, print } from 'graphql';
import type { Logger } from 'pino';
import { operationOf } from '../audit/trail.ts';
import { HubError } from '../domain/error-codes.ts';
import type { Context } from './context.ts';
import { tellClient } from './errors.ts';

/** Says which operation a request runs; Apollo Server has its name and its hash anyway. */
export const auditPlugin: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ contextValue: { trail }, operation, operationName, queryHash }) => {
      trail.operation = { name: operationName, sha256: queryHash };
      if (operation?.operation === 'mutation') trail.act = 'write';
    },
  }),
};

/** Call it before routes are registered. Returns what must be told of each request's context. */
export function auditHttp(app: FastifyInstance, log: Logger): (request: FastifyRequest, context: Context) => void {
  const contexts = new WeakMap<FastifyRequest, Context>();
  app.addHook('onSend', async (request, reply, payload) => {
    const context = contexts.get(request);
    if (!context || context.trail.isEmpty) return payload;
    try {
      // The bytes that leave are the bytes that are noted; a text would be encoded for each.
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : Buffer.isBuffer(payload) ? payload : null;
      await noteAnswer(context, 'http', bytes);
      return bytes ?? payload;
    } catch (error) {
      return refused(reply, error, log);
    }
  });
  return (request, context) => void contexts.set(request, context);
}

const noteAnswer = (
  { trail, hub, principal, purpose }: Context,
  channel: 'http' | 'socket',
  text: string | Buffer | null,
) => trail.note(hub.audit, { ...principal, purpose }, channel, text);

function refused(reply: FastifyReply, error: unknown, log: Logger): string {
  const text = JSON.stringify({ errors: [toldFailure(error, log).toJSON()] });
  // Clients of the older media type take any other status for a broken connection.
  const isNewer = String(reply.getHeader('content-type')).includes('graphql-response');
  if (isNewer) reply.code(error instanceof HubError && error.code === 'QUOTA_REACHED' ? 429 : 503);
  reply.header('content-length', Buffer.byteLength(text));
  return text;
}

function toldFailure(error: unknown, log: Logger): GraphQLError {
  const original = error instanceof Error ? error : new Error(String(error));
  const { message, extensions } = tellClient({ message: '' }, original, log);
  return new GraphQLError(message, { extensions });
}

/** Of an operation on a socket, whose document the door has read. */
export function trailOperation(document: DocumentNode, operationName: string | null | undefined) {
  const name = getOperationAST(document, operationName)?.name?.value;
  return operationOf(name, document.loc?.source.body ?? print(document));
}

/** The answer once its entry is on disk, else the error that it becomes. */
export async function auditSocket<R extends ExecutionResult>(
  context: Context,
  result: R,
  log: Logger,
): Promise<R | { readonly errors: readonly GraphQLError[] }> {
  const { purposeProblem } = context.principal;
  const told = purposeProblem ? { ...result, extensions: { ...result.extensions, purposeProblem } } : result;
  if (context.trail.isEmpty) return told;
  try {
    await noteAnswer(context, 'socket', JSON.stringify(told));
    return told;
  } catch (error) {
    return { errors: [toldFailure(error, log)] };
  }
}
