/** The food and drug outpost's real pushes and look-ups go through its adapter, without a hub. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import adapter from '../../../adapters/food-drug/adapter.ts';
import type { EaEvent } from '../../../adapters/food-drug/event.ts';
import { residentId } from '../../../adapters/kit/identifiers/resident-id.ts';
import {
  type AgencySource,
  type Delivery,
  type Item,
  SourceError,
  type Statement,
} from '../../../adapters/kit/index.ts';
import { usualFaults } from '../../../seeds/systems/food-drug/clerks.ts';
import startSystem, { type FoodDrugSystem } from '../../../seeds/systems/food-drug/system.ts';
import type { FaultRates } from '../../../seeds/systems/pretend-system.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { ReferenceHub } from '../../support/reference-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const POPULATION = 600;
const random = makeRandom(seed, 'food-drug flow test');

/** Rates far above normal, so that every fault occurs in a few rows. */
const MANY: FaultRates = {
  brokenLine: 0.03,
  impossibleDate: 0.03,
  unknownCode: 0.03,
  missingValue: 0.03,
  unknownEdition: 0.1,
  wrongCheckDigit: 0.2,
  wrongCreditCode: 0.05,
  deleted: 0.1,
  reReport: 0.4,
  duplicate: 0.2,
  shuffled: 0.4,
};

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startOutpost(faults: FaultRates, faultless = false, population = POPULATION) {
  const town = makeTownship({ population, seed });
  const system: FoodDrugSystem = await startSystem({ town, seed, faults, faultless });
  closers.push(() => system.stop());
  const { HUB_FOOD_DRUG_SECRET: secret, HUB_FOOD_DRUG_LOOKUP_URL: lookupUrl } = system.environment;
  const settings = adapter.settings.parse({ secret, lookupUrl });
  const source: AgencySource<EaEvent> = adapter.connect(settings, { fetch, now: () => new Date() });
  return { system, source };
}

/**
 * Receives deliveries. `answer` decides what happens to the nth one: it is taken, or lost before or after it was taken.
 */
async function startReceiver(
  source: AgencySource<EaEvent>,
  answer: (nth: number) => 'take' | 'lose' | 'forget' | 'cut' = () => 'take',
) {
  const items: Item<EaEvent>[] = [];
  const waiting: (() => void)[] = [];
  let nth = 0;
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const headers = request.headers as Record<string, string | undefined>;
    const outcome = answer(nth++);
    if (outcome === 'lose') return void response.writeHead(503).end();
    const taken = await source.push!.read({ headers, body }).catch((error: SourceError) => error);
    if (taken instanceof SourceError) return void response.writeHead(401).end();
    items.push(...taken);
    for (const notify of waiting.splice(0)) notify();
    if (outcome === 'cut') return void request.socket.destroy();
    response.writeHead(outcome === 'forget' ? 500 : 204).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise(resolve => server.close(resolve)));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  /** Resolves with the next delivery that is taken. */
  const next = () => new Promise<void>(resolve => waiting.push(resolve));
  return { items, url, next, deliveries: () => nth };
}

async function receiveAll(faults: FaultRates, faultless = false, population = POPULATION) {
  const { system, source } = await startOutpost(faults, faultless, population);
  const receiver = await startReceiver(source);
  system.deliverTo(receiver.url);
  await system.drained();
  return { system, source, ...receiver };
}

