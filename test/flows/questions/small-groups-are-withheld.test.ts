import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Payment } from '../../../adapters/human-resources/records.ts';
import { nobody, together } from '../../../src/query/groups/person-bits.ts';
import { withheldCells } from '../../../src/query/groups/small-groups.ts';
import { bitOf } from '../../support/bit-of.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import type { CountedCell } from '../../support/recovered-cells.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const k = 5;
const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
let town: TestHub;
type Case = Readonly<Record<string, string | null>> & {
  readonly id: string;
  readonly applicant: { id: string } | null;
};
let cases: readonly Case[];
beforeAll(async () => {
  town = await startTestHub({ agencies, population: 400, reference: true });
  await town.synchronised();
  cases = await allCases();
});
afterAll(() => town?.stop());

interface Groups {
  readonly nodes: readonly { readonly key?: Record<string, string | null>; readonly [measure: string]: unknown }[];
  readonly withheld: boolean;
}
type Who = 'analyst' | 'clerk';
async function groups(who: Who, { where = '{}', args = '', select = 'count' } = {}): Promise<Groups> {
  const text = `{ cases(where: ${where}) { groups${args && `(${args})`} { withheld nodes { ${select} } } } }`;
  const { data, errors } = await town[who].ask(text);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.cases.groups;
}
const dimensions = ['leadAgencyCode', 'result', 'channel', 'applicantKind'];
async function allCases(): Promise<Case[]> {
  const rows: Case[] = [];
  for (let after: string | null = null; ; ) {
    const query = `query ($after: String) { cases(first: 200, after: $after) { nodes { id applicant { id } ${dimensions.join(' ')} } pageInfo { hasNextPage endCursor } } }`;
    const { data } = await town.clerk.ask(query, { after });
    rows.push(...data.cases.nodes);
    if (!data.cases.pageInfo.hasNextPage) return rows;
    after = data.cases.pageInfo.endCursor;
  }
}
/** What there is to be told. */
const tableOf = (names: readonly string[]): CountedCell[] =>
  [...Map.groupBy(cases, row => JSON.stringify(names.map(name => String(row[name]))))].map(([key, rows]) => ({
    key: JSON.parse(key),
    n: rows.length,
    persons: together(rows.map(({ id, applicant }) => bitOf(applicant?.id ?? id))),
  }));
async function told(who: Who, names: readonly string[]): Promise<CountedCell[]> {
  const key = names.length ? `key { ${names.join(' ')} }` : '';
  const { nodes } = await groups(who, { select: `${key} count`, args: 'limit: 1000' });
  return nodes.map(node => ({
    key: names.map(name => String(node.key![name])),
    n: Number(node.count),
    persons: nobody,
  }));
}
const sorted = (cells: readonly CountedCell[]) => cells.map(({ key, n }) => `${key.join(' ')}: ${n}`).sort();

test('a reader who sees persons masked is told no table and no total of which a small group follows', async () => {
  let hiddenCells = 0;
  for (let bits = 0; bits < 2 ** dimensions.length; bits++) {
    const names = dimensions.filter((_, i) => bits & (1 << i));
    const truth = tableOf(names);
    const hidden = withheldCells(truth, k);
    hiddenCells += hidden.filter(Boolean).length;
    const large = truth.filter((_, i) => !hidden[i]);
    expect(sorted(await told('clerk', names))).toEqual(sorted(truth));
    expect(sorted(await told('analyst', names))).toEqual(sorted(large));
    for (const { key } of large) {
      const rows = cases.filter(row => names.every((name, i) => String(row[name]) === key[i]));
      expect(new Set(rows.map(({ id, applicant }) => applicant?.id ?? id)).size).toBeGreaterThanOrEqual(k);
    }
  }
  expect(hiddenCells).toBeGreaterThan(20);
});

test('a person with many payments is one person', async () => {
  const { residentId, id } = (await town.clerk.ask('{ persons(first: 1) { nodes { id residentId } } }')).data.persons
    .nodes[0];
  const six = Array.from({ length: 6 }, (_, i) => plainStatement(Payment, `of one ${i}`, { residentId }));
  await stateRecords(town.hub.store, 'human-resources', six);
  const query =
    'query ($id: ID!) { node(id: $id) { ... on Person { insurancePayments { totalCount groups { withheld nodes { count } } } } } }';
  const [clerk, analyst] = await Promise.all([town.clerk, town.analyst].map(who => who.ask(query, { id })));
  const { totalCount, groups } = clerk!.data.node.insurancePayments;
  expect(totalCount).toBeGreaterThan(k);
  expect(groups).toEqual({ withheld: false, nodes: [{ count: totalCount }] });
  expect(analyst!.data.node.insurancePayments.groups).toEqual({ withheld: true, nodes: [] });
});

