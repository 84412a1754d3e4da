/**
 * Estimates what an operation may cost from its document and variables, before anything runs. The document need not be
 * valid.
 */
import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { defaultPageSize } from '../../query/paging.ts';
import type { FieldSource } from '../../query/selected-field.ts';

/** Costs in units. One unit is about one object read and written out. */
const unit = {
  /** A value of an object. */
  leaf: 0.05,
  object: 1,
  /** A heading is made of two more objects, of which one value each is written. */
  heading: 2,
  /** A list of an object: a branch of a statement. */
  list: 1,
  /** Counting reads every row that it counts; for a root list that is a whole table. */
  row: 0.001,
  count: 5,
  /** Grouping reads all rows that fit: about what a hand-written statement over a large table costs. */
  groups: 100,
  /** A query to an agency, which takes the agency's time and counts against its limits. */
  live: 20,
  schema: 500,
  type: 20,
} as const;
/** Assumed number of elements of a list that has no page size. */
const unpagedSize = 5;

export interface Weight {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly introspectionFields: number;
  readonly introspectionAliases: number;
  readonly cost: number;
  /** The part of the cost that is for rows which are looked at and not shown. */
  readonly scans: number;
  /** The field whose own objects cost most, as a path. */
  readonly mostExpensive: { readonly path: string; readonly cost: number };
  readonly largestPage: number;
  /** Whether it counts or groups the list that it is part of. */
  readonly counts: boolean;
  /** Whether the cost depends on the values of variables. */
  readonly byVariables: boolean;
}
export const noWeight: Weight = {
  depth: 0,
  fields: 0,
  aliases: 0,
  introspectionFields: 0,
  introspectionAliases: 0,
  cost: 0,
  scans: 0,
  mostExpensive: { path: '', cost: 0 },
  largestPage: 0,
  counts: false,
  byVariables: false,
};

export function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  /** About how many rows a noun has. */
  rowsOf: (noun: string) => number = () => 0,
): Weight {
  return new Measure(schema, document, operation, variables, rowsOf).whole();
}

class Measure {
  private readonly fragments = new Map<string, FragmentDefinitionNode>();
  /**
   * Weights of fragments, by name and page: a fragment weighs the same wherever it is spread, so it is measured only
   * once.
   */
  private readonly known = new Map<string, Weight>();
  private readonly open = new Set<string>();
  private byVariables = false;