const hubOf = (items: readonly Item<EaEvent>[]): ReferenceHub => {
  const hub = new ReferenceHub(adapter);
  hub.take(items);
  return hub;
};
const standing = (hub: ReferenceHub) => new Map([...hub.records].sort(([a], [b]) => (a < b ? -1 : 1)));
const counts = (hub: ReferenceHub) => ({
  records: hub.count(false),
  deleted: hub.count(true),
  parked: hub.parked.size,
});
const expected = (system: FoodDrugSystem) => {
  const { records, deleted, parked } = system.ledger();
  return { records, deleted, parked };
};
const shuffle = <T>(list: readonly T[]): T[] =>
  list
    .map(item => ({ item, at: random.below(1_000_000) }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
const ofKind = (hub: ReferenceHub, kind: string): Statement[] =>
  [...hub.records.values()].filter(record => record.kind === kind);
const call = (timeoutMs = 10_000) => ({ signal: AbortSignal.timeout(timeoutMs) });

// The seed stands in every test's name, so TEST_SEED can repeat a failure.
describe(`food-drug with seed ${seed}`, () => {
  test.each([
    ['usual', {}],
    ['many', MANY],
  ])('with %s faults the hub ends with exactly what the ledger counts', async (_, faults) => {
    const { system, items } = await receiveAll(faults);
    expect(counts(hubOf(items))).toEqual(expected(system));
  });

  test('every kind of fault occurs, and every kind of record is there', async () => {
    const twice = Object.fromEntries(Object.keys(usualFaults).map(fault => [fault, 2]));
    const { system, items } = await receiveAll(twice, false, 5 * POPULATION);
    const { records, deleted, parked, faults } = system.ledger();
    expect(faults).toEqual(twice);
    expect(Object.keys(records).sort()).toEqual([...adapter.records, ...adapter.hallRecords].map(k => k.name).sort());
    expect(counts(hubOf(items))).toEqual({ records, deleted, parked });
  });

  test('items that come twice and in any order end in the same records', async () => {
    const { items } = await receiveAll(MANY);
    const once = standing(hubOf(items));
    expect(standing(hubOf([...items, ...items]))).toEqual(once);
    for (let round = 0; round < 3; round++) expect(standing(hubOf(shuffle(items)))).toEqual(once);
    expect(standing(hubOf([...items].reverse()))).toEqual(once);
  });

  test('deliveries that are lost, forgotten or cut come again, so that nothing is missing', async () => {
    const { system, source } = await startOutpost(MANY, false, 5 * POPULATION);
    const outcomes = ['lose', 'forget', 'cut', 'lose', 'take', 'forget', 'cut'] as const;
    const receiver = await startReceiver(source, nth => outcomes[nth] ?? 'take');
    system.deliverTo(receiver.url);
    await system.drained();
    expect(receiver.deliveries()).toBeGreaterThan(4);
    expect(counts(hubOf(receiver.items))).toEqual(expected(system));
  });

  test('an update is delivered immediately', async () => {
    const { system, items, next } = await receiveAll({});
    for (let round = 0; round < 20; round++) {
      const delivered = next();
      const touched = await system.touch();
      await delivered;
      await system.drained();
      const hub = hubOf(items);
      const record = hub.records.get(`${touched.kind} ${touched.sourceId}`);
      expect(record?.data).toMatchObject({ caseNo: touched.caseNo });
      expect(record?.deleted).toBe(false);
      expect(counts(hub)).toEqual(expected(system));
    }
  });

  test('the ledger stays right while the outpost lives on', async () => {
    const { system, items } = await receiveAll(MANY);
    const before = items.length;
    for (let round = 0; round < 150; round++) await system.step();
    await system.drained();
    expect(items.length).toBeGreaterThan(before + 100);
    const once = hubOf(items);
    expect(counts(once)).toEqual(expected(system));
    expect(standing(hubOf(shuffle(items)))).toEqual(standing(once));
  });

  test('nobody without the secret can deliver', async () => {
    const { system } = await startOutpost({});
    const settings = adapter.settings.parse({ secret: 'of somebody else', lookupUrl: 'http://127.0.0.1:1' });
    const stranger = adapter.connect(settings, { fetch, now: () => new Date() });
    const refused = new Promise<string>(resolve => {
      const read = async (delivery: Delivery) => {
        try {
          return await stranger.push!.read(delivery);
        } catch (error) {
          resolve((error as SourceError).kind);
          throw error;
        }
      };
      const push = { admit: stranger.push!.admit, read };
      void startReceiver({ push }).then(({ url }) => system.deliverTo(url));
    });
    expect(await refused).toBe('REFUSED');
  });

  test('a look-up answers for holders and numbers in one batch with what was delivered', async () => {
    const { source, items } = await receiveAll({}, true);
    const licences = ofKind(hubOf(items), 'Licence');
    const [first, second] = [licences[0]!, licences.at(-1)!];
    const keys = [first.data!.holderCreditCode, '92371482MA3CQ1X75C', second.data!.number] as string[];
    const found = await source.lookup!('Licence', keys, call());
    const stated = found.map(list => list.flatMap(item => ('native' in item ? adapter.map(item.native) : [])));
    expect(stated[0]).toContainEqual(first);
    expect(stated[1]).toEqual([]);
    expect(stated[2]).toEqual([second]);
  });

  test('a look-up finds licences whose codes and numbers are misspelled', async () => {
    const { source, items } = await receiveAll({ fullWidth: 1, padding: 1, oddDate: 1 }, true);
    const licences = ofKind(hubOf(items), 'Licence');
    const found = await source.lookup!(
      'Licence',
      licences.map(({ data }) => data!.number as string),
      call(),
    );
    const stated = found.flatMap(list => list.flatMap(item => ('native' in item ? adapter.map(item.native) : [])));
    expect(stated).toEqual(licences);
  });

  test('an outage of the look-ups is reported as such, and ends', async () => {
    const { system, source } = await startOutpost({});
    const ask = (timeoutMs?: number) => source.lookup!('Licence', ['92371482MA3CQ1X75C'], call(timeoutMs));
    await expect(ask()).resolves.toEqual([[]]);
    system.setOutage('refuse');
    await expect(ask()).rejects.toMatchObject({ name: 'SourceError', kind: 'UNREACHABLE' });
    system.setOutage('hang');
    await expect(ask(50)).rejects.toMatchObject({ name: 'SourceError', kind: 'TIMEOUT' });
    system.setOutage('none');
    await expect(ask()).resolves.toEqual([[]]);
  });

  test('after an outage the deliveries go on', async () => {
    const { system, source } = await startOutpost(MANY);
    const receiver = await startReceiver(source);
    system.setOutage('hang');
    system.deliverTo(receiver.url);
    expect((await system.touch()).kind).toMatch(/^(Approval|CaseClosing|CaseReport)$/);
    system.setOutage('none');
    await system.drained();
    expect(counts(hubOf(receiver.items))).toEqual(expected(system));
  });

  test('a re-report replaces the first report, even when the first report comes later', async () => {
    const { items, system } = await receiveAll({ reReport: 1, lateReport: 1, shuffled: 0.5 }, true);
    expect(system.ledger().faults.lateReport).toBeGreaterThan(10);
    for (const { data } of hubOf(items).records.values()) expect(JSON.stringify(data)).not.toContain('首次上报');
  });

  test("old ids and the trader's own id in place of a credit code are kept as persons' ids", async () => {
    const { items, system } = await receiveAll({ legacyId: 1, personIdForCreditCode: 1, lowerCaseX: 1 }, true);
    const { legacyId, personIdForCreditCode } = system.ledger().faults;
    expect(Math.min(legacyId ?? 0, personIdForCreditCode ?? 0)).toBeGreaterThan(0);
    const records = [...hubOf(items).records.values()];
    const ids = records.flatMap(({ data }) => data!.applicantId ?? data!.responsiblePersonId ?? data!.operatorId ?? []);
    expect(ids.length).toBeGreaterThan(10);
    for (const id of ids) expect(residentId.faults(residentId.normalise(String(id)))).toEqual([]);
  });

  test('late entries keep the time at which they happened', async () => {
    const { items } = await receiveAll({ lateEntered: 1 }, true);
    for (const { data, asOf } of ofKind(hubOf(items), 'CaseClosing')) expect(asOf).toBe(data!.closedAt);
  });

  test('a closing of an unknown edition is parked, and a closing of the older edition is read', async () => {
    const unknown = await receiveAll({ unknownEdition: 1 }, true);
    expect(ofKind(hubOf(unknown.items), 'CaseClosing')).toEqual([]);
    expect(unknown.system.ledger().parked).toBe(unknown.system.ledger().faults.unknownEdition);
    const older = await receiveAll({ olderEdition: 1 }, true);
    const closings = ofKind(hubOf(older.items), 'CaseClosing');
    expect(closings.length).toBe(older.system.ledger().faults.olderEdition);
    for (const { data } of closings) expect(data!.sourceResult).toMatch(/^eajc-old:[0-6]$/);
  });

  test('deleted records are kept and flagged', async () => {
    const { system, items } = await receiveAll({ deleted: 1, shuffled: 0.5 }, true);
    const hub = hubOf(items);
    expect(hub.count(false)).toEqual({});
    expect(hub.count(true)).toEqual(system.ledger().deleted);
  });

  test('every region is written with 12 digits, the province where there was none', async () => {
    const { items } = await receiveAll({ regionEmpty: 0.5, regionShort: 0.5 }, true);
    const regions = ofKind(hubOf(items), 'CaseReport').map(({ data }) => data!.regionCode);
    expect(regions).toContain('370000000000');
    for (const region of regions) expect(region).toMatch(/^\d{12}$/);
  });
});
