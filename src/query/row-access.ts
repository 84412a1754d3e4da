/**
 * What the policy decides about a row: whether this reader sees it, whether whole, and its unmasked values, which are
 * never shown.
 */
import type { Policy } from '../access/policy.ts';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';
import type { ReadRows } from '../store/database.ts';
import { Values, visibleSql, wholeSql } from './scope.ts';

export interface RowAccess {
  readonly whole: boolean;
  readonly values: Readonly<Record<string, string | null>>;
}

interface ReadParts {
  readonly catalog: Catalog;
  readonly read: ReadRows;
}

/** The ids among these whose rows the reader sees. */
export async function seenIds(
  { catalog, read }: ReadParts,
  policy: Policy,
  noun: StoredNoun,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (!policy.sees(noun)) return new Set();
  const values = new Values();
  const selected = `${values.add(ids)}::uuid[]`;
  const visible = visibleSql({ catalog, policy, values, asOf: null }, noun);
  const rows = await read(`select t.id from ${noun.table} t where t.id = any(${selected}) and ${visible}`, values.list);
  return new Set(rows.map(([id]) => id!));
}

/** Null if the reader does not see it. */
export async function readRow(
  { catalog, read }: ReadParts,
  policy: Policy,
  noun: StoredNoun,
  id: string,
): Promise<RowAccess | null> {
  const values = new Values();
  const scope = { catalog, policy, values, asOf: null };
  const columns = [...noun.columns.values()];
  const whole = wholeSql(scope, noun);
  const [row] = await read(
    `select ${[`(${whole})::text`, ...columns.map(({ column }) => `t."${column}"`)].join(', ')} from ${noun.table} t
     where t.id = ${values.add(id)}::uuid and ${visibleSql(scope, noun)}`,
    values.list,
  );
  if (!row) return null;
  return { whole: row[0] === 'true', values: Object.fromEntries(columns.map(({ name }, i) => [name, row[i + 1]!])) };
}
