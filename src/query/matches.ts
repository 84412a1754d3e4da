/**
 * Finds which of some rows fit which filters for a reader, now or at some moment since a position of the log: in one
 * statement, for all filters of a policy. Streams of changes are decided by this.
 */
import type { Policy } from '../access/policy.ts';
import { type RowRule, rowsSql } from '../access/rows.ts';
import type { Catalog, Noun, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import type { ReadRows } from '../store/database.ts';
import { replacedSql } from '../store/replaced-versions.ts';
import { columnsOf } from '../store/tables.ts';
import { listTermsSql, type Where, whereSql } from './filters.ts';
import { givenTests } from './given-tests.ts';
import { pagingSql } from './paging.ts';
import { testsPersonal } from './personal-tests.ts';
import { type Scope, Values } from './scope.ts';

/** A row as it stands. */
export interface Match {
  readonly deleted: boolean;
  /** Whether the reader may see it. */
  readonly visible: boolean;
  /** By filter. */
  readonly fits: readonly boolean[];
}
export interface MatchQuery {
  readonly read: ReadRows;
  readonly catalog: Catalog;
  readonly policy: Policy;
  readonly noun: StoredNoun;
  readonly wheres: readonly (Where | null)[];
}

const isTrue = (text: string | null) => text === 't';
const scopeOf = ({ catalog, policy }: Pick<MatchQuery, 'catalog' | 'policy'>): Scope => ({
  catalog,
  policy,
  values: new Values(),
  asOf: null,
  namesNobody: true,
});

/** Matches rows as they are now. Rows that do not exist are not in the result. */
export async function matchNow(looking: MatchQuery, ids: readonly string[]): Promise<ReadonlyMap<string, Match>> {
  const { read, catalog, policy, noun, wheres } = looking;
  const scope = scopeOf(looking);
  const { values } = scope;
  const among = `t.id = any(${values.add(ids)}::uuid[])`;
  const visible = rowsSql(policy.rows(noun), 't', catalog, value => values.add(value));
  const fits = wheres.map(where => `, (${whereSql(scope, noun, where)}) is true`);
  const text = `select t.id, t.deleted, (${visible}) is true${fits.join('')} from ${noun.table} t where ${among}`;
  const rows = await read(text, values.list);
  return new Map(
    rows.map(([id, deleted, seen, ...fitting]) => [
      id!,
      { deleted: isTrue(deleted!), visible: isTrue(seen!), fits: fitting.map(isTrue) },
    ]),
  );
}

/**
 * For each row, the filters that it may have fitted, visible for the reader, at some moment since a position of the
 * log, as far as versions show: its own, and those of the rows by which it is seen (a step of its case, its case). The
 * changes that replaced them may have no position yet: readers are shown rows as they are, which may be ahead of the
 * log.
 */
export async function matchedSince(
  looking: MatchQuery,
  ids: readonly string[],
  after: number,
): Promise<ReadonlyMap<string, readonly boolean[]>> {
  const { read, catalog, policy, wheres } = looking;
  const values = new Values();
  const since = values.add(after);
  const scope = { ...scopeOf(looking), values, catalog: pastCatalog(catalog, values, since) };
  const noun = scope.catalog.stored(looking.noun.name);
  const visible = rowsSql(policy.rows(noun), 't', scope.catalog, value => values.add(value));
  // "None of its steps" may have held before although a step fitted later, so such filters count as fitted.
  const own = wheres.map(where => (findsByOthers(noun, where) ? null : where));
  const fits = own.map(where => `bool_or((${whereSql(scope, noun, where)}) is true)`);
  const text = `select t.id, ${fits.join(', ')} from ${noun.table} t
    where t.id = any(${values.add(ids)}::uuid[]) and not t.deleted and ${visible} group by t.id`;
  const rows = await read(text, values.list);
  return new Map(rows.map(([id, ...fitted]) => [id!, fitted.map(isTrue)]));
}

/** The catalog with larger tables: the rows of each noun, and those that were replaced since the position. */
function pastCatalog(catalog: Catalog, values: Values, since: string): Catalog {
  const tables = new Map<string, string>();
  const stored = (name: string): StoredNoun => {
    const noun = catalog.stored(name);
    // PostgreSQL cannot type a parameter that no statement uses, so values are bound only when needed.
    if (!tables.has(name)) tables.set(name, pastTable(noun, values, since));
    return { ...noun, table: tables.get(name)! };
  };
  return Object.create(catalog, { stored: { value: stored } }) as Catalog;
}

function pastTable(noun: StoredNoun, values: Values, since: string): string {
  const columns = columnsOf(noun)
    .map(column => `"${column.name}"`)
    .join(', ');
  return `(select ${columns} from ${noun.table} union all select ${columns} from ${noun.table}_history h
    where (h.id, h.observed_at) in (${replacedSql(values.add(noun.name), since)}))`;
}

/** The ids of rows that fit a filter, in an order, at most this many. Throws as a list does. */
export async function listMatching(looking: MatchQuery, orderBy: readonly string[], most: number): Promise<string[]> {
  const { read, noun, wheres } = looking;
  const scope = scopeOf(looking);
  const terms = listTermsSql(scope, noun, wheres[0], null);
  const { orderBy: order } = pagingSql(scope, noun, { orderBy });
  const rows = await read(
    `select t.id from ${noun.table} t where ${terms} order by ${order} limit ${most}`,
    scope.values.list,
  );
  return rows.map(([id]) => id!);
}

/**
 * Throws as a list would for this filter and order, without reading any row.
 *
 * @param path of the filter among the arguments, for messages
 */
export function demandFilter(
  ground: Pick<MatchQuery, 'catalog' | 'policy'>,
  noun: StoredNoun,
  where: Where | null,
  orderBy: readonly string[],
  path = 'where',
): void {
  if (testsPersonal(noun, where))
    throw new HubError('FILTER_FORBIDDEN', 'Subscriptions cannot filter by personal fields: query the list instead');
  whereSql(scopeOf(ground), noun, where, { alias: 't', path });
  pagingSql(scopeOf(ground), noun, { orderBy });
}

/** Ids of rows whose link holds one of these. */
export async function linkedTo(read: ReadRows, noun: StoredNoun, link: string, ids: readonly string[]) {
  const text = `select id, "${link}" from ${noun.table} where "${link}" = any($1::uuid[])`;
  return (await read(text, [ids])).map(([id, target]) => [id!, target!] as const);
}

/**
 * Whether rows of other nouns decide who sees the rows, who sees them whole, or which of them fit one of the filters.
 */
export function dependsOnOthers({ policy, noun, wheres }: MatchQuery): boolean {
  return [policy.rows(noun), policy.whole(noun)].some(reachesOut) || wheres.some(where => findsByOthers(noun, where));
}
function reachesOut(rules: RowRule): boolean {
  if (typeof rules === 'string') return false;
  if ('any' in rules) return rules.any.some(reachesOut);
  if ('every' in rules) return rules.every.some(reachesOut);
  return 'noun' in rules || 'has' in rules;
}
/** How many tests of related rows a filter has, each of which looks for rows in another table. */
export function relationTests(noun: Noun, where: Where | null | undefined): number {
  let tests = 0;
  for (const [name, test] of Object.entries(where ?? {})) {
    if (test === null || test === undefined) continue;
    const relation = noun.relations.get(name);
    if (name === 'and' || name === 'or') for (const part of test as Where[]) tests += relationTests(noun, part);
    else if (name === 'not') tests += relationTests(noun, test as Where);
    else if (relation) {
      const wheres = relation.many ? Object.values(test).filter(Boolean) : [test];
      for (const inner of wheres) tests += 1 + relationTests(relation.to, inner as Where);
    }
  }
  return tests;
}
function findsByOthers(noun: StoredNoun, where: Where | null | undefined): boolean {
  return givenTests(where).some(([name, test]) => {
    if (noun.relations.has(name)) return true;
    const parts = name === 'and' || name === 'or' ? (test as Where[]) : name === 'not' ? [test as Where] : [];
    return parts.some(part => findsByOthers(noun, part));
  });
}
