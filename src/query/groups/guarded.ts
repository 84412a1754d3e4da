/** Of which lists small groups are withheld, from whom, and which filters would single somebody out. */
import type { Policy } from '../../access/policy.ts';
import type { Catalog, Noun, StoredNoun } from '../../catalog/catalog.ts';
import { listTermsSql, type Where } from '../filters.ts';
import { type Scope, tableSql } from '../scope.ts';
import { standsForSql } from './person-bits.ts';

/** Rows are about persons if a link leads to one, directly or through what they are about. */
const aboutPersons = (noun: Noun, seen = new Set<Noun>()): boolean => {
  if (noun.name === 'Person') return true;
  if (seen.has(noun)) return false;
  seen.add(noun);
  return noun.links.some(({ target }) => aboutPersons(target, seen));
};
export const isGuarded = (noun: StoredNoun, catalog: Catalog, policy: Policy): boolean =>
  policy.whole(catalog.stored('Person')) !== 'all' && aboutPersons(noun);

/** Rows that are looked at for `k` persons among what a part of a filter leaves out. */
const mostLookedAt = 1_000;

/**
 * For each part of a filter how many persons it leaves out, up to `k`: few, and the answer and the same one without that
 * part would tell of these few. Bounds of ranges are not looked at: they can be moved by any step, which budgets bound and
 * the audit log shows.
 */
export function leftOutSql(scope: Scope, noun: StoredNoun, where: Where | null | undefined, k: number): string[] {
  const parts = partsOf(where);
  return parts
    .filter(part => !isRange(part))
    .map(part => {
      const others = parts.filter(other => other !== part);
      const from = `${tableSql(noun, scope.asOf, scope.values)} t`;
      const terms = listTermsSql(scope, noun, { and: [...others, { not: part }] }, null);
      const rows = `select ${standsForSql(noun)} as who from ${from} where ${terms} limit ${Math.max(mostLookedAt, k)}`;
      return `(select count(distinct who) from (${rows}) x)::text`;
    });
}

/** The parts that all have to hold. */
const partsOf = (where: Where | null | undefined): Where[] =>
  Object.entries(where ?? {}).flatMap(([name, test]): Where[] => {
    if (test === null || test === undefined) return [];
    return name === 'and' ? (test as Where[]).flatMap(part => partsOf(part)) : [{ [name]: test }];
  });
const isRange = (part: Where) =>
  Object.values(part).every(test => Object.keys(test as object).every(op => ['gt', 'gte', 'lt', 'lte'].includes(op)));
