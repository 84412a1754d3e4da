/** Answers questions about groups, for many parents with one statement; small groups of persons are withheld here and nowhere else. */
import type { Policy } from '../../access/policy.ts';
import type { Catalog, Noun, Relation, StoredNoun } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';
import { unknownYears } from '../../domain/working-days.ts';
import type { ReadRows } from '../../store/database.ts';
import { listTermsSql, type Where } from '../filters.ts';
import { fromText, isoInstant } from '../record-row.ts';
import { type Scope, tableSql, Values } from '../scope.ts';
import { groupsSql } from './groups-sql.ts';
import { pageOf, type RawGroup } from './page-groups.ts';
import {
  type GroupPage,
  type GroupQuestion,
  type GroupValue,
  largestGroupPage,
  type Measure,
  mostKeys,
} from './question.ts';
import { withholdGroups } from './withhold-groups.ts';

/** Groups that are looked through when small ones have to be found among them. */
const mostGuardedGroups = 5_000;
const nothing: GroupPage = { groups: [], hasNextPage: false, withheld: true };

export interface GroupsDesk {
  readonly catalog: Catalog;
  readonly policy: Policy;
  readonly read: ReadRows;
  /** Groups of persons below this size are withheld from readers who see persons masked. */
  readonly smallestGroup: number;
}
/** The rows that are grouped. */
export interface GroupedList {
  readonly where?: Where | null;
  readonly asOf?: string | null;
}
const scopeOf = ({ catalog, policy }: GroupsDesk, { asOf }: GroupedList): Scope => ({
  catalog,
  policy,
  values: new Values(),
  asOf: asOf ?? null,
});

export async function readGroups(
  desk: GroupsDesk,
  noun: StoredNoun,
  list: GroupedList,
  relation: Relation | null,
  parents: readonly string[],
  question: GroupQuestion,
): Promise<GroupPage[]> {
  demandFitting(question);
  const scope = scopeOf(desk, list);
  const guarded = isGuarded(noun, desk);
  if (guarded && !relation && (await singlesOut(desk, noun, list))) return [nothing];
  if (relation) scope.values.add(parents);
  const { text, keyScalars } = groupsSql(scope, noun, list.where, relation, question, !guarded);
  const limited = guarded ? `${text} limit ${mostGuardedGroups + 1}` : text;
  const rows = await desk.read(limited, scope.values.list);
  if (guarded && rows.length > mostGuardedGroups) {
    bad(`These are more than ${mostGuardedGroups} groups: group by fewer keys, or narrow \`where\``);
  }
  const { keys, measures } = question;
  const at = keys.length + 2 * measures.length;
  if (rows.some(row => row[at + 1] === 't')) bad(unknownYears);
  const raw = rows.map(
    (row): RawGroup => ({
      parent: relation ? row[at + 2]! : '',
      keys: keys.map((_, i) => fromText(keyScalars[i]!, row[i]!) as GroupValue),
      measures: measures.map((measure, i) => shownValue(measure, row[keys.length + i]!)),
      supports: measures.map((_, i) => Number(row[keys.length + measures.length + i])),
      n: Number(row[at]),
    }),
  );
  const byParent = Map.groupBy(raw, group => group.parent);
  return parents.map(parent => {
    const groups = byParent.get(parent) ?? [];
    return guarded ? withholdGroups(groups, question, desk.smallestGroup) : pageOf(groups, question, false);
  });
}

function demandFitting({ keys, measures, having, orderBy, limit, skip }: GroupQuestion): void {
  if (keys.length > mostKeys) bad(`Groups have at most ${mostKeys} keys`);
  if (limit < 0 || limit > largestGroupPage) bad(`\`limit\` of groups goes from 0 to ${largestGroupPage}`);
  if (skip < 0) bad('`skip` cannot be negative');
  const numbers = measures.filter(({ take }) => take !== 'earliest' && take !== 'latest').map(m => m.name);
  const names = [...keys, ...measures].map(({ name }) => name);
  for (const { of } of having) if (!numbers.includes(of)) unknown('having', numbers);
  for (const { by } of orderBy) if (!names.includes(by)) unknown('orderBy', names);
}
const unknown = (argument: string, names: readonly string[]) =>
  bad(`\`${argument}\` names nothing that is selected here: ${names.join(', ') || 'nothing is'}`);

/** Rows are about persons if a link leads to one, directly or through what they are about. */
const aboutPersons = (noun: Noun, seen = new Set<Noun>()): boolean => {
  if (noun.name === 'Person') return true;
  if (seen.has(noun)) return false;
  seen.add(noun);
  return noun.links.some(({ target }) => aboutPersons(target, seen));
};
const isGuarded = (noun: StoredNoun, { catalog, policy }: GroupsDesk) =>
  policy.whole(catalog.stored('Person')) !== 'all' && aboutPersons(noun);

/**
 * Whether a part of the filter leaves out a few rows only: then the answer and the same one without that part would tell of
 * these few. Bounds of ranges are not looked at: they can be moved by any step, which budgets bound and the audit log shows.
 */
async function singlesOut(desk: GroupsDesk, noun: StoredNoun, list: GroupedList): Promise<boolean> {
  const { read, smallestGroup: k } = desk;
  const parts = partsOf(list.where);
  const dropped = parts.filter(part => !isRange(part));
  if (!dropped.length) return false;
  const scope = scopeOf(desk, list);
  const table = () => `${tableSql(noun, scope.asOf, scope.values)} t`;
  const counts = dropped.map(part => {
    const others = parts.filter(other => other !== part);
    const terms = listTermsSql(scope, noun, { and: [...others, { not: part }] }, null);
    return `(select count(*) from (select from ${table()} where ${terms} limit ${k}) x)`;
  });
  const [found] = await read(`select ${counts.join(', ')}`, scope.values.list);
  return found!.some(count => Number(count) > 0 && Number(count) < k);
}

/** The parts that all have to hold. */
const partsOf = (where: Where | null | undefined): Where[] =>
  Object.entries(where ?? {}).flatMap(([name, test]): Where[] => {
    if (test === null || test === undefined) return [];
    return name === 'and' ? (test as Where[]).flatMap(part => partsOf(part)) : [{ [name]: test }];
  });
const isRange = (part: Where) =>
  Object.values(part).every(test => Object.keys(test as object).every(op => ['gt', 'gte', 'lt', 'lte'].includes(op)));

function shownValue(measure: Measure, text: string | null): GroupValue {
  if (text === null) return null;
  if (measure.take === 'count' || measure.take === 'countDistinct' || measure.take === 'share') return Number(text);
  return measure.take === 'earliest' || measure.take === 'latest'
    ? text.includes(' ')
      ? isoInstant(text)
      : text
    : text;
}

function bad(message: string): never {
  throw new HubError('BAD_USER_INPUT', message);
}
