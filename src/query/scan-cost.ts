/**
 * About how many rows PostgreSQL looks at to find those of a list: estimated from a filter, an order and the sizes of
 * tables, before the filter is known to be valid. Rows that a test needs beside its own count as well.
 */
import { isStored, type Noun, type Relation } from '../catalog/catalog.ts';

/** About how many rows a noun has; 0: unknown. */
export type RowsOf = (noun: string) => number;

export interface ListScan {
  readonly noun: Noun;
  /** The relation by which the rows belong to one row; null: they are all rows. */
  readonly relation: Relation | null;
  /** As a client gave it; a variable counts as a value. */
  readonly where: unknown;
  /** `promisedOn asc` */
  readonly orderBy: readonly string[];
  /** Whether the past is read, which is in the history too. */
  readonly isPast: boolean;
  /** Whether all rows are needed, as for counting them. */
  readonly isWhole: boolean;
  /** What measures of groups test in each row, in rows. */
  readonly measured: number;
}

/** What a test adds to looking at a row, in rows. */
const weight = {
  test: 0.1,
  /** Looks into text. */
  contains: 1,
  compare: 0.5,
  /** Finds rows of another table by an index, one after the other. */
  related: 5,
} as const;
/** Rows that fit one value of a key. */
const rowsOfKey = 10;
/** Values in a variable. */
const valuesOfVariable = 10;
/** Rows of one parent, where nothing is known of the tables. */
const unknownFanOut = 5;
/** A test of related rows ends with the first one that decides it. */
const mostTested = 100;
const rowsOfPast = 2;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (where: unknown): boolean => !isObject(where) || !Object.keys(where).length;

/** Rows that are looked at for each parent, or for the whole list. */
export function rowsLookedAt(scan: ListScan, rowsOf: RowsOf): number {
  const { noun, relation, where, orderBy, isPast, isWhole, measured } = scan;
  const perRow = 1 + measured + testWeight(noun, where, rowsOf);
  const all = relation ? fanOut(relation, rowsOf) : rowsOf(noun.name);
  const times = isPast ? rowsOfPast : 1;
  if (!relation && !isPast) {
    const found = rowsByKey(noun, where);
    if (found !== null) return Math.min(all, found) * perRow;
  }
  const sorted = orderBy.length && !isIndexedOrder(noun, orderBy[0]!) ? all : 0;
  if (isEmpty(where) && !isWhole) return (sorted ? all + sorted : 0) * times;
  return (all * perRow + sorted) * times;
}

/** What testing one row by a filter adds to looking at it, in rows. */
export function testWeight(noun: Noun, where: unknown, rowsOf: RowsOf): number {
  if (!isObject(where)) return 0;
  let sum = 0;
  for (const [name, test] of Object.entries(where)) {
    if (test === null || test === undefined) continue;
    const relation = noun.relations.get(name);
    if (name === 'and' || name === 'or' || name === 'not') {
      for (const part of listOf(test)) sum += testWeight(noun, part, rowsOf);
    } else if (name === 'compare') sum += weight.compare * listOf(test).length;
    else if (relation) sum += relationWeight(relation, test, rowsOf);
    else if (isObject(test)) sum += fieldWeight(test);
  }
  return sum;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function fieldWeight(tests: Readonly<Record<string, unknown>>): number {
  let sum = 0;
  for (const [operator, value] of Object.entries(tests)) {
    if (value === null || value === undefined) continue;
    sum += operator === 'contains' ? weight.contains : weight.test;
  }
  return sum;
}

function relationWeight(relation: Relation, test: unknown, rowsOf: RowsOf): number {
  const one = (where: unknown) =>
    weight.related + Math.min(mostTested, fanOut(relation, rowsOf)) * (1 + testWeight(relation.to, where, rowsOf));
  if (!relation.many) return one(test);
  if (!isObject(test)) return one(null);
  let sum = 0;
  for (const where of Object.values(test)) if (where !== null && where !== undefined) sum += one(where);
  return sum;
}

/** Rows about one row. */
function fanOut({ from, to, many }: Relation, rowsOf: RowsOf): number {
  if (!many || !isStored(to)) return 1;
  const [parents, rows] = [rowsOf(from.name), rowsOf(to.name)];
  return parents && rows ? Math.max(1, rows / parents) : unknownFanOut;
}

/** Rows that an index finds by a value of the key, or null if the filter asks for none. */
function rowsByKey(noun: Noun, where: unknown): number | null {
  const [key] = noun.kind.key;
  const test = isObject(where) && key ? where[key] : null;
  if (!isObject(test)) return null;
  if (test.eq !== null && test.eq !== undefined) return rowsOfKey;
  if (test.in === null || test.in === undefined) return null;
  return rowsOfKey * (Array.isArray(test.in) ? test.in.length : valuesOfVariable);
}

/** Whether an index has the rows in this order: that of the key, or of a field that is declared as ordered. */
export function isIndexedOrder({ kind }: Noun, order: string): boolean {
  const [field = '', way] = order.split(' ');
  if (way === 'asc' && (field === kind.key[0] || field === 'observedAt')) return true;
  return Object.hasOwn(kind.fields, field) && kind.fields[field]!.ordered === way;
}
