/**
 * Reads what an operation selects: GraphQL's selections in terms of the catalog, each as the `read` extension of its
 * field says.
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import type { FieldSource, SelectedField } from '../../query/selected-field.ts';
import { argumentValues } from './argument-values.ts';

export interface QuerySelection {
  readonly schema: GraphQLSchema;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variableValues: Readonly<Record<string, unknown>>;
}
/** Fields of an answer by their names in it; selections of the same name are one field. */
export type Collected = ReadonlyMap<string, readonly FieldNode[]>;

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** How the field is read; without it the field has a hand-written resolver. */
    read?: FieldSource;
  }
}

const elsewhere: FieldSource = { kind: 'elsewhere', needs: [] };
const nothing: readonly SelectedField[] = [];

export const collectRoots = (
  { schema, fragments, variableValues, operation }: QuerySelection & { readonly operation: OperationDefinitionNode },
  type: GraphQLObjectType,
): Collected => collectFields(schema, fragments as never, variableValues as never, type, operation.selectionSet);

/** @param collected fields of an object of this type */
export const selectedFieldsOf = (
  selection: QuerySelection,
  type: GraphQLObjectType,
  collected: Collected,
): SelectedField[] => [...collected].map(([key, nodes]) => selectedField(selection, type, key, nodes));

function selectedField(
  selection: QuerySelection,
  type: GraphQLObjectType,
  key: string,
  nodes: readonly FieldNode[],
): SelectedField {
  const [node] = nodes as readonly [FieldNode];
  const name = node.name.value;
  const label = `${type.name}.${name}`;
  const head = { key, label, place: nodes };
  const field = type.getFields()[name];
  if (!field) {
    const read: FieldSource = name === '__typename' ? { kind: 'typename' } : elsewhere;
    return { ...head, read, args: {}, keyVariable: null, problem: null, of: () => nothing, required: true };
  }
  const { args, problem } = argumentsOf(selection, field, node);
  const read = (field.extensions.read as FieldSource | undefined) ?? elsewhere;
  const required = isNonNullType(field.type);
  const keyVariable = read.kind === 'byKey' ? keyVariableOf(node) : null;
  return {
    ...head,
    read,
    args,
    keyVariable,
    problem,
    of: selections(selection, getNamedType(field.type), nodes),
    required,
  };
}

function keyVariableOf({ arguments: given = [] }: FieldNode): SelectedField['keyVariable'] {
  const [argument] = given;
  return argument?.value.kind === Kind.VARIABLE
    ? { argument: argument.name.value, variable: argument.value.name.value }
    : null;
}

function argumentsOf({ variableValues }: QuerySelection, field: GraphQLField<unknown, unknown>, node: FieldNode) {
  try {
    return { args: argumentValues(field, node, variableValues), problem: null };
  } catch (error) {
    if (error instanceof GraphQLError) return { args: {}, problem: error };
    throw error;
  }
}

/** Selections of an object by the name of its type, read when they are needed. */
function selections(
  selection: QuerySelection,
  type: GraphQLNamedType,
  nodes: readonly FieldNode[],
): SelectedField['of'] {
  if (!isCompositeType(type)) return () => nothing;
  const known = new Map<string, readonly SelectedField[]>();
  return name => {
    const found = known.get(name);
    if (found) return found;
    const object = selection.schema.getType(name);
    if (!isObjectType(object)) throw new Error(`${name} is no type of objects`);
    const { schema, fragments, variableValues } = selection;
    const fields = collectSubfields(schema, fragments as never, variableValues as never, object, nodes as never);
    const selected = selectedFieldsOf(selection, object, fields);
    known.set(name, selected);
    return selected;
  };
}
