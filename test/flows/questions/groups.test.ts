import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import type { Policy } from '../../../src/access/policy.ts';
import type { Principal } from '../../../src/access/principal.ts';
import type { Noun } from '../../../src/catalog/catalog.ts';
import type { GroupQuery } from '../../../src/query/groups/group-query.ts';
import { isPersonal } from '../../../src/query/personal-tests.ts';
import { type CompiledGraph, openCompiledGraph } from '../../support/compiled-graph.ts';
import { comparableGroups, groupsOf } from '../../support/groups-model.ts';
import { clerkWithTask } from '../../support/plain-readers.ts';
import { randomPrincipal, townAgencies } from '../../support/random-principals.ts';
import { randomQuestion } from '../../support/random-questions.ts';
import { readGroups } from '../../support/read-sets.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { readTown, type TownInMemory } from '../../support/town-in-memory.ts';
import { sightOf } from '../../support/visible-records.ts';
import { matches, randomGraphWhere, type Where } from '../../support/where-model.ts';

const random = makeRandom(seed, 'groups');

let town: TestHub;
let loaded: TownInMemory;
let graph: CompiledGraph;
beforeAll(async () => {
  town = await startTestHub({ agencies: townAgencies, population: 300, reference: true });
  await town.synchronised();
  loaded = await readTown(town.hub.store);
  graph = openCompiledGraph(town.hub.store, { adapters: town.hub.adapters });
});
afterAll(async () => {
  await graph?.close();
  await town?.stop();
});
const policyOf = (principal: Principal) => graph.contextOf(principal).policy;

const groundOf = (policy: Policy, rows: ReturnType<typeof sightOf>['rows']) => ({
  random,
  rows,
  mayFilter: (noun: Noun, name: string) => !isPersonal(noun, name) && policy.mayFilter(noun, name),
  sees: (noun: Noun) => policy.sees(noun),
});

test(`400 random group queries return the groups that rows in memory give (TEST_SEED=${seed})`, async () => {
  const { store } = town.hub;
  const { catalog } = store;
  let several = 0;
  for (let i = 0; i < 400; i++) {
    const policy = policyOf(i % 2 ? clerkWithTask : randomPrincipal(random, loaded));
    const { rows, related } = sightOf(policy, loaded, 'groups');
    const nouns = catalog.all().filter(noun => policy.sees(noun));
    const noun = random.pick(nouns);
    const ground = groundOf(policy, rows);
    const question = randomQuestion(ground, noun);
    const where: Where = random.chance(0.5) ? {} : randomGraphWhere(ground, noun, 2);
    const fitting = rows(noun).filter(row => matches(noun, row, where, related));
    const expected = comparableGroups(groupsOf(noun, fitting, question, related), question);
    const page = await readGroups(store, policy, noun, where, question);
    const facts = { i, noun: noun.name, where: JSON.stringify(where), question: said(question) };
    expect({ ...facts, groups: comparableGroups(page.groups, question) }).toEqual({ ...facts, groups: expected });
    if (expected.length > 1) several += 1;
  }
  expect(several).toBeGreaterThan(80);
});
const said = ({ keys, measures }: GroupQuery) =>
  JSON.stringify({ keys: keys.map(({ path, ...key }) => [...path.map(p => p.name), key]), measures });

const byMonth = `cases(where: $where) { groups(having: $having, orderBy: $orderBy, limit: $limit, skip: $skip) {
  hasNextPage
  nodes { key { month: submittedAt(per: MONTH) agency: leadAgency { name } result } cases: count days: avg(of: { days: { from: SUBMITTED_AT, to: CLOSED_AT } }) }
} }`;
const parameters =
  '$where: CaseWhere, $having: [GroupTest!], $orderBy: [GroupOrder!], $limit: Int = 100, $skip: Int = 0';
type Group = { key: Record<string, string | null>; cases: number; days: string | null };
async function ask(variables: Record<string, unknown>, client = town.clerk) {
  const { data, errors } = await client.ask(`query (${parameters}) { ${byMonth} }`, variables);
  expect(errors).toBeUndefined();
  return data.cases.groups as { nodes: Group[]; hasNextPage: boolean };
}

describe('groups of cases by month, agency and result', () => {
  test('hold every case once, and come in the order of their keys', async () => {
    const { nodes, hasNextPage } = await ask({ limit: 1000 });
    expect(hasNextPage).toBe(false);
    expect(nodes.reduce((n, { cases }) => n + cases, 0)).toBe(loaded.rows.get('Case')!.length);
    const months = nodes.map(({ key }) => key.month!);
    expect(months).toEqual([...months].sort());
    expect(months[0]).toMatch(/^\d{4}-\d{2}$/);
    for (const { key, days } of nodes) expect(days === null).toBe(key.result === null);
  });

  test('can be tested and ordered by what is selected, and come in pages', async () => {
    const orderBy = [{ by: 'cases', descending: true }, { by: 'key.month' }];
    const all = (
      await ask({
        limit: 1000,
        orderBy,
        having: [
          { of: 'cases', gte: 2 },
          { of: 'days', gt: 1 },
        ],
      })
    ).nodes;
    for (const { cases, days } of all) expect(cases >= 2 && Number(days) > 1).toBe(true);
    const inOrder = [...all].sort((a, b) => b.cases - a.cases || (a.key.month! < b.key.month! ? -1 : 1));
    expect(all.map(g => [g.cases, g.key.month])).toEqual(inOrder.map(g => [g.cases, g.key.month]));
    const pages: Group[] = [];
    for (let skip = 0; ; skip += 3) {
      const page = await ask({
        orderBy,
        limit: 3,
        skip,
        having: [
          { of: 'cases', gte: 2 },
          { of: 'days', gt: 1 },
        ],
      });
      pages.push(...page.nodes);
      expect(page.hasNextPage).toBe(pages.length < all.length);
      if (!page.hasNextPage) break;
    }
    expect(pages).toEqual(all);
  });

  test.each([
    [{ orderBy: [{ by: 'dayz' }] }, '`orderBy` names nothing that is selected here: key.month, '],
    [{ having: [{ of: 'key.month', gt: 1 }] }, '`having` names nothing that is selected here: cases, days'],
    [{ limit: 1001 }, '`limit` of groups goes from 0 to 1000'],
  ])('%j is refused with a helpful message', async (variables, words) => {
    const { errors } = await town.clerk.ask(`query (${parameters}) { ${byMonth} }`, variables);
    expect(errors!.map(e => [e.extensions!.code, e.message.startsWith(words)])).toEqual([['BAD_USER_INPUT', true]]);
  });
});

