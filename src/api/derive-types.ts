/** GraphQL types derived from the catalog: TypeGraphQL's decorators are functions, so they are called with data. */
import {
  Arg,
  type ClassType,
  Field as GraphField,
  ID,
  InputType,
  Int,
  ObjectType,
  Query,
  Resolver,
  registerEnumType,
} from 'type-graphql';
import type { CodeTable, Field, Scalar } from '../../adapters/kit/record.ts';
import { type Catalog, isStated, isStored, type Noun, type StoredNoun, snake } from '../catalog/catalog.ts';
import { largestGroupPage } from '../query/groups/question.ts';
import type { Read } from '../query/wanted.ts';
import { AgencyRecord, Node, PageInfo, RecordSource, Spelling } from './base-types.ts';
import { fieldEnum, GroupOrder, GroupTest, GroupTypes, isTime, registerTimeUnit } from './derive-groups.ts';
import { DateTime, Decimal, GeoPolygon, LocalDate } from './scalars.ts';

/** What stands behind a derived field; attached after the build, because @Extensions costs fields times fields. */
export interface Facts {
  readonly read: Read;
  readonly sensitivity?: Field['sensitivity'];
  /** Asked of the agency when it is read. */
  readonly live?: boolean;
  /** Groups rows of a list. */
  readonly grouped?: boolean;
}
export interface Derived {
  readonly object: ClassType;
  readonly where: ClassType;
  readonly order: object;
  readonly connection: ClassType;
}
export interface DerivedTypes {
  of(noun: string): Derived;
  readonly resolvers: ClassType[];
  readonly facts: ReadonlyMap<string, Facts>;
}

const named = (name: string): ClassType => ({ [name]: class {} })[name]!;
const lowerFirst = (name: string) => name[0]!.toLowerCase() + name.slice(1);
const upperSnake = (name: string) => snake(name).toUpperCase();
/** `registeredCapital` reads "Registered capital". */
const words = (name: string) =>
  snake(name)
    .replaceAll('_', ' ')
    .replace(/^./, first => first.toUpperCase());

function describe(name: string, field: Field): string {
  const unit = field.unit ? ` (${field.unit})` : '';
  const classified = field.sensitivity === 'public' ? '' : ` [${field.sensitivity}]`;
  return `${field.title.en || words(name)}${unit} · ${field.title.zh}${classified}`;
}

const scalars: Readonly<Record<Exclude<Scalar, 'code'>, unknown>> = {
  text: String,
  integer: Int,
  decimal: Decimal,
  date: LocalDate,
  instant: DateTime,
  flag: Boolean,
  geometry: GeoPolygon,
};
const asOfDescription =
  'As the hub knew it at this moment, with all that hangs on it; who may see what is decided as of now';
const ordered = ['eq', 'in', 'gt', 'gte', 'lt', 'lte', 'isNull'];
const Comparator = { BEFORE: '<', BEFORE_OR_AT: '<=', AT: '=', AT_OR_AFTER: '>=', AFTER: '>' } as const;
const filterOperators: Readonly<Record<Exclude<Scalar, 'geometry'>, readonly string[]>> = {
  text: ['eq', 'in', 'startsWith', 'contains', 'isNull'],
  integer: ordered,
  decimal: ordered,
  date: ordered,
  instant: ordered,
  flag: ['eq', 'isNull'],
  code: ['eq', 'in', 'isNull'],
};

export function deriveTypes(catalog: Catalog): DerivedTypes {
  return new TypeDeriver(catalog).derive();
}

class TypeDeriver {
  private readonly derived = new Map<string, Derived>();
  private readonly facts = new Map<string, Facts>();
  private readonly enums = new Map<CodeTable, object>();
  private readonly filters = new Map<string, ClassType>();
  private readonly lists = named('RecordLists');

  private readonly groupTypes = new GroupTypes({
    put: (target, name, type, options, read) => this.put(target, name, type, options, { read }),
    typeOf: field => this.typeOf(field),
    where: noun => this.derived.get(noun.name)!.where,
    describe,
  });

