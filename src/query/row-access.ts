/** A row as the policy decides about it: whether this reader sees it, whether whole, and its values unmasked. Never shown. */
import type { Policy } from '../access/policy.ts';
import { rowsSql } from '../access/rows.ts';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';
import type { ReadRows } from '../store/database.ts';
import { Values, visibleSql } from './filters.ts';

export interface RowAccess {
  readonly whole: boolean;
  readonly values: Readonly<Record<string, string | null>>;
}

/** Null: the reader does not see it. */
export async function readRow(
  { catalog, read }: { readonly catalog: Catalog; readonly read: ReadRows },
  policy: Policy,
  noun: StoredNoun,
  id: string,
): Promise<RowAccess | null> {
  const values = new Values();
  const columns = [...noun.columns.values()];
  const whole = rowsSql(policy.whole(noun), 't', catalog, value => values.add(value));
  const [row] = await read(
    `select ${[`(${whole})::text`, ...columns.map(({ column }) => `t."${column}"`)].join(', ')} from ${noun.table} t
     where t.id = ${values.add(id)}::uuid and ${visibleSql(noun, policy, catalog, values)}`,
    values.list,
  );
  if (!row) return null;
  return { whole: row[0] === 'true', values: Object.fromEntries(columns.map(({ name }, i) => [name, row[i + 1]!])) };
}
