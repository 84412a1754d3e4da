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
  isEnumType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type TypeNode,
  type ValueNode,
} from 'graphql';
import { defaultPageSize } from '../../query/paging.ts';
import { type RowsOf, rowsLookedAt, testWeight } from '../../query/scan-cost.ts';
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
  /** A row that is looked at to find, order or count those of a list. */
  row: 0.001,
  count: 5,
  /** Groups are made and sorted, beside looking at their rows. */
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
  /** What measures of groups test in each row of the list that is grouped, in rows. */
  readonly measured: number;
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
  measured: 0,
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
  rowsOf: RowsOf = () => 0,
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
    private readonly rowsOf: RowsOf,
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
    const lists = !isCount && (field?.extensions.read as FieldSource | undefined)?.kind === 'list';
    const scans = field ? unit.row * this.scansOf(field, node, inner) : 0;
    const own = field ? ownCost(field, times) + scans : unit.leaf;
    const path = node.alias?.value ?? name;
    const within = { path: `${path}.${inner.mostExpensive.path}`, cost: inner.mostExpensive.cost * times };
    return {
      depth: inner.depth + 1,
      fields: inner.fields + 1,
      aliases: inner.aliases + aliases,
      introspectionFields: inner.introspectionFields,
      introspectionAliases: inner.introspectionAliases,
      cost: own + inner.cost * times,
      scans: scans + inner.scans * times,
      measured: lists ? 0 : inner.measured + (field ? this.measuredBy(field, node) : 0),
      mostExpensive: within.cost > own ? within : { path, cost: own },
      largestPage: Math.max((!grouped && size) || 0, inner.largestPage),
      counts: isCount,
      byVariables: false,
    };
  }

  /** Rows that are looked at for a list, or for the snapshot of a board. */
  private scansOf(field: GraphQLField<unknown, unknown>, node: FieldNode, inner: Weight): number {
    const where = field.args.find(arg => arg.name === 'where');
    if (!where) return 0;
    const given = (name: string) => this.argument(field, node, name);
    const read = field.extensions.read as FieldSource | undefined;
    if (read?.kind === 'list') {
      const { noun, relation } = read;
      const isPast = this.isGiven(node, 'asOf');
      const orderBy = this.orders(field, given('orderBy'));
      const { counts: isWhole, measured } = inner;
      const scan = { noun, relation, where: given('where'), orderBy, isPast, isWhole, measured };
      return rowsLookedAt(scan, this.rowsOf);
    }
    const noun = nounsOf(this.schema).get(getNamedType(where.type).name);
    if (!noun) return 0;
    // A board shows all rows that fit, unless it goes on behind a cursor.
    if (read || this.isGiven(node, 'after')) return 0;
    const board = {
      noun,
      relation: null,
      where: given('where'),
      orderBy: [],
      isPast: false,
      isWhole: true,
      measured: 0,
    };
    return rowsLookedAt(board, this.rowsOf);
  }

  private measuredBy(field: GraphQLField<unknown, unknown>, node: FieldNode): number {
    const where = field.args.find(arg => arg.name === 'where');
    const isMeasure = (field.extensions.read as FieldSource | undefined)?.kind === 'measure';
    const noun = isMeasure && where ? nounsOf(this.schema).get(getNamedType(where.type).name) : null;
    return noun ? testWeight(noun, this.argument(field, node, 'where'), this.rowsOf) : 0;
  }

  /** The value of an argument, null if it has none. Values of variables for single values are only known to be there. */
  private argument(field: GraphQLField<unknown, unknown>, node: FieldNode, name: string): unknown {
    const value = node.arguments?.find(argument => argument.name.value === name)?.value;
    if (!value || !field.args.some(argument => argument.name === name)) return null;
    return this.valueOf(value);
  }

  private isGiven({ arguments: given = [] }: FieldNode, name: string): boolean {
    const value = given.find(argument => argument.name.value === name)?.value;
    if (value?.kind !== Kind.VARIABLE) return value !== undefined && value.kind !== Kind.NULL;
    this.byVariables = true;
    return (this.variables[value.name.value] ?? null) !== null;
  }

  private valueOf(value: ValueNode): unknown {
    switch (value.kind) {
      case Kind.VARIABLE:
        return this.variableOf(value.name.value);
      case Kind.OBJECT:
        return Object.fromEntries(value.fields.map(each => [each.name.value, this.valueOf(each.value)]));
      case Kind.LIST:
        return value.values.map(each => this.valueOf(each));
      case Kind.NULL:
        return null;
      default:
        return value.value;
    }
  }

  private variableOf(name: string): unknown {
    const declared = this.operation.variableDefinitions?.find(({ variable }) => variable.name.value === name);
    const type = declared && this.schema.getType(namedTypeOf(declared.type));
    // One text is weighed once for all values of its tests; `$value` then stands for them.
    if (type && isScalarType(type)) return `$${name}`;
    this.byVariables = true;
    const given = this.variables[name];
    if (given !== undefined) return given;
    return declared?.defaultValue ? this.valueOf(declared.defaultValue) : null;
  }

  private orders(field: GraphQLField<unknown, unknown>, given: unknown): string[] {
    const type = getNamedType(field.args.find(arg => arg.name === 'orderBy')?.type);
    if (!isEnumType(type)) return [];
    const names = Array.isArray(given) ? given : [given];
    const orders = names.map(name => (typeof name === 'string' ? type.getValue(name)?.value : null));
    return orders.filter(order => typeof order === 'string');
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

const namedTypeOf = (type: TypeNode): string =>
  type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);

type ListNoun = Extract<FieldSource, { kind: 'list' }>['noun'];
const nounsBySchema = new WeakMap<GraphQLSchema, ReadonlyMap<string, ListNoun>>();
/** Nouns by the name of the type of their filters. */
function nounsOf(schema: GraphQLSchema): ReadonlyMap<string, ListNoun> {
  const known = nounsBySchema.get(schema);
  if (known) return known;
  const nouns = new Map<string, ListNoun>();
  for (const { args, extensions } of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    const read = extensions.read as FieldSource | undefined;
    const where = args.find(({ name }) => name === 'where');
    if (read?.kind === 'list' && where) nouns.set(getNamedType(where.type).name, read.noun);
  }
  nounsBySchema.set(schema, nouns);
  return nouns;
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
    measured: a.measured + b.measured,
    mostExpensive: b.mostExpensive.cost > a.mostExpensive.cost ? b.mostExpensive : a.mostExpensive,
    largestPage: Math.max(a.largestPage, b.largestPage),
    counts: a.counts || b.counts,
    byVariables: false,
  };
}