  constructor(
    private readonly schema: GraphQLSchema,
    document: DocumentNode,
    private readonly operation: OperationDefinitionNode,
    private readonly variables: Readonly<Record<string, unknown>>,
    private readonly rowsOf: (noun: string) => number,
  ) {
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.fragments.set(definition.name.value, definition);
    }
  }

  whole(): Weight {
    const root = this.schema.getRootType(this.operation.operation) ?? null;
    return { ...this.set(this.operation.selectionSet, root, null), byVariables: this.byVariables };
  }

  /** @param page the elements of the connection whose fields these are */
  private set(set: SelectionSetNode, type: GraphQLNamedType | null, page: number | null): Weight {
    let sum = noWeight;
    for (const node of set.selections) sum = plus(sum, this.selection(node, type, page));
    return sum;
  }

  private selection(
    node: SelectionSetNode['selections'][number],
    type: GraphQLNamedType | null,
    page: number | null,
  ): Weight {
    if (node.kind === Kind.FIELD) return this.field(node, type, page);
    if (node.kind === Kind.FRAGMENT_SPREAD) return this.spread(node.name.value, page);
    const on = node.typeCondition ? (this.schema.getType(node.typeCondition.name.value) ?? null) : type;
    return this.set(node.selectionSet, on, page);
  }

  private spread(name: string, page: number | null): Weight {
    const key = `${name} ${page}`;
    const known = this.known.get(key);
    if (known) return known;
    const fragment = this.fragments.get(name);
    // Validation refuses cycles and unknown names.
    if (!fragment || this.open.has(name)) return noWeight;
    this.open.add(name);
    const on = this.schema.getType(fragment.typeCondition.name.value) ?? null;
    const weight = this.set(fragment.selectionSet, on, page);
    this.open.delete(name);
    this.known.set(key, weight);
    return weight;
  }

  private field(node: FieldNode, type: GraphQLNamedType | null, page: number | null): Weight {
    const name = node.name.value;
    const aliases = node.alias ? 1 : 0;
    if (name.startsWith('__')) return this.introspection(node);
    const field = type && (isObjectType(type) || isInterfaceType(type)) ? type.getFields()[name] : undefined;
    const named = field ? getNamedType(field.type) : null;
    const grouped = Boolean(field?.extensions.grouped);
    const size = field ? this.pageOf(field, node, grouped ? groupSizes : pageSizes) : null;
    const list = field ? isList(field.type) : false;
    const times = list ? (size ?? page ?? unpagedSize) : 1;
    const inner = node.selectionSet
      ? this.set(node.selectionSet, named && isCompositeType(named) ? named : null, list ? null : size)
      : noWeight;
    const isCount = field?.name === 'totalCount' || grouped;
    const counted = inner.counts && !isCount ? unit.row * this.tableOf(field) : 0;
    const own = field ? ownCost(field, times) + counted : unit.leaf;
    const path = node.alias?.value ?? name;
    const within = { path: `${path}.${inner.mostExpensive.path}`, cost: inner.mostExpensive.cost * times };
    return {
      depth: inner.depth + 1,
      fields: inner.fields + 1,
      aliases: inner.aliases + aliases,
      introspectionFields: inner.introspectionFields,
      introspectionAliases: inner.introspectionAliases,
      cost: own + inner.cost * times,
      scans: counted + inner.scans * times,
      mostExpensive: within.cost > own ? within : { path, cost: own },
      largestPage: Math.max((!grouped && size) || 0, inner.largestPage),
      counts: isCount,
      byVariables: false,
    };
  }

  /** Rows of the table that is counted; only root lists count a whole table. */
  private tableOf(field: GraphQLField<unknown, unknown> | undefined): number {
    const read = field?.extensions.read as FieldSource | undefined;
    return read?.kind === 'list' && !read.relation ? this.rowsOf(read.noun.name) : 0;
  }

  /**
   * Weighs an introspection field. Its depth is bounded by graphql-js; without aliases its width is bounded by the
   * introspection types.
   */
  private introspection(node: FieldNode): Weight {
    const inside = node.selectionSet ? this.set(node.selectionSet, null, null) : noWeight;
    const own = node.name.value === '__schema' ? unit.schema : node.name.value === '__type' ? unit.type : unit.leaf;
    return {
      ...noWeight,
      introspectionFields: node.name.value === '__typename' ? 0 : inside.fields + 1,
      introspectionAliases: inside.aliases + inside.introspectionAliases,
      aliases: node.alias ? 1 : 0,
      cost: own,
      mostExpensive: { path: node.alias?.value ?? node.name.value, cost: own },
    };
  }

  private pageOf(
    field: GraphQLField<unknown, unknown>,
    { arguments: given = [] }: FieldNode,
    names: readonly string[],
  ): number | null {
    const sizes = field.args.filter(arg => names.includes(arg.name));
    if (!sizes.length) return null;
    const asked = sizes.map(arg => this.numberOf(given.find(node => node.name.value === arg.name)) ?? arg.defaultValue);
    const found = asked.filter(size => typeof size === 'number');
    return found.length ? Math.max(0, ...found) : defaultPageSize;
  }

  private numberOf(argument: ArgumentNode | undefined): number | null {
    const value: ValueNode | undefined = argument?.value;
    if (value?.kind === Kind.INT) return Number(value.value);
    if (value?.kind !== Kind.VARIABLE) return null;
    this.byVariables = true;
    const name = value.name.value;
    const given = this.variables[name];
    if (typeof given === 'number') return given;
    const declared = this.operation.variableDefinitions?.find(d => d.variable.name.value === name)?.defaultValue;
    return given === undefined && declared?.kind === Kind.INT ? Number(declared.value) : null;
  }
}

const pageSizes = ['first', 'last'];
/** Pages of groups have a bound of their own. */
const groupSizes = ['limit'];
const isList = (type: unknown): boolean => isListType(isNonNullType(type) ? type.ofType : type);

function ownCost(field: GraphQLField<unknown, unknown>, times: number): number {
  const named = getNamedType(field.type);
  if (field.name === 'totalCount') return unit.count;
  if (field.extensions.grouped) return unit.groups;
  if ((field.extensions.read as FieldSource | undefined)?.kind === 'heading') return unit.heading;
  if (isLeafType(named)) return unit.leaf;
  if (field.extensions.live) return unit.live + times;
  return isList(field.type) ? unit.list + unit.object * times : unit.object;
}

function plus(a: Weight, b: Weight): Weight {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
    introspectionFields: a.introspectionFields + b.introspectionFields,
    introspectionAliases: a.introspectionAliases + b.introspectionAliases,
    cost: a.cost + b.cost,
    scans: a.scans + b.scans,
    mostExpensive: b.mostExpensive.cost > a.mostExpensive.cost ? b.mostExpensive : a.mostExpensive,
    largestPage: Math.max(a.largestPage, b.largestPage),
    counts: a.counts || b.counts,
    byVariables: false,
  };
}
