/** Counts and groups a noun's rows for one reader, with the statements that plans consist of. */
import type { Policy } from '../../src/access/policy.ts';
import type { StoredNoun } from '../../src/catalog/catalog.ts';
import { listTermsSql } from '../../src/query/filters.ts';
import type { GroupPage, GroupQuery } from '../../src/query/groups/group-query.ts';
import { groupsSql } from '../../src/query/groups/groups-sql.ts';
import { pageOfRows } from '../../src/query/groups/page-groups.ts';
import { tableSql, Values } from '../../src/query/scope.ts';
import type { Store } from '../../src/store/apply.ts';
import type { Where } from './where-model.ts';

const scopeOf = ({ catalog }: Store, policy: Policy) => ({ catalog, policy, values: new Values(), asOf: null });

export async function countRows(store: Store, policy: Policy, noun: StoredNoun, where: Where): Promise<number> {
  const scope = scopeOf(store, policy);
  const terms = listTermsSql(scope, noun, where, null);
  const text = `select count(*) from ${tableSql(noun, null, scope.values)} t where ${terms}`;
  return Number((await store.database.read(text, scope.values.list))[0]![0]);
}

export async function readGroups(
  store: Store,
  policy: Policy,
  noun: StoredNoun,
  where: Where,
  question: GroupQuery,
): Promise<GroupPage> {
  const scope = scopeOf(store, policy);
  const sql = groupsSql(scope, noun, where, null, question);
  const text = `select ${sql.columns.join(', ')} from (${sql.groups}) g ${sql.page}`;
  return pageOfRows(await store.database.read(text, scope.values.list), sql, question);
}
