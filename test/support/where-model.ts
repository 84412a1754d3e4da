/** What a connection's `where` and `orderBy` mean, written in JavaScript: random ones, and which rows they select. */
import type { Field } from '../../adapters/kit/record.ts';
import type { Random } from '../../seeds/township/model.ts';
import { isStored, type Noun, type Relation, snake } from '../../src/catalog/catalog.ts';
import { intlClock } from './intl-clock.ts';

export type Row = Readonly<Record<string, unknown>> & { readonly id: string };
export type Where = { readonly [name: string]: unknown };

const operatorsOf = ({ scalar }: Field): readonly string[] => {
  if (scalar === 'text') return ['eq', 'in', 'startsWith', 'contains', 'isNull'];
  if (scalar === 'code') return ['eq', 'in', 'isNull'];
  if (scalar === 'flag') return ['eq', 'isNull'];
  return ['eq', 'in', 'gt', 'gte', 'lt', 'lte', 'isNull'];
};
export const filterable = (noun: Noun) => [...noun.columns.values()].filter(c => c.field.scalar !== 'geometry');

/** Values are compared by their type: as instants, as numbers or as text. */
function comparable(scalar: Field['scalar'], value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  if (scalar === 'instant') return Date.parse(String(value));
  if (scalar === 'decimal' || scalar === 'integer' || scalar === 'flag') return Number(value);
  return String(value);
}

function fits(field: Field, value: unknown, op: string, wanted: unknown): boolean {
  const own = comparable(field.scalar, value);
  if (op === 'isNull') return (own === null) === wanted;
  if (own === null) return false;
  if (op === 'in') return (wanted as unknown[]).some(one => comparable(field.scalar, one) === own);
  const other = comparable(field.scalar, wanted)!;
  if (op === 'startsWith') return String(own).startsWith(String(other));
  if (op === 'contains') return String(own).toLowerCase().includes(String(other).toLowerCase());
  return { eq: own === other, gt: own > other, gte: own >= other, lt: own < other, lte: own <= other }[op]!;
}

/** The related rows of a row, as far as the reader may see them. */
export type Related = (relation: Relation, row: Row) => readonly Row[];

export function matches(noun: Noun, row: Row, where: Where, related: Related = () => []): boolean {
  return Object.entries(where).every(([name, test]) => {
    if (name === 'and') return (test as Where[]).every(part => matches(noun, row, part, related));
    if (name === 'or') return (test as Where[]).some(part => matches(noun, row, part, related));
    if (name === 'not') return !matches(noun, row, test as Where, related);
    if (name === 'compare') return (test as Comparison[]).every(one => compares(noun, row, one));
    const relation = noun.relations.get(name);
    if (relation) return relates(relation, row, test as Where, related);
    const { field } = noun.columns.get(name)!;
    return Object.entries(test as object).every(([op, wanted]) => fits(field, row[name], op, wanted));
  });
}

interface Comparison {
  readonly field: string;
  readonly is: string;
  readonly than: string;
}
/** The two are compared as days of the town, unless both are instants. */
function compares(noun: Noun, row: Row, { field, is, than }: Comparison): boolean {
  const scalars = [field, than].map(name => noun.columns.get(name)!.field.scalar);
  const [a, b] = [field, than].map((name, i) => {
    const value = row[name];
    if (value === null || value === undefined) return null;
    if (scalars[0] === scalars[1] || scalars[i] === 'date') return comparable(scalars[i]!, value);
    return intlClock(String(value)).slice(0, 10);
  });
  if (a === null || b === null) return false;
  return { '<': a! < b!, '<=': a! <= b!, '=': a === b, '>=': a! >= b!, '>': a! > b! }[is]!;
}
export const comparators = ['<', '<=', '=', '>=', '>'];

function relates(relation: Relation, row: Row, test: Where, related: Related): boolean {
  const fits = (where: Where) => related(relation, row).some(other => matches(relation.to, other, where, related));
  if (!relation.many) return fits(test);
  return Object.entries(test).every(([which, where]) => fits(where as Where) === (which === 'some'));
}

/** Takes orders like `["name asc"]`. The id decides between equals, and rows without a value come last. */
export function sorted(noun: Noun, rows: readonly Row[], orders: readonly string[]): Row[] {
  const keys = orders.map(order => order.split(' ') as [string, string]);
  return [...rows].sort((a, b) => {
    for (const [name, way] of keys) {
      const { scalar } = noun.columns.get(name)!.field;
      const [x, y] = [comparable(scalar, a[name]), comparable(scalar, b[name])];
      if (x === y) continue;
      if (x === null || y === null) return x === null ? 1 : -1;
      return x < y === (way === 'asc') ? -1 : 1;
    }
    return a.id < b.id ? -1 : 1;
  });
}

