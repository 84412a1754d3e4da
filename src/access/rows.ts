/**
 * Which rows: a small language of conditions as data. The same value becomes SQL (`rowsSql`), decides over rows in
 * memory (`holds`), and is printed (`rowsInWords`), so a reader's list, their events and the documentation cannot drift
 * apart.
 */
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';

export type RowRule =
  | 'all'
  | 'none'
  | { readonly column: string; readonly is: string }
  | { readonly column: string; readonly isNot: string }
  /** The target of this link is such a row. */
  | { readonly link: string; readonly noun: string; readonly where: RowRule }
  /** Some row of this noun is about the row, by this link, and meets the condition. */
  | { readonly has: string; readonly link: string; readonly where: RowRule }
  | { readonly any: readonly RowRule[] }
  | { readonly every: readonly RowRule[] };

/** A row as the conditions see it: columns by name. */
export type PlainRow = Readonly<Record<string, unknown>>;
/** The rows of every noun, for decisions in memory. */
export interface World {
  byId(noun: string, id: string): PlainRow | null;
  /** Rows of a noun whose link column holds this id. */
  about(noun: string, link: string, id: string): readonly PlainRow[];
}

export const anyOf = (rules: readonly RowRule[]): RowRule => {
  const some = rules.filter(rule => rule !== 'none');
  if (some.includes('all')) return 'all';
  return some.length === 0 ? 'none' : some.length === 1 ? some[0]! : { any: some };
};
export const everyOf = (rules: readonly RowRule[]): RowRule => {
  const some = rules.filter(rule => rule !== 'all');
  if (some.includes('none')) return 'none';
  return some.length === 0 ? 'all' : some.length === 1 ? some[0]! : { every: some };
};

/** The condition on the rows called `alias`; rows flagged as deleted never match. Values are bound through `bind`. */
export function rowsSql(rule: RowRule, alias: string, catalog: Catalog, bind: (value: unknown) => string): string {
  if (rule === 'all') return 'true';
  if (rule === 'none') return 'false';
  if ('is' in rule) return `${alias}."${rule.column}" = ${bind(rule.is)}${castOf(rule.column)}`;
  if ('isNot' in rule) return `${alias}."${rule.column}" is distinct from ${bind(rule.isNot)}${castOf(rule.column)}`;
  const inner = `${alias}x`;
  if ('noun' in rule) {
    const { table } = catalog.stored(rule.noun);
    const where = rowsSql(rule.where, inner, catalog, bind);
    return `exists (select from ${table} ${inner} where ${inner}.id = ${alias}."${rule.link}" and not ${inner}.deleted and ${where})`;
  }
  if ('has' in rule) {
    const { table } = catalog.stored(rule.has);
    const where = rowsSql(rule.where, inner, catalog, bind);
    return `exists (select from ${table} ${inner} where ${inner}."${rule.link}" = ${alias}.id and not ${inner}.deleted and ${where})`;
  }
  const [parts, word] = 'any' in rule ? [rule.any, ' or '] : [rule.every, ' and '];
  return `(${parts.map(part => rowsSql(part, alias, catalog, bind)).join(word)})`;
}
const castOf = (column: string) => (column === 'id' || column.startsWith('about_') ? '::uuid' : '::text');

export function holds(rule: RowRule, row: PlainRow, world: World): boolean {
  if (rule === 'all') return true;
  if (rule === 'none') return false;
  if ('is' in rule) return row[rule.column] === rule.is;
  if ('isNot' in rule) return row[rule.column] !== rule.isNot;
  if ('noun' in rule) {
    const id = row[rule.link];
    const target = typeof id === 'string' ? world.byId(rule.noun, id) : null;
    return target !== null && holds(rule.where, target, world);
  }
  if ('has' in rule)
    return world.about(rule.has, rule.link, String(row.id)).some(other => holds(rule.where, other, world));
  return 'any' in rule
    ? rule.any.some(part => holds(part, row, world))
    : rule.every.every(part => holds(part, row, world));
}

/** A description for people; ids are not shown. */
export function rowsInWords(rule: RowRule): string {
  if (rule === 'all') return 'all rows';
  if (rule === 'none') return 'no rows';
  const words = (column: string) => column.replace(/^about_/, '').replaceAll('_', ' ');
  if ('is' in rule)
    return rule.column === 'id' ? 'it is the one that is named' : `${words(rule.column)} is the reader's`;
  if ('isNot' in rule) return `${words(rule.column)} is not ${rule.isNot.toLowerCase()}`;
  if ('noun' in rule) return `its ${words(rule.link)}: ${rowsInWords(rule.where)}`;
  if ('has' in rule) return `a ${rule.has} about it (${words(rule.link)}): ${rowsInWords(rule.where)}`;
  return 'any' in rule ? rule.any.map(rowsInWords).join('; or ') : rule.every.map(rowsInWords).join(', and ');
}

/** The columns of a noun's links to another noun, by that noun's name. */
export const linksTo = (noun: StoredNoun, target: string): string[] =>
  noun.links.filter(link => link.target.name === target).map(link => link.column);
