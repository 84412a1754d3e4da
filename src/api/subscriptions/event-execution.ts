/**
 * Executes a subscription's document for one event, with a context of its own, once for all readers who see the same.
 */
import { type DocumentNode, type ExecutionResult, execute, type GraphQLError, type GraphQLSchema } from 'graphql';
import type { Principal } from '../../access/principal.ts';
import type { Operation } from '../../audit/trail.ts';
import type { HubError } from '../../domain/error-codes.ts';
import type { EventAnswer } from '../../feed/group-handler.ts';
import { Payload } from '../../feed/payload.ts';
import { isTransient } from '../../feed/transient-failure.ts';
import type { MomentReads } from '../../query/stream-reads.ts';
import { Context, type Hub } from '../request/context.ts';

/** Who gets an answer, and over which transport. */
export interface Subscriber {
  readonly principal: Principal;
  readonly channel: 'socket' | 'http';
  /** Of the client; readers without a token share the budget of their address. */
  readonly address: string;
}
export interface EventExecution {
  readonly schema: GraphQLSchema;
  readonly hub: Hub;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  /** Variables of the root field may be those of any member: they decide which events are sent, not what is in them. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** For the audit log. */
  readonly operation: Operation;
  readonly toClient: (result: ExecutionResult) => ExecutionResult;
}

/**
 * Throws transient failures of the database, so that the event is tried again. All other failures are in the answer.
 * @param moment null: read everything as of now
 */
export async function answerFor(
  { schema, hub, document, operationName, variables, operation, toClient }: EventExecution,
  principal: Principal,
  root: object,
  moment: MomentReads | null = null,
): Promise<EventAnswer<Subscriber>> {
  const contextValue = new Context(moment ? { ...hub, ...moment } : hub, principal);
  contextValue.trail.operation = operation;
  const args = { schema, document, operationName, variableValues: variables, rootValue: root, contextValue };
  const result = await execute(args);
  contextValue.end();
  const unread = result.errors?.map(causeOf).find(isTransient);
  if (unread) throw unread;
  const { trail } = contextValue;
  const note = async (readers: readonly Subscriber[], text: string) => {
    // A reader with unmasked records shares a group with nobody else, so the grants are theirs.
    const { purpose, hasUnmasked } = contextValue;
    const refused = new Map<Subscriber, HubError>();
    for (const channel of ['socket', 'http'] as const) {
      const some = readers.filter(reader => reader.channel === channel);
      const who = some.map(({ principal: own }) => (hasUnmasked ? { ...own, purpose } : own));
      const refusedHere = who.length ? await trail.noteAll(hub.audit, who, channel, text) : new Map();
      for (const [i, reader] of some.entries())
        if (refusedHere.has(who[i]!)) refused.set(reader, refusedHere.get(who[i]!)!);
    }
    return refused;
  };
  return { payload: new Payload(JSON.stringify(toClient(result))), note: trail.isEmpty ? null : note };
}

function causeOf({ originalError }: GraphQLError): unknown {
  let current: unknown = originalError;
  while (current instanceof Error && 'originalError' in current && current.originalError)
    current = current.originalError;
  return current;
}
