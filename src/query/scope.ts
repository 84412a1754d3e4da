/** What a statement is made for: the reader, the moment as of which they ask, and the values that are bound. */
import type { Policy } from '../access/policy.ts';
import { type RowRule, rowsSql } from '../access/rows.ts';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';
import { columnsOf } from '../store/tables.ts';

/** Collects the values of a statement: `$1`, `$2`, ... */
export class Values {
  readonly list: unknown[] = [];
  add(value: unknown): string {
    return `$${this.list.push(value)}`;
  }
}

export interface Scope {
  readonly catalog: Catalog;
  readonly policy: Policy;
  readonly values: Values;
  /** Rows are read as the hub knew them at this moment; null: now. */
  readonly asOf: string | null;
  /**
   * Set for groups and streams, which take nothing personal: an identifier that names a person counts as null, whoever
   * asks.
   */
  readonly namesNobody?: boolean;
}

/**
 * The `from` expression: the rows of a noun as the hub knew them at the moment. The current row of a record is not
 * repeated in its history; a version there holds from `observed_at` until just before `seen_until`.
 */
export function tableSql(noun: StoredNoun, asOf: string | null, values: Values): string {
  if (asOf === null) return noun.table;
  const at = `${values.add(asOf)}::timestamptz`;
  const columns = columnsOf(noun)
    .map(({ name }) => `"${name}"`)
    .join(', ');
  return `(select ${columns} from ${noun.table} where observed_at <= ${at} union all
    select ${columns} from ${noun.table}_history where observed_at <= ${at} and seen_until > ${at})`;
}

/** The rows of `alias` that the reader may see and that are not deleted. */
export function visibleSql(scope: Scope, noun: StoredNoun, alias = 't'): string {
  const rows = policySql(scope, noun, scope.policy.rows(noun), alias);
  return rows === 'true' ? `not ${alias}.deleted` : `not ${alias}.deleted and ${rows}`;
}

/** Whether personal fields of a row of `alias` are shown whole. */
export const wholeSql = (scope: Scope, noun: StoredNoun, alias = 't'): string =>
  policySql(scope, noun, scope.policy.whole(noun), alias);

/**
 * A rule of the policy for rows of `alias`. Access is decided as of now, even for a query about the past: by the row as
 * it is today. Otherwise a closed case would still open its applicant to anybody who names it as their purpose.
 */
function policySql({ asOf, catalog, values }: Scope, noun: StoredNoun, rule: RowRule, alias: string): string {
  const bind = (value: unknown) => values.add(value);
  if (asOf === null || typeof rule === 'string') return rowsSql(rule, alias, catalog, bind);
  const today = `${alias}n`;
  return `exists (select from ${noun.table} ${today} where ${today}.id = ${alias}.id and ${rowsSql(rule, today, catalog, bind)})`;
}
