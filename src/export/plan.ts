/**
 * Plans an operation as an export: which list is read page by page, and which columns are made of what is selected of a
 * row.
 */
import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  validate,
  visit,
} from 'graphql';
import { withoutValues } from '../api/request/errors.ts';
import { HubError } from '../domain/error-codes.ts';

/** What an export reads, in the order of the list: its rows, or its groups. */
export interface ExportPlan {
  readonly name: string | null;
  /** Takes `$exportAfter` or `$exportSkip`, and `$exportAsOf`. */
  readonly document: DocumentNode;
  readonly text: string;
  /** Response names that lead to the list. */
  readonly list: string;
  readonly groups: string | null;
  readonly nodes: string;
  /** What is selected of a row, for its columns. */
  readonly selection: readonly FieldNode[];
  readonly rowType: GraphQLObjectType;
}

const pageSize = 200;
const groupPageSize = 1000;
const how =
  'An export is one list of one query, written out without fragments: `{ cases(where: ...) { nodes { ... } } }`';

/** Throws BAD_USER_INPUT with how an export is written, or with what does not fit the schema. */
export function planExport(schema: GraphQLSchema, given: DocumentNode): ExportPlan {
  const operation = getOperationAST(given);
  const root = only(operation?.selectionSet.selections);
  if (operation?.operation !== 'query' || !root) bad(how);
  const [fault] = validate(schema, given);
  if (fault) bad(`The operation does not fit the schema: ${withoutValues(fault.message, fault)}`);
  const field = schema.getQueryType()!.getFields()[root.name.value]!;
  const type = getNamedType(field.type);
  if (!isObjectType(type) || !field.args.some(({ name }) => name === 'after') || !type.getFields().nodes) bad(how);
  const groups = childOf(root, 'groups');
  const nodes = groups ? childOf(groups, 'nodes') : childOf(root, 'nodes');
  if (!nodes || (groups && childOf(root, 'nodes'))) bad(`${how}, or its \`groups { nodes { ... } }\``);
  const listType = groups ? objectOf(type, 'groups') : type;
  const document = rewritten(given, operation, groups ? pagedGroups(root, groups) : pagedRows(root));
  return {
    name: operation.name?.value ?? null,
    document,
    text: print(document),
    list: responseName(root),
    groups: groups && responseName(groups),
    nodes: responseName(nodes),
    selection: [nodes],
    rowType: objectOf(listType, 'nodes'),
  };
}

export const responseName = (field: FieldNode): string => field.alias?.value ?? field.name.value;
const objectOf = (type: GraphQLObjectType, field: string) =>
  getNamedType(type.getFields()[field]!.type) as GraphQLObjectType;
const only = (selections: OperationDefinitionNode['selectionSet']['selections'] | undefined): FieldNode | null =>
  selections?.length === 1 && selections[0]!.kind === Kind.FIELD ? selections[0]! : null;
const childOf = (field: FieldNode, name: string): FieldNode | null =>
  (field.selectionSet?.selections.find(node => node.kind === Kind.FIELD && node.name.value === name) as FieldNode) ??
  null;

function bad(message: string): never {
  throw new HubError('BAD_USER_INPUT', message);
}

/** Parses a selection of a list named `x`, whose arguments and parts are used in the export. */
function selection(text: string): FieldNode {
  const { definitions } = parse(`{ ${text} }`, { noLocation: true });
  return (definitions[0] as OperationDefinitionNode).selectionSet.selections[0] as FieldNode;
}
function withArguments(field: FieldNode, dropped: readonly string[], added: FieldNode): readonly ArgumentNode[] {
  const kept = (field.arguments ?? []).filter(({ name }) => !dropped.includes(name.value));
  const names = new Set(kept.map(({ name }) => name.value));
  return [...kept, ...added.arguments!.filter(({ name }) => !names.has(name.value))];
}

function pagedRows(root: FieldNode): FieldNode {
  const nodes = childOf(root, 'nodes')!;
  const paged = selection(
    `x(first: ${pageSize}, after: $exportAfter, asOf: $exportAsOf) { exportPage: pageInfo { hasNextPage endCursor } }`,
  );
  return {
    ...root,
    arguments: withArguments(root, ['first', 'after', 'last', 'before'], paged),
    selectionSet: { ...root.selectionSet!, selections: [nodes, ...paged.selectionSet!.selections] },
  };
}

function pagedGroups(root: FieldNode, groups: FieldNode): FieldNode {
  const nodes = childOf(groups, 'nodes')!;
  const paged = selection(`x(limit: ${groupPageSize}, skip: $exportSkip) { exportMore: hasNextPage }`);
  const inner = {
    ...groups,
    arguments: withArguments(groups, ['limit', 'skip'], paged),
    selectionSet: { ...groups.selectionSet!, selections: [nodes, ...paged.selectionSet!.selections] },
  };
  return {
    ...root,
    arguments: withArguments(root, ['first', 'after', 'last', 'before'], selection('x(asOf: $exportAsOf)')),
    selectionSet: { ...root.selectionSet!, selections: [inner] },
  };
}

/** The document with its list read page by page, without variables that are no longer used. */
function rewritten(given: DocumentNode, operation: OperationDefinitionNode, root: FieldNode): DocumentNode {
  const own = parse('query ($exportAfter: String, $exportSkip: Int, $exportAsOf: DateTime) { x }', {
    noLocation: true,
  });
  const added = (own.definitions[0] as OperationDefinitionNode).variableDefinitions!;
  const others = given.definitions.filter(definition => definition !== operation);
  const used = new Set<string>();
  const note = { Variable: ({ name }: { name: { value: string } }) => void used.add(name.value) };
  for (const part of [root, ...others]) visit(part, note);
  const variableDefinitions = [...(operation.variableDefinitions ?? []), ...added].filter(({ variable }) =>
    used.has(variable.name.value),
  );
  const selectionSet = { ...operation.selectionSet, selections: [root] };
  return { kind: Kind.DOCUMENT, definitions: [{ ...operation, variableDefinitions, selectionSet }, ...others] };
}
