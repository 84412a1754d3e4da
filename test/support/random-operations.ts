/** Random valid operations of a schema: fields, aliases, fragments, directives, variables, pages, filters, orders. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import type { Field } from '../../adapters/kit/record.ts';
import type { Random } from '../../seeds/township/model.ts';
import { type Catalog, isStored, type Noun, type StoredNoun } from '../../src/catalog/catalog.ts';
import { graphValue, type TownInMemory } from './town-in-memory.ts';
import { filterable, orderName, type Row, randomOrders, randomTest, randomWhere, type Where } from './where-model.ts';

export interface RandomOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Other values for some of the variables. */
  readonly again: Readonly<Record<string, unknown>>;
}
type Composite = GraphQLObjectType | GraphQLInterfaceType;

export class RandomOperations {
  private readonly rowsByName = new Map<string, Row[]>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly catalog: Catalog,
    private readonly town: TownInMemory,
    private readonly random: Random,
    /** The root fields that operations may select. */
    private readonly roots: readonly string[],
  ) {}

  next(): RandomOperation {
    return new Operation(this.schema, this.catalog, this.random, this.roots, noun => this.rows(noun)).write();
  }

  private rows(noun: Noun): Row[] {
    const known = this.rowsByName.get(noun.name);
    if (known) return known;
    const columns = [...noun.columns.values()];
    const rows = (this.town.rows.get(noun.name) ?? []).map(
      row =>
        ({
          id: String(row.id),
          ...Object.fromEntries(
            columns.map(({ name, column, field }) => [name, graphValue(field.scalar, row[column])]),
          ),
        }) as Row,
    );
    this.rowsByName.set(noun.name, rows);
    return rows;
  }
}

