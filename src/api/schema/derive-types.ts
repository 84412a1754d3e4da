/** GraphQL types derived from the catalog: TypeGraphQL's decorators are functions, so they are called with data. */
import {
  Arg,
  type ClassType,
  Field as GraphField,
  ID,
  Int,
  ObjectType,
  Query,
  Resolver,
  registerEnumType,
} from 'type-graphql';
import type { CodeTable, Field, Scalar } from '../../../adapters/kit/record.ts';
import { type Catalog, isStated, isStored, type Noun, type StoredNoun, snake } from '../../catalog/catalog.ts';
import { maxGroupPage } from '../../query/groups/group-query.ts';
import type { FieldSource } from '../../query/selected-field.ts';
import { AgencyRecord, maskedDescription, Node, PageInfo, RecordSource, Spelling } from './base-types.ts';
import { GroupOrder, GroupTest, GroupTypes, registerTimeUnit } from './derive-groups.ts';
import { WhereTypes } from './derive-where.ts';
import { DateTime, Decimal, GeoPolygon, LocalDate } from './scalars.ts';

/**
 * How a derived field is read; attached after the build, because the cost of @Extensions grows with the square of the
 * number of fields.
 */
export interface Facts {
  readonly read: FieldSource;
  readonly sensitivity?: Field['sensitivity'];
  /** The agency is asked for it when it is read. */
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
export function deriveTypes(catalog: Catalog): DerivedTypes {
  return new TypeDeriver(catalog).derive();
}

class TypeDeriver {
  private readonly derived = new Map<string, Derived>();
  private readonly facts = new Map<string, Facts>();
  private readonly enums = new Map<CodeTable, object>();
  private readonly lists = named('RecordLists');

  private readonly ground = {
    put: (target: ClassType, name: string, type: () => unknown, options: object, read: FieldSource) =>
      this.put(target, name, type, options, { read }),
    typeOf: (field: Field) => this.typeOf(field),
    where: (noun: Noun) => this.derived.get(noun.name)!.where,
    describe,
  };
  private readonly groupTypes = new GroupTypes(this.ground);
  private readonly whereTypes = new WhereTypes(this.ground);

  constructor(private readonly catalog: Catalog) {}

  derive(): DerivedTypes {
    Resolver()(this.lists);
    registerTimeUnit();
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
    const order: Record<string, string> = {};
    this.put(object, 'id', () => ID, {}, { read: { kind: 'id' } });
    const masked = { description: maskedDescription };
    this.put(object, 'masked', () => [String], masked, { read: { kind: 'masked' } });
    if (isStated(noun)) this.envelope(object, noun);
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
      for (const way of ['asc', 'desc']) order[`${upperSnake(name)}_${way.toUpperCase()}`] = `${name} ${way}`;
    }
    for (const way of ['asc', 'desc']) order[`OBSERVED_AT_${way.toUpperCase()}`] = `observedAt ${way}`;
    this.heading(noun, object);
    this.relations(noun, object);
    const implemented = isStated(noun) ? [AgencyRecord, Node] : [Node];
    const { en, zh } = noun.kind.title;
    ObjectType(noun.name, { description: `${en} · ${zh}`, implements: implemented as never })(object);
    registerEnumType(order, { name: `${noun.name}Order` });
    return { object, where: this.whereTypes.of(noun), order, connection: this.connection(noun, object) };
  }

  private envelope(object: ClassType, { kind }: Noun): void {
    this.put(object, 'source', () => RecordSource, {}, { read: { kind: 'source' } });
    const nullable = kind.timeReveals.length > 0;
    this.put(object, 'observedAt', () => DateTime, { nullable }, { read: { kind: 'observedAt' } });
    this.put(object, 'asOf', () => DateTime, { nullable: true }, { read: { kind: 'asOf' } });
    this.put(object, 'spellings', () => [Spelling], {}, { read: { kind: 'spellings' } });
  }

  private heading({ kind }: Noun, object: ClassType): void {
    if (!kind.heading) return;
    const { en, zh } = kind.heading.title;
    const options = { nullable: true, description: `${en} · ${zh}` };
    this.put(object, 'heading', () => String, options, { read: { kind: 'heading' } });
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
    const type = this.groupTypes.of(noun, this.whereTypes.timesOf(noun));
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
      ['limit', () => Int, { nullable: true, defaultValue: 100, description: `At most ${maxGroupPage}` }],
      ['skip', () => Int, { nullable: true, defaultValue: 0 }],
    ];
    args.forEach(([name, of, options], i) => {
      Arg(name, of as never, options)(connection.prototype, 'groups', i);
    });
  }

  private typeOf(field: Field): unknown {
    return field.scalar === 'code' ? this.enumOf(field.table!) : scalars[field.scalar];
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