test('groups exist on records too: each parent has its own', async () => {
  const { data, errors } = await town.clerk.ask(
    '{ agencies(first: 50) { nodes { code ledCases { totalCount groups { nodes { count } } } } } }',
  );
  expect(errors).toBeUndefined();
  const counts = data.agencies.nodes.map(({ ledCases }: never) => ledCases) as {
    totalCount: number;
    groups: { nodes: { count: number }[] };
  }[];
  for (const { totalCount, groups } of counts) expect(groups.nodes).toEqual([{ count: totalCount }]);
  expect(counts.some(({ totalCount }) => totalCount > 0)).toBe(true);
});

test('groups exist on records that are found by their key', async () => {
  const person = loaded.rows
    .get('Person')!
    .find(row => loaded.world.about('Case', 'about_applicant', String(row.id)).length)!;
  const { data, errors } = await town.clerk.ask(
    'query ($id: String!) { person(residentId: $id) { cases { totalCount groups { nodes { count } } } } }',
    { id: person.resident_id },
  );
  expect(errors).toBeUndefined();
  const { totalCount, groups } = data.person.cases;
  expect(totalCount).toBe(loaded.world.about('Case', 'about_applicant', String(person.id)).length);
  expect(groups.nodes).toEqual([{ count: totalCount }]);
});

test('groups work beside fields that are resolved by hand, and their errors do not affect the rest', async () => {
  const { data, errors } = await town.clerk.ask(
    `{ agency(code: "land") { freshness { modes } ledCases {
      totalCount a: groups { nodes { key { at: leadAgency { code } } __typename n: count } } b: groups(skip: -1) { nodes { count } }
    } } }`,
  );
  const { freshness, ledCases } = data.agency;
  expect(freshness.modes).toEqual(['changes']);
  expect(ledCases.a.nodes).toEqual([
    { key: { at: { code: 'land' } }, __typename: 'CaseGroup', n: ledCases.totalCount },
  ]);
  expect(ledCases.b).toBeNull();
  expect(errors!.map(({ path, extensions }) => [path, extensions!.code])).toEqual([
    [['agency', 'ledCases', 'b'], 'BAD_USER_INPUT'],
  ]);
});

describe('working days', () => {
  const question = (where: string) =>
    `{ cases(where: ${where}) { groups { nodes { key { day: submittedAt(per: WORKING_DAY) } count days: sum(of: { workingDays: { from: SUBMITTED_AT, to: CLOSED_AT } }) } } } }`;
  test('are counted by the calendar, and days off count to the next one', async () => {
    const { data, errors } = await town.clerk.ask(question('{ submittedAt: { gte: "2025-01-01T00:00:00Z" } }'));
    expect(errors).toBeUndefined();
    const { rows, related } = sightOf(policyOf(clerkWithTask), loaded, 'groups');
    const noun = town.hub.store.catalog.stored('Case');
    const asked: GroupQuery = {
      keys: [{ name: 'day', path: [], field: 'submittedAt', per: 'WORKING_DAY' }],
      measures: [
        { name: 'count', take: 'count' },
        { name: 'days', take: 'sum', of: { workingDays: { from: 'submittedAt', to: 'closedAt' } } },
      ],
      having: [],
      orderBy: [],
      limit: 1000,
      skip: 0,
    };
    const fitting = rows(noun).filter(row => Date.parse(String(row.submittedAt)) >= Date.UTC(2025, 0, 1));
    const flat = data.cases.groups.nodes.map(({ key, ...rest }: { key: object }) => ({ ...key, ...rest }));
    const expected = comparableGroups(groupsOf(noun, fitting, asked, related), asked);
    expect(comparableGroups(flat, asked)).toEqual(expected.slice(0, 100));
  });

  test('of a year that the calendar does not know are an error that says what to do', async () => {
    const { errors } = await town.clerk.ask(
      '{ matters { groups { nodes { max(of: { workingDays: { from: VALID_FROM, to: VALID_FROM } }) } } } }',
    );
    expect(errors![0]!.extensions!.code).toBe('BAD_USER_INPUT');
    expect(errors![0]!.message).toContain('knows 2024-01-01 to 2026-12-31');
  });
});