describe('who looks for a small group', () => {
  let small: { key: readonly string[]; n: number; where: string };
  beforeAll(async () => {
    const truth = tableOf(['leadAgencyCode', 'channel']);
    const found = truth.find(({ n }) => n < k)!;
    const [agency, channel] = found.key;
    small = { ...found, where: `leadAgencyCode: { eq: "${agency}" }, channel: { eq: ${channel} }` };
  });

  test('learns nothing from tests and orders of groups, nor by paging', async () => {
    const select = 'key { leadAgencyCode channel } count';
    for (const having of ['lt: 5', `eq: ${small.n}`, `lte: ${small.n}, gte: ${small.n}`])
      expect((await groups('analyst', { select, args: `having: [{ of: "count", ${having} }]` })).nodes).toEqual([]);
    const all = await groups('analyst', { select, args: 'orderBy: [{ by: "count" }]' });
    expect(all.withheld).toBe(true);
    const paged: unknown[] = [];
    for (let skip = 0; skip <= all.nodes.length; skip++)
      paged.push(
        ...(await groups('analyst', { select, args: `orderBy: [{ by: "count" }], limit: 1, skip: ${skip}` })).nodes,
      );
    expect(paged).toEqual(all.nodes);
  });

  test('learns nothing from a filter that leaves it, or that leaves it out', async () => {
    const all = (await groups('analyst')).nodes[0]!.count;
    expect(all).toBe((await groups('clerk')).nodes[0]!.count);
    for (const where of [`{ ${small.where} }`, `{ not: { ${small.where} } }`, `{ and: [{ not: { ${small.where} } }] }`])
      expect([where, await groups('analyst', { where })]).toEqual([where, { nodes: [], withheld: true }]);
  });

  test('learns nothing from counts under a condition, beside totals', async () => {
    const select = `count fits: count(where: { ${small.where} }) rest: count(where: { not: { ${small.where} } }) share(where: { ${small.where} })`;
    const { nodes, withheld } = await groups('analyst', { select });
    expect(withheld).toBe(true);
    expect(nodes[0]).toMatchObject({ fits: null, rest: null, share: null });
    expect(nodes[0]!.count).toBeGreaterThan(k);
    const byAgency = await groups('analyst', {
      select: `key { leadAgencyCode } fits: count(where: { ${small.where} })`,
    });
    for (const { fits } of byAgency.nodes) expect(fits === null || fits === 0 || Number(fits) >= k).toBe(true);
  });
});

test('groups of what is not about persons are told as they are, however small', async () => {
  const keys = { matters: 'matterType', powerListEntries: 'origin', regions: 'level', residentCounts: 'month' };
  for (const [list, key] of Object.entries(keys)) {
    const text = `{ ${list} { totalCount groups(limit: 1000) { withheld nodes { key { ${key} } count } } } }`;
    const [analyst, clerk] = [await town.analyst.ask(text), await town.clerk.ask(text)];
    expect(analyst.errors).toBeUndefined();
    expect(analyst.data).toEqual(clerk.data);
    expect(analyst.data[list].groups.withheld).toBe(false);
  }
});

test('what is tested, ordered and cut by the database and in memory comes out the same', async () => {
  const whole = await startTestHub({
    agencies: ['commerce'],
    population: 200,
    environment: { HUB_SMALLEST_GROUP: '1' },
  });
  try {
    await whole.synchronised();
    for (const args of [
      'orderBy: [{ by: "n", descending: true }], limit: 4, skip: 2',
      'orderBy: [{ by: "key.kind", descending: true }, { by: "capital" }], having: [{ of: "capital", gt: 0 }]',
      'orderBy: [{ by: "last" }], having: [{ of: "n", gte: 1, lt: 9 }], limit: 7',
    ]) {
      const text = `{ marketEntities { groups(${args}) { hasNextPage nodes { key { kind: state year: establishedOn(per: YEAR) } n: count capital: sum(of: { field: REGISTERED_CAPITAL }) last: latest(of: ESTABLISHED_ON) } } } }`;
      const [analyst, clerk] = [await whole.analyst.ask(text), await whole.clerk.ask(text)];
      expect([args, analyst.errors, clerk.errors]).toEqual([args, undefined, undefined]);
      expect(analyst.data).toEqual(clerk.data);
      expect(clerk.data.marketEntities.groups.nodes.length).toBeGreaterThan(2);
    }
  } finally {
    await whole.stop();
  }
});
