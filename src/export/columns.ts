/** The columns of an export: the scalar values among what is selected of a row, named by their path. */
import {
  type FieldNode,
  type GraphQLObjectType,
  getNamedType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields.js';
import type { QuerySelection } from '../api/queries/read-selection.ts';

/** How a value is written; exact numbers are text, and a list inside a row is JSON. */
export type ColumnKind = 'text' | 'integer' | 'float' | 'flag' | 'json';
export interface ExportColumn {
  readonly name: string;
  readonly path: readonly (string | number)[];
  readonly kind: ColumnKind;
}
export type ExportRow = Readonly<Record<string, unknown>>;

const kinds: Readonly<Record<string, ColumnKind>> = {
  Int: 'integer',
  Float: 'float',
  Boolean: 'flag',
  GeoPolygon: 'json',
};

export function columnsOf(
  ground: QuerySelection,
  type: GraphQLObjectType,
  fields: readonly FieldNode[],
): ExportColumn[] {
  return leaves(ground, type, fields, [], []);
}

function leaves(
  ground: QuerySelection,
  type: GraphQLObjectType,
  parents: readonly FieldNode[],
  path: ExportColumn['path'],
  names: readonly string[],
): ExportColumn[] {
  return [...selected(ground, type, parents)].flatMap(([response, fields]): ExportColumn[] => {
    const field = fields[0]!.name.value;
    const here = { path: [...path, response], names: [...names, response] };
    const column = (kind: ColumnKind) => [{ name: here.names.join('.'), path: here.path, kind }];
    if (field === '__typename') return column('text');
    const { type: of, extensions } = type.getFields()[field]!;
    const named = getNamedType(of);
    const list = isListType(isNonNullType(of) ? of.ofType : of);
    if (isObjectType(named) && extensions.read?.kind === 'groupNodes' && isOneGroup(ground, named, fields)) {
      return leaves(ground, named, fields, [...here.path, 0], names);
    }
    if (list) return column('json');
    if (isLeafType(named)) return column(kinds[named.name] ?? 'text');
    return isObjectType(named) ? leaves(ground, named, fields, here.path, here.names) : column('json');
  });
}

/** Groups without a key are a single group, so their measures are values of the row. */
const isOneGroup = (ground: QuerySelection, group: GraphQLObjectType, fields: readonly FieldNode[]) =>
  ![...selected(ground, group, fields).values()].some(([node]) => node!.name.value === 'key');

export function valueAt(row: ExportRow, path: ExportColumn['path']): unknown {
  let value: unknown = row;
  for (const step of path) value = (value as Record<string | number, unknown> | null | undefined)?.[step];
  return value ?? null;
}

/** The value as text, or as JSON. */
export const textOf = (value: unknown, kind: ColumnKind): string | null =>
  value === null ? null : kind === 'json' ? JSON.stringify(value) : String(value);

/** The fields selected under these, by their names in the answer. */
const selected = (
  { schema, fragments, variableValues }: QuerySelection,
  type: GraphQLObjectType,
  parents: readonly FieldNode[],
) => collectSubfields(schema, fragments as never, variableValues as never, type, parents as never);
