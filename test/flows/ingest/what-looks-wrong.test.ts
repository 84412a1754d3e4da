/** An agency that is read without a failure can still send what looks wrong: its health says what, how much, and since when. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Statement, versionOf } from '../../../adapters/kit/statement.ts';
import { readReference } from '../../../seeds/reference/read-reference.ts';
import { type FeedSign, FeedSigns, type SignLimits } from '../../../src/ingest/feed-signs.ts';
import { stateTown } from '../../../src/ingest/town.ts';
import { holdingStatement, scriptedAgency, tell, tellFlawed } from '../../support/scripted-adapter.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { applyItems, openTestStore, type TestStore } from '../../support/test-store.ts';

const orchard = scriptedAgency('orchard', 'Orchard');
const { adapter, holding } = orchard;
const limits: SignLimits = { newest: 40, parkedPercent: 5, unknownPercent: 20, quietHours: 72 };

let opened: TestStore;
let hub: TestHub | null = null;
beforeEach(async () => {
  opened = await openTestStore('one_script', [adapter]);
});
afterEach(async () => {
  await hub?.stop();
  hub = null;
  await opened.close();
});

function watch(
  more: Partial<SignLimits> = {},
  onChange: (agency: string, signs: readonly FeedSign[]) => void = () => {},
) {
  const { database, catalog } = opened.store;
  return new FeedSigns({
    read: database.read,
    catalog,
    agencies: ['orchard'],
    limits: { ...limits, ...more },
    onChange,
    onError: error => {
      throw error;
    },
  });
}
async function look(more: Partial<SignLimits> = {}): Promise<readonly FeedSign[]> {
  const signs = watch(more);
  await signs.refresh();
  return signs.of('orchard');
}

const statement = (n: number, data: Record<string, unknown> = {}) => holdingStatement(holding, n, data);
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const holdings = (from: number, to: number, data: Record<string, unknown> = {}) =>
  numbers(from, to).map(n => tell(statement(n, data)));
const flawed = (from: number, to: number) =>
  numbers(from, to).map(n => tellFlawed({ field: 'KIND', reason: 'is not a known code' }, statement(n)));
const take = (items: Parameters<typeof applyItems>[2]) => applyItems(opened.store, adapter, items);
const age = (sql: string) =>
  opened.store.database.pool.query(`update orchard_orchard_holding set observed_at = observed_at - ${sql}`);

test('an agency that sends what it should has no sign', async () => {
  await take([...holdings(0, 39, { holderName: '王建国' }), ...flawed(39, 40)]);
  expect(await look()).toEqual([]);
});

test('the share of what newly arrives and is parked is told with its most frequent reason', async () => {
  await take([...holdings(0, 100), ...flawed(100, 110)]);
  // The newest 40 records, and what was parked since the first of them.
  expect(await look()).toEqual([
    {
      sign: 'PARKED',
      kind: null,
      field: null,
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      found: 10,
      of: 50,
      message: '10 of the newest 50 items are parked, most of them because of KIND is not a known code',
    },
  ]);
  expect(await look({ parkedPercent: 20 })).toEqual([]);
});

test('an agency of which everything is parked from the beginning is degraded, and one that was mended is not', async () => {
  await take(flawed(0, 30));
  expect(await look()).toMatchObject([{ sign: 'PARKED', found: 30, of: 30 }]);
  await opened.store.database.pool.query(`update hub_parked set state = 'REPLAYED'`);
  expect(await look()).toEqual([]);
});

test('codes of matters that the town does not know are told, once it knows any', async () => {
  const report = (n: number, matterCode: string): Statement => ({
    kind: 'CaseReport',
    sourceId: `r${n}`,
    version: versionOf(1),
    deleted: false,
    data: {
      caseNo: `NO-${n}`,
      ...{ matterCode, matterEdition: 1, applicantKind: 'NATURAL_PERSON', channel: 'WINDOW', dataVersion: 1 },
      submittedAt: '2026-11-23T09:30:00+08:00',
    },
  });
  await take(numbers(0, 30).map(n => tell(report(n, n < 20 ? 'LAND-ZJD-001' : 'NOBODY-KNOWS'))));
  expect(await look()).toEqual([]);
  const { Matter } = readReference();
  await stateTown(opened.store, { Matter: Matter!.filter(({ code }) => code === 'LAND-ZJD-001') }, '2026-11-23');
  expect(await look()).toMatchObject([
    {
      sign: 'UNKNOWN_REFERENCE',
      kind: 'CaseReport',
      field: 'matterCode, matterEdition',
      found: 10,
      of: 30,
      message: '10 of the newest 30 caseReports name a Matter in matterCode, matterEdition that the town does not know',
    },
  ]);
});

test('a field that was usually filled and is empty in all of the newest records is told', async () => {
  await take(holdings(0, 200, { holderName: '王建国', holderAddress: '房寺镇1号' }));
  await age(`interval '1 day'`);
  await take(holdings(200, 239, { holderAddress: '房寺镇1号' }));
  // One of the newest 40 still has it.
  expect(await look()).toEqual([]);
  await take(holdings(239, 240, { holderAddress: '房寺镇1号' }));
  expect(await look()).toMatchObject([
    {
      sign: 'EMPTY_FIELD',
      kind: holding.name,
      field: 'holderName',
      found: 40,
      message: `holderName is empty in all of the newest 40 ${holding.plural}, and filled in 83 % of all`,
    },
  ]);
});

test('a kind without news for much longer than its usual pauses is told, and one of slow pace is not', async () => {
  for (const n of numbers(0, 6)) {
    await take(holdings(n, n + 1));
    await age(`interval '30 hours'`);
  }
  await age(`interval '59 hours'`); // 89 hours: less than three times the usual
  expect(await look()).toEqual([]);
  await age(`interval '10 hours'`);
  expect(await look()).toMatchObject([
    {
      sign: 'QUIET_KIND',
      kind: holding.name,
      found: 99,
      of: 30,
      message: expect.stringMatching(/for 99 hours, and 30 were/),
    },
  ]);
  expect(await look({ quietHours: 200 })).toEqual([]);
});

test('a kind whose pace is not known yet may be quiet for a month', async () => {
  await take(holdings(0, 30));
  await age(`interval '30 days'`);
  expect(await look()).toEqual([]);
  await age(`interval '2 days'`);
  expect(await look()).toMatchObject([{ sign: 'QUIET_KIND', kind: holding.name, of: 744 }]);
});

test('a change is told once when it begins and once when it ends', async () => {
  const told: unknown[] = [];
  const signs = watch({}, (agency, found) => told.push([agency, found.map(({ sign }) => sign)]));
  await take(flawed(0, 30));
  await signs.refresh();
  await signs.refresh();
  await opened.store.database.pool.query('delete from hub_parked');
  await signs.refresh();
  expect(told).toEqual([
    ['orchard', ['PARKED']],
    ['orchard', []],
  ]);
});

test('the graph shows it: whether to everybody, how to those who look after the agency', async () => {
  const scripted = scriptedAgency('orchard', 'Orchard');
  hub = await startTestHub({ adapters: [scripted.adapter], environment: { HUB_SIGNS_MS: '50' } });
  scripted.source.pages.push({ items: [...holdings(0, 20), ...flawed(20, 40)] });
  await hub.healthOf('orchard', ({ recordsRead }) => recordsRead === 40);
  const ask = '{ agencies(first: 9) { nodes { code freshness { degraded signs } } } }';
  type Node = { code: string; freshness: { degraded: boolean; signs: unknown } };
  const shown = async (client: TestHub['anybody']) =>
    ((await client.ask(ask)).data.agencies.nodes as Node[]).find(({ code }) => code === 'orchard')!.freshness;
  // The page is counted as read before all of it is looked at.
  const { signs } = await hub.healthOf('orchard', health => health.signs.some(({ of }) => of === 40));
  expect(signs).toMatchObject([{ sign: 'PARKED', found: 20, of: 40 }]);
  expect(await shown(hub.anybody)).toEqual({ degraded: true, signs: null });
});
