/** Group queries that a random reader may ask; the answers must follow from the rows that the reader can list. */
import { expect } from '@jest/globals';
import type { Random } from '../../seeds/township/model.ts';
import { isStored, type Noun, type Relation, type StoredNoun, snake } from '../../src/catalog/catalog.ts';
import type { GroupPage, GroupQuery, Measure, Measured } from '../../src/query/groups/group-query.ts';
import { isPersonal } from '../../src/query/personal-tests.ts';
import { groupsOf, pageOfGroups } from './groups-model.ts';
import { codesOf, type Listing, listed, mayFilter, nameless, sees } from './listed-readers.ts';
import { randomQuestion } from './random-questions.ts';
import { matches, type RandomGround, type Row, randomGraphWhere, type Where } from './where-model.ts';

type Asked = { readonly noun: StoredNoun; readonly where: Where; readonly question: GroupQuery };

/** @param everything what a reader who sees everything has listed */
export const groupAccessPaths = (random: Random, everything: () => Listing) => ({
  'groups, measured, tested and ordered': async (reader: Listing, noun: StoredNoun): Promise<void> => {
    const asked = randomGroups(random, reader, everything(), noun);
    const { keys, measures } = asked.question;
    if (!keys.length && !measures.length) return;
    const { text, variables } = written(asked);
    const { data, errors } = await reader.client.ask(text, variables);
    // A reader whose query is refused as too expensive receives nothing.
    if (codesOf({ errors })[0] === 'COST_EXCEEDED') return;
    expect({ text, variables, errors }).toEqual({ text, variables, errors: undefined });
    const expected = groupsToldTo(reader, asked);
    expect({ text, variables, told: readable(data.list.groups) }).toEqual({
      text,
      variables,
      told: readable(nested(expected)),
    });
  },
});

function randomGroups(random: Random, reader: Listing, everything: Listing, noun: StoredNoun): Asked {
  const ground: RandomGround = {
    random,
    // Values come from all rows, including rows that the reader does not see.
    rows: of => listed(everything, of),
    mayFilter: (of, name) => !isPersonal(of, name) && mayFilter(reader, of.columns.get(name)!),
    sees: of => sees(reader, of),
  };
  const where = random.chance(0.4) ? {} : randomGraphWhere(ground, noun, 2);
  const { keys, ...question } = randomQuestion(ground, noun);
  const { measures } = question;
  const named = keys.map((key, i) => ({
    ...key,
    name: ['key', ...key.path.map(({ name }) => name), `k${i}`].join('.'),
  }));
  const counted = measures.find(({ take }) => take === 'count');
  const names = [...named, ...measures].map(({ name }) => name);
  return {
    noun,
    where,
    question: {
      ...question,
      keys: named,
      having: counted && random.chance(0.5) ? [{ of: counted.name, gte: random.below(12) }] : [],
      orderBy: names.length && random.chance(0.5) ? [{ by: random.pick(names), descending: random.chance(0.5) }] : [],
      limit: random.chance(0.3) ? 1 + random.below(5) : 1000,
      skip: random.chance(0.2) ? random.below(3) : 0,
    },
  };
}

/** The query in GraphQL. */
function written({ noun, where, question }: Asked) {
  const variables: Record<string, unknown> = { where: spelt(where) };
  const parameters = [`$where: ${noun.name}Where`];
  const measures = question.measures.map(measure => {
    if ('where' in measure && measure.where) {
      variables[measure.name] = spelt(measure.where);
      parameters.push(`$${measure.name}: ${noun.name}Where!`);
    }
    return `${measure.name}: ${measureText(measure)}`;
  });
  const keys = question.keys.map(({ path, field, per }, i) => {
    const { scalar } = (path.at(-1)?.to ?? noun).columns.get(field)!.field;
    const own = `k${i}: ${field}${scalar === 'date' || scalar === 'instant' ? `(per: ${per})` : ''}`;
    return path.reduceRight((inner, { name }) => `${name} { ${inner} }`, own);
  });
  const order = question.orderBy.map(({ by, descending }) => `{ by: "${by}", descending: ${descending} }`);
  const having = question.having.map(({ of, gte }) => `{ of: "${of}", gte: ${gte} }`);
  const args = `limit: ${question.limit}, skip: ${question.skip}, orderBy: [${order}], having: [${having}]`;
  const select = `${keys.length ? `key { ${keys.join(' ')} }` : ''} ${measures.join(' ')}`;
  const list = `list: ${noun.kind.plural}(where: $where) { groups(${args}) { hasNextPage nodes { ${select} } } }`;
  return { text: `query (${parameters.join(', ')}) { ${list} }`, variables };
}

