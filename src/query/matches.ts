/**
 * Which of some rows fit which filters for a reader, now or at some moment since a position of the log: set-wise, for all
 * filters of a policy at once. What streams of changes are decided by.
 */
import type { Policy } from '../access/policy.ts';
import { type Rows, rowsSql } from '../access/rows.ts';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';
import type { ReadRows } from '../store/database.ts';
import { replacedSql } from '../store/replaced-versions.ts';
import { columnsOf } from '../store/tables.ts';
import { Values, visibleSql, type Where, whereSql } from './filters.ts';
import { pagingSql } from './paging.ts';

/** A row as it stands. */
export interface Match {
  readonly deleted: boolean;
  /** The reader may see it. */
  readonly visible: boolean;
  /** By filter. */
  readonly fits: readonly boolean[];
}
export interface Looking {
  readonly read: ReadRows;
  readonly catalog: Catalog;
  readonly policy: Policy;
  readonly noun: StoredNoun;
  readonly wheres: readonly (Where | null)[];
}

const isTrue = (text: string | null) => text === 't';

/** Rows that do not exist are not in the answer. */
export async function matchNow(looking: Looking, ids: readonly string[]): Promise<ReadonlyMap<string, Match>> {
  const { read, catalog, policy, noun, wheres } = looking;
  const values = new Values();
  const among = `t.id = any(${values.add(ids)}::uuid[])`;
  const visible = rowsSql(policy.rows(noun), 't', catalog, value => values.add(value));
  const fits = wheres.map(where => `, (${whereSql(noun, policy, where, values)}) is true`);
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
 * By row the filters that it has fitted, visible for the reader, at some moment since a position of the log, as far as
 * versions tell: its own, and those of the rows by which it is seen (a step of its case, its case). What has replaced them
 * may have no position yet: readers are shown rows as they are, which may be ahead of the log.
 */
export async function matchedSince(
  { read, catalog, policy, noun, wheres }: Looking,
  ids: readonly string[],
  after: number,
): Promise<ReadonlyMap<string, readonly boolean[]>> {
  const values = new Values();
  const since = values.add(after);
  const withPast = (name: string): string => {
    const { table } = catalog.stored(name);
    const columns = columnsOf(catalog.stored(name))
      .map(column => `"${column.name}"`)
      .join(', ');
    return `(select ${columns} from ${table} union all select ${columns} from ${table}_history h
      where (h.id, h.observed_at) in (${replacedSql(values.add(name), since)}))`;
  };
  const from = withPast(noun.name);
  const visible = rowsSql(policy.rows(noun), 't', withTables(catalog, withPast), value => values.add(value));
  const fits = wheres.map(where => `bool_or((${whereSql(noun, policy, where, values)}) is true)`);
  const text = `select t.id, ${fits.join(', ')} from ${from} t
    where t.id = any(${values.add(ids)}::uuid[]) and not t.deleted and ${visible} group by t.id`;
  const rows = await read(text, values.list);
  return new Map(rows.map(([id, ...fitted]) => [id!, fitted.map(isTrue)]));
}

/** The catalog with other rows behind its nouns. */
function withTables(catalog: Catalog, tableOf: (noun: string) => string): Catalog {
  const stored = (name: string) => ({ ...catalog.stored(name), table: tableOf(name) });
  return Object.create(catalog, { stored: { value: stored } }) as Catalog;
}

/** Rows that fit a filter, in an order: their ids only, at most so many. Throws as a list does. */
export async function listMatching(
  { read, catalog, policy, noun, wheres: [where] }: Looking,
  orderBy: readonly string[],
  most: number,
): Promise<string[]> {
  const values = new Values();
  const conditions = [visibleSql(noun, policy, catalog, values), whereSql(noun, policy, where, values)];
  const { orderBy: order } = pagingSql(noun, policy, { orderBy }, values);
  const text = `select t.id from ${noun.table} t where ${conditions.join(' and ')} order by ${order} limit ${most}`;
  return (await read(text, values.list)).map(([id]) => id!);
}

/** Throws as a list would for this filter and order, without looking at any row. */
export function demandFilter(noun: StoredNoun, policy: Policy, where: Where | null, orderBy: readonly string[]): void {
  whereSql(noun, policy, where, new Values());
  pagingSql(noun, policy, { orderBy }, new Values());
}

/** Ids of rows whose link holds one of these. */
export async function linkedTo(read: ReadRows, noun: StoredNoun, link: string, ids: readonly string[]) {
  const text = `select id, "${link}" from ${noun.table} where "${link}" = any($1::uuid[])`;
  return (await read(text, [ids])).map(([id, target]) => [id!, target!] as const);
}

/** Whether it depends on rows of other nouns who sees the rows, or sees them whole. */
export function dependsOnOthers(policy: Policy, noun: StoredNoun): boolean {
  return [policy.rows(noun), policy.whole(noun)].some(reachesOut);
}
function reachesOut(rules: Rows): boolean {
  if (typeof rules === 'string') return false;
  if ('any' in rules) return rules.any.some(reachesOut);
  if ('every' in rules) return rules.every.some(reachesOut);
  return 'noun' in rules || 'has' in rules;
}