  constructor(private readonly catalog: Catalog) {}

  derive(): DerivedTypes {
    Resolver()(this.lists);
    registerTimeUnit();
    registerEnumType(Comparator, { name: 'Comparator', description: 'Earlier, later or at once · 比较' });
    for (const noun of this.catalog.nouns.values()) this.derived.set(noun.name, this.deriveNoun(noun));
    for (const noun of this.catalog.all()) this.deriveRoots(noun);
    return { of: name => this.derived.get(name)!, resolvers: [this.lists], facts: this.facts };
  }

  private put(target: ClassType, name: string, type: () => unknown, options: object, facts: Facts): void {
    GraphField(type as never, options)(target.prototype, name);
    this.facts.set(`${target.name}.${name}`, facts);
  }

  private deriveNoun(noun: Noun): Derived {
    const object = named(noun.name);
    const where = named(`${noun.name}Where`);
    const order: Record<string, string> = {};
    this.put(object, 'id', () => ID, {}, { read: { kind: 'id' } });
    if (isStated(noun)) this.envelope(object);
    for (const [name, { field }] of noun.columns) {
      const type = this.typeOf(field);
      // Whatever a policy may mask can be null, whoever asks.
      const nullable = field.optional || field.sensitivity !== 'public';
      this.put(
        object,
        name,
        () => type,
        { nullable, description: describe(name, field) },
        { read: { kind: 'field', name }, sensitivity: field.sensitivity },
      );
      if (field.scalar === 'geometry') continue;
      const filter = this.filterOf(field);
      GraphField(() => filter, { nullable: true })(where.prototype, name);
      for (const way of ['asc', 'desc']) order[`${upperSnake(name)}_${way.toUpperCase()}`] = `${name} ${way}`;
    }
    for (const way of ['asc', 'desc']) order[`OBSERVED_AT_${way.toUpperCase()}`] = `observedAt ${way}`;
    this.relations(noun, object);
    this.relationTests(noun, where);
    const implemented = isStated(noun) ? [AgencyRecord, Node] : [Node];
    const { en, zh } = noun.kind.title;
    ObjectType(noun.name, { description: `${en} · ${zh}`, implements: implemented as never })(object);
    this.finishWhere(noun, where);
    registerEnumType(order, { name: `${noun.name}Order` });
    return { object, where, order, connection: this.connection(noun, object) };
  }

  private envelope(object: ClassType): void {
    this.put(object, 'source', () => RecordSource, {}, { read: { kind: 'source' } });
    this.put(object, 'observedAt', () => DateTime, {}, { read: { kind: 'observedAt' } });
    this.put(object, 'asOf', () => DateTime, { nullable: true }, { read: { kind: 'asOf' } });
    this.put(object, 'spellings', () => [Spelling], {}, { read: { kind: 'spellings' } });
  }

  private relations(noun: Noun, object: ClassType): void {
    for (const relation of noun.relations.values()) {
      const to = relation.to;
      const { en, zh } = relation.to.kind.title;
      const description = relation.live
        ? `${en}, asked of the agency when it is read · ${zh}（实时查询）`
        : `${en} · ${zh}`;
      const options = { nullable: true, description };
      if (relation.live) {
        this.put(object, relation.name, () => [this.derived.get(to.name)!.object], options, {
          read: { kind: 'live', relation },
          live: true,
        });
      } else if (relation.many && isStored(to)) {
        this.put(object, relation.name, () => this.derived.get(to.name)!.connection, options, {
          read: { kind: 'list', noun: to, relation },
        });
        this.listArgs(object.prototype, relation.name, to);
      } else if (isStored(to)) {
        this.put(object, relation.name, () => this.derived.get(to.name)!.object, options, {
          read: { kind: 'one', relation },
        });
      }
    }
  }

