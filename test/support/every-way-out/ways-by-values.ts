/** Ways on which a value decides what is returned: filters, orders, searches, groups. */
import { type GraphQLInputType, getNamedType, isEnumType, isInputObjectType } from 'graphql';
import { holds, type PlainRow } from '../../../src/access/rows.ts';
import { type Column, type StoredNoun, snake } from '../../../src/catalog/catalog.ts';
import { asKeyOrMeasure, asTest } from '../personal-questions.ts';
import { graphValue } from '../town-in-memory.ts';
import type { Reader } from './readers.ts';
import type { TruthRecord } from './town-truth.ts';
import type { Walk } from './walk.ts';

interface PersonalColumn {
  readonly noun: StoredNoun;
  readonly column: Column;
}
const enumName = (field: string): string => snake(field).toUpperCase();
/** Personal fields, and codes that are personal in some rows. */
const personalColumns = (walk: Walk): PersonalColumn[] =>
  walk.nouns.flatMap(noun =>
    [...noun.columns.values()]
      .filter(({ field }) => field.scalar !== 'geometry')
      .filter(({ field }) => field.sensitivity === 'personal' || field.format?.personPrefix)
      .map(column => ({ noun, column })),
  );
const recordOf = (noun: StoredNoun, row: PlainRow): TruthRecord => ({
  ...{ noun, id: String(row.id), row, about: null, told: {} },
});

/** A row whose value is looked for, and everybody whom the value fits. */
function soughtBy(walk: Walk, { policy }: Reader, { noun, column }: PersonalColumn) {
  const { rows, world } = walk.truth.town;
  const prefix = column.field.sensitivity === 'personal' ? undefined : column.field.format?.personPrefix;
  const isNamed = (value: unknown) => value !== null && (!prefix || String(value).startsWith(prefix));
  const seen = rows.get(noun.name)!.filter(row => holds(policy.rows(noun), row, world));
  const one =
    seen.find(row => isNamed(row[column.column])) ?? rows.get(noun.name)!.find(row => isNamed(row[column.column]));
  if (!one) return null;
  const value = one[column.column];
  // For readers who see persons in part, a sole trader's code has no value.
  const isFound = !prefix || policy.whole(noun) === 'all';
  const fitting = isFound ? seen.filter(row => row[column.column] === value) : [];
  return {
    value: literalOf(column, value),
    sought: fitting.flatMap(row => walk.truth.subjectsOf(recordOf(noun, row))),
  };
}

function literalOf({ field }: Column, value: unknown): string {
  if (field.scalar === 'code') return String(value);
  const told = graphValue(field.scalar, value);
  return field.scalar === 'integer' || field.scalar === 'flag' ? String(told) : JSON.stringify(told);
}

const wrappings: readonly ((test: string) => string)[] = [
  test => test,
  test => `{ and: [${test}] }`,
  test => `{ or: [{ not: { not: ${test} } }] }`,
];

export async function filters(walk: Walk, reader: Reader): Promise<void> {
  const roots = personalColumns(walk).flatMap(each => {
    const found = soughtBy(walk, reader, each);
    if (!found || !reader.policy.sees(each.noun)) return [];
    const { noun, column } = each;
    const test = walk.random.pick(wrappings)(`{ ${column.name}: { eq: ${found.value} } }`);
    const counted = (plural: string, where: string) => `${plural}(where: ${where}) { totalCount }`;
    return [
      { text: counted(noun.kind.plural, test), sought: found.sought },
      ...behind(walk, reader, noun, test).map(([plural, where]) => ({
        text: counted(plural, where),
        sought: found.sought,
      })),
      ...comparison(column).map(where => ({ text: counted(noun.kind.plural, where), sought: [] })),
    ];
  });
  await walk.askAll(reader, 'filter', roots);
}

/** The same test from another noun that refers to this one. */
function behind(walk: Walk, { policy }: Reader, noun: StoredNoun, test: string): [plural: string, where: string][] {
  const relations = walk.nouns.flatMap(from => [...from.relations.values()]);
  const leading = relations.filter(({ live, to, from }) => !live && to === noun && policy.sees(from));
  if (!leading.length) return [];
  const { from, name, many } = walk.random.pick(leading);
  return [[from.kind.plural, `{ ${name}: ${many ? `{ ${walk.random.pick(['some', 'none'])}: ${test} }` : test} }`]];
}

function comparison({ name, field }: Column): string[] {
  if (field.scalar !== 'date' && field.scalar !== 'instant') return [];
  return [`{ compare: [{ field: ${enumName(name)}, is: AT, than: ${enumName(name)} }] }`];
}

/** Ordering by a personal field reads the rows of the page, even when only cursors are selected. */
export async function orders(walk: Walk, reader: Reader): Promise<void> {
  const seen = personalColumns(walk).filter(({ noun }) => reader.policy.sees(noun));
  const lists = seen.map(each => ({ ...each, list: listBy(each) }));
  const may = lists.filter(({ noun, column }) => reader.policy.mayFilter(noun, column.name));
  const rest = lists.filter(each => !may.includes(each));
  await walk.askAll(
    reader,
    'order',
    rest.map(({ list }) => `${list} { edges { cursor } }`),
  );
  const ids = may.map(({ list }, i) => `a${i}: ${list} { nodes { __typename id } }`);
  if (!ids.length) return;
  const { data } = await walk.ask(reader, { way: 'order', text: `{ ${ids.join(' ')} }` });
  const roots = may.map(({ noun, column, list }, i) => ({
    text: `${list} { pageInfo { startCursor endCursor } edges { cursor } }`,
    sought: idsIn(data[`a${i}`]).flatMap(id => namedBy(walk, noun, column, id)),
  }));
  // The lists are requested one at a time, because one list's log entries would be attributed to another list.
  for (const root of roots) await walk.askAll(reader, 'order', [root]);
}
const listBy = ({ noun, column }: PersonalColumn): string =>
  `${noun.kind.plural}(first: 2, orderBy: [${enumName(column.name)}_ASC])`;
