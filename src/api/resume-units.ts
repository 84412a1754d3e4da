/** What it costs to go on from an old position: everything that changed since is looked at again. */
import { type DocumentNode, type GraphQLSchema, getArgumentValues, getOperationAST, Kind } from 'graphql';
import type { Hub } from './context.ts';

/** Per change that is read again; most are not for this reader. */
const unitsPerChange = 0.1;
/** A board without a cursor reads all that fits. */
const unitsOfSnapshot = 100;

interface Asked {
  readonly operationName?: unknown;
  readonly variables?: unknown;
}

/** 0 for what does not resume. A cursor that nobody made costs nothing here: it is refused when it is used. */
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
      // Said by validation or by the resolver.
    }
  }
  return units;
}