  private connection(noun: Noun, object: ClassType): ClassType {
    const edge = named(`${noun.name}Edge`);
    this.put(edge, 'cursor', () => String, {}, { read: { kind: 'cursor' } });
    this.put(edge, 'node', () => object, {}, { read: { kind: 'node' } });
    ObjectType(edge.name)(edge);
    const connection = named(`${noun.name}Connection`);
    this.put(connection, 'nodes', () => [object], {}, { read: { kind: 'nodes' } });
    this.put(connection, 'edges', () => [edge], {}, { read: { kind: 'edges' } });
    this.put(connection, 'pageInfo', () => PageInfo, {}, { read: { kind: 'pageInfo' } });
    const description = 'Of all pages; counted only when it is asked for';
    this.put(connection, 'totalCount', () => Int, { description }, { read: { kind: 'totalCount' } });
    if (isStored(noun)) this.groups(noun, connection);
    ObjectType(connection.name)(connection);
    return connection;
  }

  private groups(noun: StoredNoun, connection: ClassType): void {
    const type = this.groupTypes.of(noun, this.timesOf(noun));
    const description = 'The rows of the whole list in groups: what is selected under `key` groups them · 分组统计';
    this.put(
      connection,
      'groups',
      () => type,
      { description, nullable: true },
      { read: { kind: 'groups' }, grouped: true },
    );
    const args: [string, () => unknown, object][] = [
      ['having', () => [GroupTest], { nullable: true, description: 'Groups that fit all of these' }],
      ['orderBy', () => [GroupOrder], { nullable: true, description: 'By their keys without it' }],
      ['limit', () => Int, { defaultValue: 100, description: `At most ${largestGroupPage}` }],
      ['skip', () => Int, { defaultValue: 0 }],
    ];
    args.forEach(([name, of, options], i) => {
      Arg(name, of as never, options)(connection.prototype, 'groups', i);
    });
  }

  private finishWhere(noun: Noun, where: ClassType): void {
    const nullable = { nullable: true };
    // Of a noun that is about an agency, the agency itself can be tested.
    if (isStated(noun) && !noun.relations.has('agency'))
      GraphField(() => this.operators('TextFilter', String, filterOperators.text), nullable)(where.prototype, 'agency');
    GraphField(() => this.operators('DateTimeFilter', DateTime, ordered), nullable)(where.prototype, 'observedAt');
    GraphField(() => [where], { ...nullable, description: 'All of these' })(where.prototype, 'and');
    GraphField(() => [where], { ...nullable, description: 'At least one of these' })(where.prototype, 'or');
    GraphField(() => where, { ...nullable, description: 'Not this' })(where.prototype, 'not');
    InputType(where.name)(where);
  }

  /** What a row is related to can be tested like the row itself. */
  private relationTests(noun: Noun, where: ClassType): void {
    for (const { name, to, many, live } of noun.relations.values()) {
      if (live || !isStored(to)) continue;
      const related = many ? this.relatedOf(to) : null;
      const type = () => related ?? this.derived.get(to.name)!.where;
      const description = many ? undefined : 'There is one, and it fits';
      GraphField(type, { nullable: true, description })(where.prototype, name);
    }
    const field = this.timesOf(noun);
    if (!field) return;
    const comparison = named(`${noun.name}Comparison`);
    GraphField(() => field)(comparison.prototype, 'field');
    GraphField(() => Comparator)(comparison.prototype, 'is');
    GraphField(() => field)(comparison.prototype, 'than');
    const description = 'Two times of one row; a moment and a day are compared as days';
    InputType(comparison.name, { description })(comparison);
    GraphField(() => [comparison], { nullable: true, description: 'All of these' })(where.prototype, 'compare');
  }

  private readonly times = new Map<Noun, object>();
  /** The times of a row, where it has any. */
  private timesOf(noun: Noun): object | null {
    const columns = [...noun.columns.values()].filter(isTime);
    if (!columns.length) return null;
    const known = this.times.get(noun) ?? fieldEnum(`${noun.name}Time`, columns);
    this.times.set(noun, known);
    return known;
  }

