/** TypeGraphQL's types with the names of the hub's own, and resolvers that find entities and load relations. */
import type { EntityManager } from '@mikro-orm/postgresql';
import type { GraphQLSchema } from 'graphql';
import {
  Arg,
  Args,
  ArgsType,
  buildSchema,
  type ClassType,
  Ctx,
  Field,
  FieldResolver,
  GraphQLISODateTime,
  ID,
  InputType,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
  registerEnumType,
} from 'type-graphql';
import { type Catalog, type Noun, type Relation, type StoredNoun, snake } from '../../../src/catalog/catalog.ts';
import { CasesByMonthResolver } from './book-cases-by-month.ts';
import { idOf } from './book-entities.ts';
import { type Entity, type ListArguments, type Loaders, orderOf } from './book-loaders.ts';
import { EventResolver, pubSub } from './book-subscription.ts';

interface Context {
  readonly em: EntityManager;
  readonly loaders: Loaders;
}
interface Types {
  readonly object: ClassType;
  readonly connection: ClassType;
  readonly where: ClassType;
  readonly listArgs: ClassType;
}
const named = (name: string): ClassType => ({ [name]: class {} })[name]!;
const scalars = {
  text: String,
  integer: Int,
  decimal: String,
  date: String,
  instant: GraphQLISODateTime,
  flag: Boolean,
  geometry: String,
} as const;
const defaultFirst = 20;

export function bookSchema(catalog: Catalog): Promise<GraphQLSchema> {
  const types = new Map<string, Types>(catalog.all().map(noun => [noun.name, emptyTypes(noun)]));
  const resolvers = catalog.all().map(noun => declare(noun, types));
  return buildSchema({
    resolvers: [...resolvers, EventResolver, CasesByMonthResolver] as never,
    pubSub: pubSub as never,
    validate: false,
  });
}

const emptyTypes = ({ name }: Noun): Types => ({
  object: named(name),
  connection: named(`${name}Connection`),
  where: named(`${name}Where`),
  listArgs: named(`${name}ListArgs`),
});

const filters = new Map<unknown, ClassType>();
const enums = new Map<unknown, object>();

function typeOf(noun: Noun, name: string): unknown {
  const { field } = noun.columns.get(name)!;
  if (field.scalar !== 'code') return scalars[field.scalar];
  const known = enums.get(field.table);
  if (known) return known;
  const values = Object.fromEntries(Object.keys(field.table!.values).map(value => [value, value]));
  registerEnumType(values, { name: field.table!.name });
  enums.set(field.table, values);
  return values;
}

function filterOf(type: unknown, name: string): ClassType {
  const known = filters.get(type);
  if (known) return known;
  const filter = named(`${name}Filter`);
  InputType(filter.name)(filter);
  Field(() => type as never, { nullable: true })(filter.prototype, 'eq');
  Field(() => type as never, { nullable: true })(filter.prototype, 'lte');
  Field(() => [type as never], { nullable: true })(filter.prototype, 'in');
  filters.set(type, filter);
  return filter;
}

function declare(noun: StoredNoun, types: ReadonlyMap<string, Types>): ClassType {
  const { object, connection, where, listArgs } = types.get(noun.name)!;
  ObjectType(noun.name)(object);
  Field(() => ID)(object.prototype, 'id');
  Field(() => GraphQLISODateTime)(object.prototype, 'observedAt');
  InputType(where.name)(where);
  const order: Record<string, string> = {};
  for (const [name, { field }] of noun.columns) {
    const type = typeOf(noun, name);
    Field(() => type as never, { nullable: true })(object.prototype, name);
    const filter = filterOf(type, field.scalar === 'code' ? field.table!.name : (type as { name: string }).name);
    Field(() => filter, { nullable: true })(where.prototype, name);
    for (const way of ['asc', 'desc']) order[`${snake(name)}_${way}`.toUpperCase()] = `${name} ${way}`;
  }
  registerEnumType(order, { name: `${noun.name}Order` });
  ObjectType(connection.name)(connection);
  Field(() => [object])(connection.prototype, 'nodes');
  ArgsType()(listArgs);
  Field(() => Int, { defaultValue: defaultFirst })(listArgs.prototype, 'first');
  Field(() => [order as never], { nullable: true })(listArgs.prototype, 'orderBy');
  return resolverOf(noun, types);
}

function resolverOf(noun: StoredNoun, types: ReadonlyMap<string, Types>): ClassType {
  const { object, connection, where, listArgs } = types.get(noun.name)!;
  const resolver = named(`${noun.name}Resolver`);
  const methods = resolver.prototype as Record<string, unknown>;
  Resolver(() => object)(resolver);
  for (const relation of noun.relations.values()) if (!relation.live) relate(resolver, relation, types);
  const one = noun.name[0]!.toLowerCase() + noun.name.slice(1);
  const key = noun.kind.key[0]!;
  methods[one] = (value: string, { em }: Context) =>
    em.findOne(noun.name as never, { [key]: value, deleted: false } as never, { orderBy: { id: 'asc' } } as never);
  Arg(key, () => String)(resolver.prototype, one, 0);
  Ctx()(resolver.prototype, one, 1);
  Query(() => object, { nullable: true })(resolver.prototype, one, {});
  const all = noun.kind.plural;
  methods[all] = async (filter: object | null, args: ListArguments, { em }: Context) => {
    const options = { orderBy: orderOf(args), limit: args.first };
    return {
      nodes: await em.find(noun.name as never, { ...conditions(filter), deleted: false } as never, options as never),
    };
  };
  Arg('where', () => where, { nullable: true })(resolver.prototype, all, 0);
  Args(() => listArgs)(resolver.prototype, all, 1);
  Ctx()(resolver.prototype, all, 2);
  Query(() => connection)(resolver.prototype, all, {});
  return resolver;
}

const operators: Readonly<Record<string, string>> = { eq: '$eq', lte: '$lte', in: '$in' };
const conditions = (filter: object | null): object =>
  Object.fromEntries(
    Object.entries(filter ?? {}).map(([field, tests]) => [
      field,
      Object.fromEntries(Object.entries(tests as object).map(([test, value]) => [operators[test]!, value])),
    ]),
  );

function relate(resolver: ClassType, relation: Relation, types: ReadonlyMap<string, Types>): void {
  const { name, many, to, link } = relation;
  const { object, connection, listArgs } = types.get(to.name)!;
  const methods = resolver.prototype as Record<string, unknown>;
  Root()(resolver.prototype, name, 0);
  if (many) {
    methods[name] = (parent: Entity, args: ListArguments, { loaders }: Context) =>
      loaders.many(relation, parent.id, args);
    Args(() => listArgs)(resolver.prototype, name, 1);
    Ctx()(resolver.prototype, name, 2);
    FieldResolver(() => connection)(resolver.prototype, name, {});
  } else {
    methods[name] = (parent: Entity, { loaders }: Context) => {
      const id = parent[idOf(link.role)] as string | null;
      return id && loaders.one(to.name, id);
    };
    Ctx()(resolver.prototype, name, 1);
    FieldResolver(() => object, { nullable: true })(resolver.prototype, name, {});
  }
}
