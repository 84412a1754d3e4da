/** A reader's `where` as SQL: values are always bound, and fields that the reader sees masked are refused. */

import { foldDots } from '../../adapters/kit/names.ts';
import type { Policy } from '../access/policy.ts';
import { type Column, isStored, type Relation, type StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { sqlTypes } from '../store/tables.ts';
import { demandAsking, demandValues, givenTests } from './given-tests.ts';
import { type Scope, tableSql, visibleSql } from './scope.ts';
import { localDaySql } from './time-units.ts';
import { VariableRef } from './variable-ref.ts';

export type Where = { readonly [field: string]: unknown };

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

/** Tests of a field by one value, or one list of values. */
export const isOperator = (name: string): boolean => name in operators;

/** Columns that every stated record has and that may be filtered and ordered by. */
export const envelopeFields: Readonly<Record<string, { column: string; type: string; stated: boolean }>> = {
  agency: { column: 'agency', type: 'text', stated: true },
  observedAt: { column: 'observed_at', type: 'timestamptz', stated: false },
};

/** Two fields of one row, compared. */
export interface Comparison {
  readonly field: string;
  readonly is: string;
  readonly than: string;
}

/** The rows of `alias` that are tested, and the place of the `where` among the arguments, for messages. */
export interface TestedPlace {
  readonly alias: string;
  readonly path: string;
}
const whole: TestedPlace = { alias: 't', path: 'where' };

/** Throws BAD_USER_INPUT for tests without a value (`given-tests.ts`): they would make the filter wider than it looks. */
export function whereSql(
  scope: Scope,
  noun: StoredNoun,
  where: Where | null | undefined,
  { alias, path }: TestedPlace = whole,
): string {
  const terms: string[] = [];
  for (const [name, test] of givenTests(where)) {
    const relation = noun.relations.get(name);
    const at = (index?: number) => ({
      alias,
      path: index === undefined ? `${path}.${name}` : `${path}.${name}[${index}]`,
    });
    if (name === 'and' || name === 'or') {
      if (name === 'or') (test as Where[]).forEach((part, i) => void demandAsking(part, at(i).path));
      const parts = (test as Where[]).map((part, i) => whereSql(scope, noun, part, at(i)));
      terms.push(parts.length ? `(${parts.join(` ${name} `)})` : String(name === 'and'));
    } else if (name === 'not') {
      demandAsking(test as Where, at().path);
      // A row without a value does not fit a test, so it fits the opposite: every row fits one of both.
      terms.push(`(${whereSql(scope, noun, test as Where, at())}) is not true`);
    } else if (name === 'compare') {
      for (const one of test as Comparison[]) terms.push(comparisonSql(scope, noun, one, alias));
    } else if (relation) terms.push(...relationTests(scope, relation, test as Where, at()));
    else terms.push(...fieldTests(scope, noun, name, test as Record<string, unknown>, at()));
  }
  return terms.length ? terms.join(' and ') : 'true';
}

/** The terms for rows of a list, called `t`: linked to the parent `p`, visible, and fitting. */
export function listTermsSql(
  scope: Scope,
  noun: StoredNoun,
  where: Where | null | undefined,
  relation: Relation | null,
): string {
  const terms = [visibleSql(scope, noun)];
  if (relation) terms.unshift(`t."${relation.link.column}" = p.id`);
  if (where) terms.push(whereSql(scope, noun, where));
  return terms.join(' and ');
}

/** Tests of related rows: rows that are deleted, or that the reader may not see, do not count. */
function relationTests(scope: Scope, relation: Relation, test: Where, { alias, path }: TestedPlace): string[] {
  if (!relation.many) return [existsSql(scope, relation, test, { alias, path })];
  return demandValues(test, path).map(([which, where]) => {
    const exists = existsSql(scope, relation, where as Where, { alias, path: `${path}.${which}` });
    return which === 'none' ? `not ${exists}` : exists;
  });
}

function existsSql(scope: Scope, { to, link, many }: Relation, where: Where, { alias, path }: TestedPlace): string {
  if (!isStored(to)) throw new Error(`${to.name} is asked of its agency: nothing can be found by it`);
  demandSeen(scope.policy, to);
  const other = `${alias}r`;
  const join = many ? `${other}."${link.column}" = ${alias}.id` : `${other}.id = ${alias}."${link.column}"`;
  const from = tableSql(to, scope.asOf, scope.values);
  const terms = [join, visibleSql(scope, to, other), whereSql(scope, to, where, { alias: other, path })];
  return `exists (select from ${from} ${other} where ${terms.join(' and ')})`;
}

/** Readers who may not see a noun at all get an error rather than an empty answer. */
export function demandSeen(policy: Policy, noun: StoredNoun): void {
  if (policy.sees(noun)) return;
  const message = `${noun.kind.plural} are not for everybody: they need a token whose role may see them`;
  throw new HubError('FORBIDDEN', message);
}

function comparisonSql(scope: Scope, noun: StoredNoun, { field, is, than }: Comparison, alias: string): string {
  const [left, right] = [field, than].map(name => filterable(scope, noun, name, alias)) as [Tested, Tested];
  // A moment and a day are compared as days in the town's time zone.
  const day = (side: Tested) => (side.type === 'timestamptz' ? localDaySql(side.sql) : side.sql);
  return left.type === right.type ? `(${left.sql} ${is} ${right.sql})` : `(${day(left)} ${is} ${day(right)})`;
}

function fieldTests(
  scope: Scope,
  noun: StoredNoun,
  name: string,
  tests: Record<string, unknown>,
  { alias, path }: TestedPlace,
) {
  const { sql, type, normalise } = filterable(scope, noun, name, alias);
  return demandValues(tests, path).map(([op, value]) => {
    const spell = (given: unknown) =>
      op === 'isNull' ? given : Array.isArray(given) ? given.map(normalise) : normalise(given);
    const spelled = value instanceof VariableRef ? value.spelled(spell) : spell(value);
    return `(${operators[op]!(sql, scope.values.add(spelled), type)})`;
  });
}

/** A field as tests, orders and aggregates of a reader see it. */
export interface Tested {
  readonly column: string;
  readonly sql: string;
  /** PostgreSQL's type. */
  readonly type: string;
  readonly normalise: (value: unknown) => unknown;
}

/** The column of a field by which this reader may filter, order, group and aggregate. */
export function filterable({ policy, namesNobody }: Scope, noun: StoredNoun, name: string, alias = 't'): Tested {
  const envelope = envelopeFields[name];
  if (name === 'observedAt' && !isTimeTested(policy, noun, namesNobody)) throw maskedField(noun, name);
  if (envelope) return { ...envelope, sql: `${alias}."${envelope.column}"`, normalise: (value: unknown) => value };
  const column = noun.columns.get(name)!;
  if (!policy.mayFilter(noun, name)) throw maskedField(noun, name);
  const sql = namesNobody ? namelessSql(column, alias) : testedSql(policy, noun, column, alias);
  return { column: column.column, sql, type: sqlTypes[column.field.scalar], normalise: spellingOf(column) };
}

/**
 * Whether tests of the row's time are allowed: where it reveals a personal fact, only readers who see all rows whole
 * may test it, and groups and streams never may.
 */
const isTimeTested = (policy: Policy, noun: StoredNoun, namesNobody: boolean | undefined): boolean =>
  !noun.kind.timeReveals.length ||
  (!namesNobody && policy.statementTime(noun, policy.whole(noun) === 'all') === 'whole');

export const maskedField = (noun: StoredNoun, name: string): HubError =>
  new HubError(
    'FILTER_FORBIDDEN',
    `${noun.name}.${name} is masked for you: it cannot be filtered, ordered, grouped or aggregated by`,
  );

/**
 * A column as this reader's tests see it: an identifier that they see masked, because it names a person, counts as
 * null.
 */
export function testedSql(policy: Policy, noun: StoredNoun, column: Column, alias = 't'): string {
  const mayName = column.field.format?.personPrefix !== undefined;
  return mayName && policy.whole(noun) !== 'all' ? namelessSql(column, alias) : `${alias}."${column.column}"`;
}

/** The column, with null in place of identifiers that name a person. */
function namelessSql({ column, field }: Column, alias: string): string {
  const prefix = field.format?.personPrefix;
  const plain = `${alias}."${column}"`;
  return prefix ? `case when starts_with(${plain}, '${prefix}') then null else ${plain} end` : plain;
}

/** Normalises the tested value as stored ones are, so that identifiers and names are found in any spelling. */
export const spellingOf =
  ({ field }: Column) =>
  (value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    return field.format?.normalise(value) ?? (field.mask === 'name' ? foldDots(value) : value);
  };
