/**
 * Holds back every answer with personal data, on every transport, until its entry in the audit log is on disk.
 */
import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, type ExecutionResult, GraphQLError, getOperationAST, print } from 'graphql';
import type { Logger } from 'pino';
import type { Channel } from '../../audit/entry.ts';
import { operationOf } from '../../audit/trail.ts';
import { HubError, statusOf } from '../../domain/error-codes.ts';
import type { Context } from './context.ts';
import { formatClientError } from './errors.ts';

/** Notes in the trail which operation a request runs; Apollo Server already knows its name and hash. */
export const auditPlugin: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    didResolveOperation: async ({ contextValue: { trail }, operation, operationName, queryHash }) => {
      trail.operation = { name: operationName, sha256: queryHash };
      if (operation?.operation === 'mutation') trail.act = 'write';
    },
  }),
};

/** Must be called before routes are registered. Returns a function to be called with each request and its context. */
export function auditHttp(app: FastifyInstance, log: Logger): (request: FastifyRequest, context: Context) => void {
  const contexts = new WeakMap<FastifyRequest, Context>();
  app.addHook('onSend', async (request, reply, payload) => {
    const context = contexts.get(request);
    if (!context || context.trail.isEmpty) return payload;
    try {
      // The bytes that are sent are also the bytes that are noted, so a text is encoded only once.
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : Buffer.isBuffer(payload) ? payload : null;
      await noteAnswer(context, 'http', bytes);
      return bytes ?? payload;
    } catch (error) {
      return refused(reply, error, log);
    }
  });
  return (request, context) => void contexts.set(request, context);
}

/** Notes what an answer shows, if it shows anybody: with the purpose, and the grants by which something is unmasked. */
export async function noteAnswer(
  { trail, hub, principal, purpose }: Context,
  channel: Channel,
  text: string | Buffer | null,
): Promise<void> {
  if (!trail.isEmpty) await trail.note(hub.audit, { ...principal, purpose }, channel, text);
}

function refused(reply: FastifyReply, error: unknown, log: Logger): string {
  const text = JSON.stringify({ errors: [clientFailure(error, log).toJSON()] });
  // Clients of the older media type take any other status for a broken connection.
  const isNewer = String(reply.getHeader('content-type')).includes('graphql-response');
  if (isNewer) reply.code(statusOf(error instanceof HubError ? error.code : 'INTERNAL'));
  reply.header('content-length', Buffer.byteLength(text));
  return text;
}

function clientFailure(error: unknown, log: Logger): GraphQLError {
  const original = error instanceof Error ? error : new Error(String(error));
  const { message, extensions } = formatClientError({ message: '' }, original, log);
  return new GraphQLError(message, { extensions });
}

/** Name and digest, for the trail, of an operation on a socket, whose document admission control has parsed. */
export function trailOperation(document: DocumentNode, operationName: string | null | undefined) {
  const name = getOperationAST(document, operationName)?.name?.value;
  return operationOf(name, document.loc?.source.body ?? print(document));
}

/** Returns the answer once its audit entry is on disk, or else an error in its place. */
export async function auditAnswer<R extends ExecutionResult>(
  context: Context,
  result: R,
  log: Logger,
): Promise<R | { readonly errors: readonly GraphQLError[] }> {
  const { purposeProblem } = context.principal;
  const answer = purposeProblem ? { ...result, extensions: { ...result.extensions, purposeProblem } } : result;
  if (context.trail.isEmpty) return answer;
  try {
    await noteAnswer(context, context.trail.channel, JSON.stringify(answer));
    return answer;
  } catch (error) {
    return { errors: [clientFailure(error, log)] };
  }
}
