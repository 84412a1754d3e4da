/** One execution of a subscription's document for an event: a context of its own, for all readers who see the same. */
import { type DocumentNode, type ExecutionResult, execute, type GraphQLError, type GraphQLSchema } from 'graphql';
import type { Principal } from '../access/principal.ts';
import type { Operation } from '../audit/trail.ts';
import type { HubError } from '../domain/error-codes.ts';
import type { Answer } from '../feed/group-work.ts';
import { isPassing } from '../feed/passing-failure.ts';
import { Payload } from '../feed/payload.ts';
import { Context, type Hub, type Moment } from './context.ts';

/** Who gets an answer, and by which road. */
export interface FeedReader {
  readonly principal: Principal;
  readonly channel: 'socket' | 'http';
}
export interface Execution {
  readonly schema: GraphQLSchema;
  readonly hub: Hub;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  /** Those of the root field may be anybody's: they decide which events come, not what is in them. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** For the audit log. */
  readonly operation: Operation;
  readonly tell: (result: ExecutionResult) => ExecutionResult;
}

/**
 * Throws what the database could not do, so that it is tried again. Whatever else fails is in the answer.
 * @param moment null: as everything stands
 */
export async function answerFor(
  { schema, hub, document, operationName, variables, operation, tell }: Execution,
  principal: Principal,
  root: object,
  moment: Moment | null = null,
): Promise<Answer<FeedReader>> {
  const contextValue = new Context(moment ? { ...hub, ...moment } : hub, principal);
  contextValue.trail.operation = operation;
  const args = { schema, document, operationName, variableValues: variables, rootValue: root, contextValue };
  const result = await execute(args);
  contextValue.end();
  const unread = result.errors?.map(causeOf).find(isPassing);
  if (unread) throw unread;
  const { trail } = contextValue;
  const note = async (readers: readonly FeedReader[], text: string) => {
    // Whoever has something unmasked shares a group with nobody else: the grants are theirs.
    const { purpose, hasUnmasked } = contextValue;
    const refused = new Map<FeedReader, HubError>();
    for (const channel of ['socket', 'http'] as const) {
      const some = readers.filter(reader => reader.channel === channel);
      const who = some.map(({ principal: own }) => (hasUnmasked ? { ...own, purpose } : own));
      const refusedHere = who.length ? await trail.noteAll(hub.audit, who, channel, text) : new Map();
      for (const [i, reader] of some.entries())
        if (refusedHere.has(who[i]!)) refused.set(reader, refusedHere.get(who[i]!)!);
    }
    return refused;
  };
  return { payload: new Payload(JSON.stringify(tell(result))), note: trail.isEmpty ? null : note };
}

function causeOf({ originalError }: GraphQLError): unknown {
  let current: unknown = originalError;
  while (current instanceof Error && 'originalError' in current && current.originalError)
    current = current.originalError;
  return current;
}
