/** A reader's `where` as SQL: values are always bound, and fields that the reader sees masked are refused. */

import type { Policy } from '../access/policy.ts';
import { rowsSql } from '../access/rows.ts';
import type { Catalog, Column, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { sqlTypes } from '../store/tables.ts';

export type Where = { readonly [field: string]: unknown };

/** Collects the values of a statement: `$1`, `$2`, ... */
export class Values {
  readonly list: unknown[] = [];
  add(value: unknown): string {
    return `$${this.list.push(value)}`;
  }
}

type Operator = (column: string, value: string, type: string) => string;
const likeEscaped = (value: string) => `replace(replace(replace(${value}, '\\', '\\\\'), '%', '\\%'), '_', '\\_')`;
export const containsSql = (column: string, value: string): string =>
  `${column} ilike '%' || ${likeEscaped(`${value}::text`)} || '%'`;
const operators: Readonly<Record<string, Operator>> = {
  eq: (c, v, t) => `${c} = ${v}::${t}`,
  in: (c, v, t) => `${c} = any(${v}::${t}[])`,
  gt: (c, v, t) => `${c} > ${v}::${t}`,
  gte: (c, v, t) => `${c} >= ${v}::${t}`,
  lt: (c, v, t) => `${c} < ${v}::${t}`,
  lte: (c, v, t) => `${c} <= ${v}::${t}`,
  startsWith: (c, v) => `${c} like ${likeEscaped(`${v}::text`)} || '%'`,
  contains: (c, v) => containsSql(c, v),
  isNull: (c, v) => `(${c} is null) = ${v}::boolean`,
};

/** Columns that every stated record has and that may be filtered and ordered by. */
export const envelopeFields: Readonly<Record<string, { column: string; type: string; stated: boolean }>> = {
  agency: { column: 'agency', type: 'text', stated: true },
  observedAt: { column: 'observed_at', type: 'timestamptz', stated: false },
};

/** The rows of `t` that the reader may see and that are not deleted. */
export function visibleSql(noun: StoredNoun, policy: Policy, catalog: Catalog, values: Values): string {
  const rows = rowsSql(policy.rows(noun), 't', catalog, value => values.add(value));
  return rows === 'true' ? 'not t.deleted' : `not t.deleted and ${rows}`;
}

export function whereSql(noun: StoredNoun, policy: Policy, where: Where | null | undefined, values: Values): string {
  const terms: string[] = [];
  for (const [name, test] of Object.entries(where ?? {})) {
    if (test === null || test === undefined) continue;
    if (name === 'and' || name === 'or') {
      const parts = (test as Where[]).map(part => whereSql(noun, policy, part, values));
      terms.push(parts.length ? `(${parts.join(` ${name} `)})` : String(name === 'and'));
    }
    // A row without a value does not fit a test, so it fits the test's opposite: no row is outside of both.
    else if (name === 'not') terms.push(`(${whereSql(noun, policy, test as Where, values)}) is not true`);
    else terms.push(...fieldTests(noun, policy, name, test as Record<string, unknown>, values));
  }
  return terms.length ? terms.join(' and ') : 'true';
}

function fieldTests(noun: StoredNoun, policy: Policy, name: string, tests: Record<string, unknown>, values: Values) {
  const { sql, type, normalise } = filterable(noun, policy, name);
  return Object.entries(tests)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([op, value]) => {
      const spelled = op === 'isNull' ? value : Array.isArray(value) ? value.map(normalise) : normalise(value);
      return `(${operators[op]!(sql, values.add(spelled), type)})`;
    });
}

/** The column of a field by which this reader may filter and order. */
export function filterable(noun: StoredNoun, policy: Policy, name: string) {
  const envelope = envelopeFields[name];
  if (envelope) return { ...envelope, sql: `t."${envelope.column}"`, normalise: (value: unknown) => value };
  const column = noun.columns.get(name)!;
  if (!policy.mayFilter(noun, name)) throw maskedField(noun, name);
  const sql = testedSql(noun, policy, column);
  return { column: column.column, sql, type: sqlTypes[column.field.scalar], normalise: spellingOf(column) };
}

export const maskedField = (noun: StoredNoun, name: string): HubError =>
  new HubError('FILTER_FORBIDDEN', `${noun.name}.${name} is masked for you: it cannot be filtered or ordered by`);

/** A column as this reader's tests see it: an identifier that he sees masked where it names a person is no value there. */
export function testedSql(noun: StoredNoun, policy: Policy, { column, field }: Column): string {
  const prefix = field.format?.personPrefix;
  const plain = `t."${column}"`;
  if (!prefix || policy.whole(noun) === 'all') return plain;
  return `case when starts_with(${plain}, '${prefix}') then null else ${plain} end`;
}

/** Identifiers are found in any spelling. */
const spellingOf =
  ({ field }: Column) =>
  (value: unknown): unknown =>
    field.format && typeof value === 'string' ? field.format.normalise(value) : value;