/** Spells `name asc` as GraphQL does. */
export const orderName = (order: string) =>
  snake(order.split(' ')[0]!).toUpperCase() + (order.endsWith('asc') ? '_ASC' : '_DESC');

export const randomOrders = (noun: Noun, random: Random): string[] =>
  Array.from(
    { length: random.below(4) },
    () => `${random.pick(filterable(noun)).name} ${random.pick(['asc', 'desc'])}`,
  );

export function randomTest(noun: Noun, rows: readonly Row[], random: Random, name?: string, op?: string): Where {
  const column = name ? noun.columns.get(name)! : random.pick(filterable(noun));
  const operator = op ?? random.pick(operatorsOf(column.field));
  const values = rows.map(row => row[column.name]).filter(value => value !== null && value !== undefined);
  const value = () => random.pick(values);
  if (operator === 'isNull' || !values.length) return { [column.name]: { isNull: random.chance(0.5) } };
  if (operator === 'in') return { [column.name]: { in: Array.from({ length: random.below(4) }, value) } };
  if (operator === 'startsWith' || operator === 'contains') {
    const text = String(value());
    const from = operator === 'contains' ? random.below(text.length) : 0;
    return { [column.name]: { [operator]: text.slice(from, from + 1 + random.below(3)) } };
  }
  return { [column.name]: { [operator]: value() } };
}
export const everyTest = (noun: Noun) =>
  filterable(noun).flatMap(column => operatorsOf(column.field).map(op => [column.name, op] as const));

export function randomWhere(noun: Noun, rows: readonly Row[], random: Random, depth = 2): Where {
  const draw = random.below(depth ? 6 : 3);
  if (draw < 3) return randomTest(noun, rows, random);
  if (draw === 3) return { not: randomWhere(noun, rows, random, depth - 1) };
  // An `and` of nothing tests nothing, which is an error within `or` and `not`; an `or` of nothing fits no row.
  const length = draw === 4 ? 1 + random.below(3) : random.below(4);
  const parts = Array.from({ length }, () => randomWhere(noun, rows, random, depth - 1));
  return { [draw === 4 ? 'and' : 'or']: parts };
}

/** What random tests of a reader may name, and the rows that their values come from. */
export interface RandomGround {
  readonly random: Random;
  readonly mayFilter: (noun: Noun, name: string) => boolean;
  readonly sees: (noun: Noun) => boolean;
  readonly rows: (noun: Noun) => readonly Row[];
}

/** Random tests across relations, nested ones, and comparisons of two times of one row. */
export function randomGraphWhere(ground: RandomGround, noun: Noun, depth = 3): Where {
  const { random } = ground;
  const draw = random.below(depth ? 8 : 2);
  if (draw === 2) return { not: randomGraphWhere(ground, noun, depth - 1) };
  if (draw === 3 || draw === 4) {
    const parts = Array.from({ length: 1 + random.below(3) }, () => randomGraphWhere(ground, noun, depth - 1));
    return { [draw === 3 ? 'and' : 'or']: parts };
  }
  const times = filterable(noun).filter(
    c => (c.field.scalar === 'date' || c.field.scalar === 'instant') && ground.mayFilter(noun, c.name),
  );
  if (draw === 5 && times.length) {
    const [field, than] = [random.pick(times).name, random.pick(times).name] as [string, string];
    return { compare: [{ field, is: random.pick(comparators), than }] };
  }
  const relations = [...noun.relations.values()].filter(r => !r.live && isStored(r.to) && ground.sees(r.to));
  if (draw > 5 && relations.length) {
    const relation = random.pick(relations);
    const inner = random.chance(0.2) ? {} : randomGraphWhere(ground, relation.to, depth - 1);
    return { [relation.name]: relation.many ? { [random.pick(['some', 'none'])]: inner } : inner };
  }
  const names = filterable(noun).filter(c => ground.mayFilter(noun, c.name));
  // Where nothing may be tested, no row fits: a test of nothing is an error within `or` and `not`.
  return names.length ? randomTest(noun, ground.rows(noun), random, random.pick(names).name) : { or: [] };
}
