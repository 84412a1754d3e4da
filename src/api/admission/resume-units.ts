/** The cost of continuing from an old position: every change since then is read again. */
import { type DocumentNode, type GraphQLSchema, getArgumentValues, getOperationAST, Kind } from 'graphql';
import type { Hub } from '../request/context.ts';

/** Per change that is read again; most are not for this reader. */
const unitsPerChange = 0.1;
/** A board without a cursor reads all rows that fit. */
const unitsOfSnapshot = 100;

interface Asked {
  readonly operationName?: unknown;
  readonly variables?: unknown;
}

/**
 * Returns 0 for operations that do not resume. An invalid cursor costs nothing here, because it is refused when it is
 * used.
 */
export function resumeUnits(
  schema: GraphQLSchema,
  document: DocumentNode,
  asked: Asked,
  { tail, cursors }: Pick<Hub, 'tail' | 'cursors'>,
): number {
  const { operationName, variables } = asked;
  const operation = getOperationAST(document, typeof operationName === 'string' ? operationName : undefined);
  const fields = operation?.operation === 'subscription' ? schema.getSubscriptionType()?.getFields() : undefined;
  const given = (variables ?? {}) as Record<string, unknown>;
  let units = 0;
  for (const node of operation?.selectionSet.selections ?? []) {
    const field = node.kind === Kind.FIELD ? fields?.[node.name.value] : undefined;
    if (!field || node.kind !== Kind.FIELD) continue;
    try {
      const { after, oldest } = getArgumentValues(field, node, given);
      const from = typeof after === 'string' ? cursors.peek(after) : oldest === true ? 0 : null;
      if (from !== null) units += Math.max(0, tail.position - from) * unitsPerChange;
      else if (typeof after !== 'string' && field.args.some(({ name }) => name === 'orderBy')) units += unitsOfSnapshot;
    } catch {
      // Validation or the resolver reports this error.
    }
  }
  return units;
}