  /** One type for each target, whoever leads to it. */
  private relatedOf(noun: Noun): ClassType {
    const name = `${noun.name}Related`;
    const known = this.filters.get(name);
    if (known) return known;
    const related = named(name);
    this.filters.set(name, related);
    const where = () => this.derived.get(noun.name)!.where;
    GraphField(where, { nullable: true, description: 'At least one fits' })(related.prototype, 'some');
    GraphField(where, { nullable: true, description: 'None fits' })(related.prototype, 'none');
    InputType(name)(related);
    return related;
  }

  private typeOf(field: Field): unknown {
    return field.scalar === 'code' ? this.enumOf(field.table!) : scalars[field.scalar];
  }

  private filterOf(field: Field): ClassType {
    if (field.scalar === 'code') {
      return this.operators(`${field.table!.name}Filter`, this.enumOf(field.table!), filterOperators.code);
    }
    const scalar = field.scalar as Exclude<Scalar, 'code' | 'geometry'>;
    const names = {
      text: 'Text',
      integer: 'Integer',
      decimal: 'Decimal',
      date: 'Date',
      instant: 'DateTime',
      flag: 'Flag',
    };
    return this.operators(`${names[scalar]}Filter`, scalars[scalar], filterOperators[scalar]);
  }

  private operators(name: string, type: unknown, operators: readonly string[]): ClassType {
    const known = this.filters.get(name);
    if (known) return known;
    const filter = named(name);
    this.filters.set(name, filter);
    for (const op of operators) {
      const of = op === 'in' ? [type] : op === 'isNull' ? Boolean : type;
      GraphField((() => of) as never, { nullable: true })(filter.prototype, op);
    }
    InputType(name)(filter);
    return filter;
  }

  private enumOf(table: CodeTable): object {
    const known = this.enums.get(table);
    if (known) return known;
    const values = Object.fromEntries(Object.keys(table.values).map(value => [value, value]));
    const descriptions = Object.entries(table.values).map(([value, { en, zh }]) => [
      value,
      { description: `${en} · ${zh}` },
    ]);
    registerEnumType(values, {
      name: table.name,
      description: `${table.title.en} · ${table.title.zh}`,
      valuesConfig: Object.fromEntries(descriptions),
    });
    this.enums.set(table, values);
    return values;
  }

  private listArgs(target: object, field: string, noun: Noun): void {
    const of = () => this.derived.get(noun.name)!;
    const args: [string, () => unknown, string?][] = [
      ['where', () => of().where],
      ['orderBy', () => [of().order]],
      ['first', () => Int, 'At most 200; 20 without it'],
      ['after', () => String],
      ['last', () => Int, 'Pages from the end'],
      ['before', () => String],
    ];
    if (target === this.lists.prototype) args.push(['asOf', () => DateTime, asOfDescription]);
    args.forEach(([name, type, description], i) => {
      Arg(name, type as never, { nullable: true, description })(target, field, i);
    });
  }

  /** `marketEntities(where, ...)` and `marketEntity(key)`. */
  private deriveRoots(noun: StoredNoun): void {
    const { plural, title, key } = noun.kind;
    const description = `${title.en} · ${title.zh}`;
    const none = () => ({ value: () => null });
    Query(() => this.derived.get(noun.name)!.connection, { nullable: true, description })(
      this.lists.prototype,
      plural,
      none(),
    );
    this.listArgs(this.lists.prototype, plural, noun);
    this.facts.set(`Query.${plural}`, { read: { kind: 'list', noun, relation: null } });
    const single = lowerFirst(noun.name);
    Query(() => this.derived.get(noun.name)!.object, { nullable: true, description })(
      this.lists.prototype,
      single,
      none(),
    );
    key.forEach((name, i) => {
      const { field } = noun.columns.get(name)!;
      const options = { nullable: i > 0, description: i > 0 ? 'The latest without it' : describe(name, field) };
      Arg(name, (() => this.typeOf(field)) as never, options)(this.lists.prototype, single, i);
    });
    const asOf = { nullable: true, description: asOfDescription };
    Arg('asOf', () => DateTime, asOf)(this.lists.prototype, single, key.length);
    this.facts.set(`Query.${single}`, { read: { kind: 'byKey', noun } });
  }
}