const idsIn = (list: unknown): string[] =>
  ((list ?? { nodes: [] }) as { nodes: { id: string }[] }).nodes.map(({ id }) => id.split(':')[1]!);

function namedBy(walk: Walk, noun: StoredNoun, { column, field }: Column, id: string): string[] {
  const row = walk.truth.town.world.byId(noun.name, id)!;
  const value = row[column] ?? null;
  const isNamed =
    value !== null && (field.sensitivity === 'personal' || String(value).startsWith(field.format!.personPrefix!));
  return isNamed ? walk.truth.subjectsOf(recordOf(noun, row)) : [];
}

const searched = ['Person', 'Organisation', 'Case', 'Licence', 'Matter', 'PowerListEntry', 'Region', 'Agency'];
export async function searches(walk: Walk, reader: Reader): Promise<void> {
  const { residents, businesses } = walk.township;
  const somebody = residents.find(({ diedOn }) => diedOn === null)!;
  const trader = businesses.find(({ type }) => type === 'SOLE_TRADER')!;
  const texts = [somebody.name, somebody.residentId, trader.name, trader.creditCode, trader.representativeName];
  const roots = searched.flatMap(name =>
    texts.map(text => {
      const [[fields]] = walk.selections.kinds([name], 1) as [[string]];
      return `search(text: ${JSON.stringify(text)}, first: 10) { __typename id ${fields} }`;
    }),
  );
  await walk.askAll(reader, 'search', roots);
}

/** Groups by every key that there is. */
export async function groups(walk: Walk, reader: Reader): Promise<void> {
  const roots = walk.nouns.flatMap(noun => {
    const keys = walk.selections.keys(noun.name, 0).map(key => `count ${key}`);
    return ['count', ...keys].map(select => groupsOf(noun, select));
  });
  await walk.askAll(reader, 'groups', roots, reader.role === 'public' ? 100 : 250);
}
/** Takes every measure, and keys behind references. */
export async function measures(walk: Walk, reader: Reader): Promise<void> {
  const roots = walk.nouns.flatMap(noun => {
    const keys = walk.selections.keys(noun.name, 1).map(key => `count ${key}`);
    return [...keys, ...measured(walk, noun)].map(select => groupsOf(noun, select));
  });
  // Working days can only be counted in years whose holidays the hub knows, so an error is allowed.
  await walk.askAll(reader, 'groups', roots, 250, true);
}
const groupsOf = ({ kind }: StoredNoun, select: string): string =>
  `${kind.plural} { groups(limit: 50) { hasNextPage nodes { __typename ${select} } } }`;

/** Personal fields are refused as keys, measures and tests of groups, for every reader. */
export async function namedInGroups(walk: Walk, reader: Reader): Promise<void> {
  const seen = walk.nouns.filter(noun => reader.policy.sees(noun));
  const questions = [...asKeyOrMeasure(seen), ...asTest(seen)].filter(() => walk.random.chance(0.02));
  for (const { place, text } of questions) {
    const asking = {
      path: '/graphql',
      method: 'POST',
      headers: reader.headers,
      body: JSON.stringify({ query: `{ it: ${text} }` }),
    };
    const { text: told, head } = await walk.watcher.ask(reader.subject, asking);
    const answer = JSON.parse(told) as { data?: { it: { groups: unknown } | null } | null };
    if (answer.data?.it?.groups) walk.judge.fault('groups', reader, `were told: ${place}`);
    walk.judge.plain('groups', reader, head + told);
  }
}

function measured(walk: Walk, { name: noun }: StoredNoun): string[] {
  const fields = walk.selections.fieldsOf(walk.selections.object(`${noun}Group`));
  return fields.flatMap(({ name, args }) => {
    const of = args.find(arg => arg.name === 'of');
    if (name === 'share') return [`share(where: { observedAt: { isNull: false } })`];
    if (!of) return [];
    const at = args.some(arg => arg.name === 'at') ? ', at: 0.5' : '';
    return literals(of.type).map(value => `${name}(of: ${value}${at})`);
  });
}

/** Every value that an argument can take. */
function literals(given: GraphQLInputType): string[] {
  const type = getNamedType(given);
  if (isEnumType(type)) return type.getValues().map(({ name }) => name);
  if (!isInputObjectType(type)) return [];
  const fields = Object.values(type.getFields());
  // A span needs both its ends; of other inputs one member is chosen.
  if (fields.some(({ name }) => name === 'from')) {
    const [from, to] = ['from', 'to'].map(name => literals(type.getFields()[name]!.type)) as [string[], string[]];
    return from.map((value, i) => `{ from: ${value}, to: ${to[(i + 1) % to.length]} }`);
  }
  return fields.flatMap(({ name, type: of }) => literals(of).map(value => `{ ${name}: ${value} }`));
}
