/** Rows of a CSV export file, rebuilt into the shape of an answer. */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import type { Json } from './told-cells.ts';

export function csvRows(schema: GraphQLSchema, document: DocumentNode, text: string): Json[] {
  const [head = [], ...lines] = cellsOf(text);
  const [type, set] = nodesOf(schema, document);
  return lines.map(line => {
    const row: Record<string, unknown> = {};
    for (const [i, name] of head.entries()) put(row, name.split('.'), read(type, set, name.split('.'), line[i] ?? ''));
    return row;
  });
}

function cellsOf(text: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    if (end === '' && quoted === undefined && plain === '') break;
    lines.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end === '\r\n') lines.push([]);
  }
  return lines.filter(line => line.length > 0);
}

/** The type of the rows, and the selection on them. */
function nodesOf(schema: GraphQLSchema, document: DocumentNode): [GraphQLNamedType, SelectionSetNode] {
  let type: GraphQLNamedType = schema.getQueryType()!;
  let set = getOperationAST(document)!.selectionSet;
  for (;;) {
    const [field] = set.selections as readonly [FieldNode];
    type = typeOf(type, field.name.value);
    set = field.selectionSet!;
    if (field.name.value === 'nodes') return [type, set];
  }
}
const fieldOf = (type: GraphQLNamedType, name: string) => (isObjectType(type) ? type.getFields()[name] : undefined);
const typeOf = (type: GraphQLNamedType, name: string) => getNamedType(fieldOf(type, name)!.type);

/** Parses a text as the type of the field at this path. */
function read(type: GraphQLNamedType, set: SelectionSetNode, [first, ...rest]: string[], text: string): unknown {
  if (text === '') return null;
  const node = (set.selections as readonly FieldNode[]).find(each => (each.alias ?? each.name).value === first)!;
  if (node.name.value === '__typename') return text;
  if (rest.length) return read(typeOf(type, node.name.value), node.selectionSet!, rest, text);
  const { type: declared } = fieldOf(type, node.name.value)!;
  const of = getNamedType(declared);
  if (isListType(isNonNullType(declared) ? declared.ofType : declared) || of.name === 'GeoPolygon')
    return JSON.parse(text);
  if (isEnumType(of)) return text;
  if (of.name === 'Boolean') return text === 'true';
  // The export puts an apostrophe before a text that a spreadsheet would take for a formula.
  return of.name === 'Int' || of.name === 'Float' ? Number(text) : text.replace(/^'(?=[=+\-@])/, '');
}

function put(row: Record<string, unknown>, [first, ...rest]: string[], value: unknown): void {
  if (!rest.length) row[first!] = value;
  else {
    row[first!] ??= {};
    put(row[first!] as Record<string, unknown>, rest, value);
  }
}
