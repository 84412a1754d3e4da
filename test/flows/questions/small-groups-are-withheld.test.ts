import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Cell, withheldCells } from '../../../src/query/groups/small-groups.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const k = 5;
const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
let town: TestHub;
beforeAll(async () => {
  town = await startTestHub({ agencies, population: 400, reference: true });
  await town.synchronised();
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
async function table(who: Who, names: readonly string[], where = '{}'): Promise<Cell[]> {
  const key = names.length ? `key { ${names.join(' ')} }` : '';
  const { nodes } = await groups(who, { where, select: `${key} count`, args: 'limit: 1000' });
  return nodes.map(node => ({ key: names.map(name => String(node.key![name])), n: Number(node.count) }));
}
const sorted = (cells: readonly Cell[]) => cells.map(({ key, n }) => `${key.join(' ')}: ${n}`).sort();

test('a reader who sees persons masked is told no table and no total of which a small group follows', async () => {
  let hiddenCells = 0;
  for (let bits = 0; bits < 2 ** dimensions.length; bits++) {
    const names = dimensions.filter((_, i) => bits & (1 << i));
    const truth = await table('clerk', names);
    const hidden = withheldCells(truth, k);
    hiddenCells += hidden.filter(Boolean).length;
    const told = truth.filter((_, i) => !hidden[i]);
    expect(sorted(await table('analyst', names))).toEqual(sorted(told));
    for (const { n } of told) expect(n).toBeGreaterThanOrEqual(k);
  }
  expect(hiddenCells).toBeGreaterThan(20);
});

describe('who looks for a small group', () => {
  let small: { key: readonly string[]; n: number; where: string };
  beforeAll(async () => {
    const truth = await table('clerk', ['leadAgencyCode', 'channel']);
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