const named = (field: string) => snake(field).toUpperCase();
const spanText = ({ from, to }: { from: string; to: string }) => `{ from: ${named(from)}, to: ${named(to)} }`;
const measuredText = ({ field, days }: Measured) =>
  field ? `of: { field: ${named(field)} }` : `of: { days: ${spanText(days!)} }`;

function measureText(measure: Measure): string {
  if (measure.take === 'count' && !measure.where) return 'count';
  if (measure.take === 'count' || measure.take === 'share') return `${measure.take}(where: $${measure.name})`;
  if ('field' in measure) return `${measure.take}(of: ${named(measure.field)})`;
  if (measure.take !== 'quantile') return `${measure.take}(${measuredText(measure.of)})`;
  return `quantile(${measuredText(measure.of)}, at: ${measure.at}, exact: ${measure.exact})`;
}

const comparisons: Readonly<Record<string, string>> = {
  '<': 'BEFORE',
  '<=': 'BEFORE_OR_AT',
  '=': 'AT',
  '>=': 'AT_OR_AFTER',
  '>': 'AFTER',
};
/** The comparisons of two times, spelt as GraphQL names them. */
function spelt(where: Where): Where {
  const plain = (name: string, value: unknown): unknown => {
    if (name === 'compare')
      return (value as Record<string, string>[]).map(({ field, is, than }) => ({
        field: named(field!),
        is: comparisons[is!],
        than: named(than!),
      }));
    if (Array.isArray(value)) return value.map(part => (typeof part === 'object' && part ? spelt(part) : part));
    return typeof value === 'object' && value ? spelt(value as Where) : value;
  };
  return Object.fromEntries(Object.entries(where).map(([name, value]) => [name, plain(name, value)]));
}

function groupsToldTo(reader: Listing, { noun, where, question }: Asked): GroupPage {
  const rowsOf = (of: Noun) => (isStored(of) ? listed(reader, of).map(row => nameless(of, row)) : []);
  const linked = (row: Row, link: Relation['link']) => (row[`to_${link.role}`] as { id: string } | null)?.id;
  const related = ({ to, link, many }: Relation, row: Row) =>
    rowsOf(to).filter(other => (many ? linked(other, link) === row.id : linked(row, link) === other.id));
  const fitting = rowsOf(noun).filter(row => matches(noun, row, where, related));
  return pageOfGroups(groupsOf(noun, fitting, question, related), question);
}

/** Keys are nested by their paths, as in an answer. */
const nested = ({ groups, ...page }: GroupPage) => ({
  ...page,
  nodes: groups.map(group => nodeOf(Object.entries(group))),
});
function nodeOf(entries: [string, unknown][]): Record<string, unknown> {
  const heads = Map.groupBy(entries, ([name]) => name.split('.')[0]!);
  return Object.fromEntries(
    [...heads].map(([head, parts]) => {
      const deeper = parts.map(([name, value]): [string, unknown] => [name.slice(head.length + 1), value]);
      return [head, deeper[0]![0] ? nodeOf(deeper) : deeper[0]![1]];
    }),
  );
}

/** Decimals come as text, with more digits than are compared; instants come with as many digits as they have. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value === 'object' && value)
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, /^m\d/.test(name) ? comparable(part) : readable(part)]),
    );
  return value;
}
function comparable(value: unknown): unknown {
  if (value === null) return null;
  const number = Number(value);
  return Number.isNaN(number) ? Date.parse(String(value)) : Math.round(number * 1e4) / 1e4;
}