class Operation {
  private readonly variables: Record<string, unknown> = {};
  private readonly again: Record<string, unknown> = {};
  private readonly declared: string[] = [];
  private readonly fragments: string[] = [];
  private names = 0;
  private budget: number;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly catalog: Catalog,
    private readonly random: Random,
    private readonly roots: readonly string[],
    private readonly rowsOf: (noun: Noun) => Row[],
  ) {
    this.budget = 12 + random.below(50);
  }

  write(): RandomOperation {
    const query = this.schema.getQueryType()!;
    const fields = Array.from({ length: 1 + this.random.below(3) }, () =>
      this.field(query.getFields()[this.random.pick(this.roots)]!, 0, false),
    );
    const body = `{ ${fields.join(' ')} ${this.random.chance(0.1) ? '__typename ' : ''}}`;
    const head = this.declared.length ? `query (${this.declared.join(', ')}) ` : 'query ';
    return { query: `${head}${body}\n${this.fragments.join('\n')}`, variables: this.variables, again: this.again };
  }

  private name(prefix: string): string {
    return `${prefix}${this.names++}`;
  }
  private variable(type: string, value: unknown, again: unknown = value): string {
    const name = this.name('v');
    this.declared.push(`$${name}: ${type}`);
    this.variables[name] = value;
    this.again[name] = again;
    return `$${name}`;
  }

  private field(field: GraphQLField<unknown, unknown>, depth: number, live: boolean, apart = false): string {
    const { random } = this;
    const args = this.args(field);
    // Fields with one name in an answer must be the same field, so fields with arguments get an alias of their own.
    const alias = args || apart || random.chance(0.15) ? `${this.name('a')}: ` : '';
    const type = getNamedType(field.type);
    const set =
      isObjectType(type) || isInterfaceType(type)
        ? ` ${this.set(type, depth + 1, live || Boolean(field.extensions.live))}`
        : '';
    return `${alias}${field.name}${args}${this.directive()}${set}`;
  }

  private directive(): string {
    if (!this.random.chance(0.08)) return '';
    const name = this.random.pick(['skip', 'include']);
    const value = this.random.chance(0.5);
    return ` @${name}(if: ${this.random.chance(0.5) ? this.variable('Boolean!', value) : value})`;
  }

  private set(type: Composite, depth: number, live: boolean): string {
    const parts: string[] = [];
    if (isInterfaceType(type)) {
      const kinds = this.schema.getPossibleTypes(type).filter(kind => this.catalog.nouns.has(kind.name));
      const some = Array.from({ length: 1 + this.random.below(3) }, () => this.random.pick(kinds));
      parts.push(
        '__typename',
        ...this.fields(type, depth, live),
        // Fields with one name may have different types on different kinds.
        ...some.map(kind => `... on ${kind.name} { __typename ${this.fields(kind, depth, live, true).join(' ')} }`),
      );
    } else {
      parts.push(...this.fields(type, depth, live));
      if (this.random.chance(0.1)) parts.push('__typename');
      if (this.random.chance(0.12))
        parts.push(
          `... ${this.random.chance(0.5) ? `on ${type.name} ` : ''}${this.directive()} { ${this.fields(type, depth, live).join(' ') || '__typename'} }`,
        );
      if (this.random.chance(0.08)) parts.push(this.spread(type, depth, live));
    }
    return `{ ${parts.join(' ') || '__typename'} }`;
  }

  private spread(type: Composite, depth: number, live: boolean): string {
    const name = this.name('F');
    const fields = this.fields(type, depth, live).join(' ') || '__typename';
    this.fragments.push(`fragment ${name} on ${type.name} { ${fields} }`);
    return `...${name}`;
  }

  private fields(type: Composite, depth: number, live: boolean, apart = false): string[] {
    // The time of observation of a live record is the time of the request, so it cannot be compared.
    const all = Object.values(type.getFields()).filter(
      ({ name, extensions }) =>
        !(live && name === 'observedAt') && !handWritten.has(`${type.name}.${name}`) && !extensions.grouped,
    );
    const leaves = all.filter(field => !isComposite(field));
    const composites = all.filter(isComposite);
    const chosen = leaves.filter(() => this.random.chance(leaves.length > 6 ? 0.35 : 0.6));
    const deeper = composites.filter(
      () => depth < 6 && this.budget > 0 && this.random.chance(composites.length > 4 ? 0.18 : 0.8),
    );
    this.budget -= chosen.length / 4 + deeper.length;
    return [...chosen, ...deeper].map(field => this.field(field, depth, live, apart));
  }

  private args(field: GraphQLField<unknown, unknown>): string {
    const noun = this.listed(field);
    const given = noun ? this.listArgs(noun) : this.otherArgs(field);
    return given.length ? `(${given.join(', ')})` : '';
  }

  private listed(field: GraphQLField<unknown, unknown>): StoredNoun | null {
    const name = /^(\w+)Connection$/.exec(getNamedType(field.type).name)?.[1];
    const noun = name && this.catalog.nouns.get(name);
    return noun && isStored(noun) ? noun : null;
  }

  private listArgs(noun: StoredNoun): string[] {
    const { random } = this;
    const rows = this.rowsOf(noun);
    const args: string[] = [];
    if (random.chance(0.35)) {
      const where = randomWhere(noun, rows, random);
      args.push(`where: ${random.chance(0.5) ? this.variable(`${noun.name}Where`, where) : this.where(noun, where)}`);
    }
    const orders = random.chance(0.4) ? randomOrders(noun, random).map(orderName) : [];
    if (orders.length)
      args.push(
        `orderBy: ${random.chance(0.5) ? this.variable(`[${noun.name}Order!]`, orders) : `[${orders.join(', ')}]`}`,
      );
    const size = random.chance(0.02) ? 201 : random.below(6);
    if (random.chance(0.7))
      args.push(`${random.chance(0.7) ? 'first' : 'last'}: ${random.chance(0.3) ? this.variable('Int', size) : size}`);
    for (const name of ['after', 'before']) {
      if (!rows.length || !random.chance(0.12)) continue;
      const cursor = Buffer.from(random.pick(rows).id.replaceAll('-', ''), 'hex').toString('base64url');
      args.push(`${name}: ${random.chance(0.05) ? '"nonsense"' : JSON.stringify(cursor)}`);
    }
    return args;
  }

  /** The values of tests are literals or variables of their own. */
  private where(noun: Noun, where: Where): string {
    const members = Object.entries(where).map(([name, test]) => {
      if (name === 'and' || name === 'or')
        return `${name}: [${(test as Where[]).map(part => this.where(noun, part)).join(', ')}]`;
      if (name === 'not') return `not: ${this.where(noun, test as Where)}`;
      const { field } = noun.columns.get(name)!;
      const tests = Object.entries(test as object).map(
        ([op, value]) => `${op}: ${this.testValue(noun, name, field, op, value)}`,
      );
      return `${name}: { ${tests.join(', ')} }`;
    });
    return `{ ${members.join(', ')} }`;
  }
  private testValue(noun: Noun, name: string, { scalar, table }: Field, op: string, value: unknown): string {
    const type = op === 'isNull' ? 'Boolean' : table ? table.name : scalarTypes[scalar]!;
    if (this.random.chance(0.4)) {
      const other = Object.values(randomTest(noun, this.rowsOf(noun), this.random, name, op)[name] as object)[0];
      return this.variable(op === 'in' ? `[${type}!]` : type, value, other);
    }
    if (op === 'isNull') return String(value);
    return Array.isArray(value) ? `[${value.map(each => literal(scalar, each)).join(', ')}]` : literal(scalar, value);
  }

  private otherArgs(field: GraphQLField<unknown, unknown>): string[] {
    if (field.name === 'first') return [];
    return field.args.flatMap(arg => {
      const value = this.argument(field, arg);
      return value === null ? [] : [`${arg.name}: ${value}`];
    });
  }

  private argument(field: GraphQLField<unknown, unknown>, arg: GraphQLArgument): string | null {
    const { random } = this;
    if (arg.name === 'first') return random.chance(0.5) ? String(1 + random.below(12)) : null;
    if (arg.name === 'id') return JSON.stringify(this.someId());
    if (arg.name === 'text') return JSON.stringify(this.someText());
    // The past and groups are compared in tests of their own (test/flows/questions).
    if (arg.name === 'asOf') return null;
    const noun = this.catalog.nouns.get(getNamedType(field.type).name)!;
    const optional = noun.kind.key[0] !== arg.name;
    if (optional && random.chance(0.5)) return null;
    const rows = this.rowsOf(noun);
    const value = rows.length && random.chance(0.93) ? random.pick(rows)[arg.name] : null;
    const { field: declared } = noun.columns.get(arg.name)!;
    if ((value === null || value === undefined) && declared.table) return Object.keys(declared.table.values)[0]!;
    if (value === null || value === undefined) return invented[declared.scalar] ?? '1';
    if (declared.scalar !== 'text' || optional || random.chance(0.5)) return literal(declared.scalar, value);
    return this.variable('String!', value, random.pick(rows)[arg.name] ?? value);
  }

  private someId(): string {
    const noun = this.random.pick([...this.catalog.nouns.values()]);
    const rows = this.rowsOf(noun);
    return rows.length ? `${noun.name}:${this.random.pick(rows).id}` : 'Nothing:1';
  }

  private someText(): string {
    const noun = this.random.pick(
      ['Person', 'Organisation', 'Case', 'Licence', 'Matter', 'Region'].map(name => this.catalog.get(name)),
    );
    const searched = filterable(noun).filter(({ name, field }) => field.searched || noun.kind.key.includes(name));
    const rows = this.rowsOf(noun);
    const value = rows.length ? String(this.random.pick(rows)[this.random.pick(searched).name] ?? '') : '';
    return this.random.chance(0.5) ? value : value.slice(0, 1 + this.random.below(4)) || ' ';
  }
}

const scalarTypes: Readonly<Record<string, string>> = {
  text: 'String',
  integer: 'Int',
  decimal: 'Decimal',
  date: 'LocalDate',
  instant: 'DateTime',
  flag: 'Boolean',
};
/** Keys that belong to no record. */
const invented: Readonly<Record<string, string>> = { text: '"nobody"', date: '"2026-01-01"' };
/** Fields that are resolved by hand and not from rows. */
const handWritten = new Set(['Agency.freshness']);
const isComposite = (field: GraphQLField<unknown, unknown>) => {
  const type = getNamedType(field.type);
  return isObjectType(type) || isInterfaceType(type);
};

function literal(scalar: string, value: unknown): string {
  return scalar === 'code' ? String(value) : JSON.stringify(value);
}
