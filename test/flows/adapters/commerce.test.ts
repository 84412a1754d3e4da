/** The commerce adapter against its pretend system, over the real protocol. */
import { createHmac } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import adapter from '../../../adapters/commerce/adapter.ts';
import type { Native } from '../../../adapters/commerce/wire.ts';
import type { AgencySource, Io, Item } from '../../../adapters/kit/contract.ts';
import type { Statement } from '../../../adapters/kit/statement.ts';
import start, { type CommerceOptions, type CommerceSystem } from '../../../seeds/systems/commerce/system.ts';
import type { FaultRates } from '../../../seeds/systems/pretend-system.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { checkStatement } from '../../../src/ingest/check.ts';
import { ReferenceHub } from '../../support/reference-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const random = makeRandom(seed, 'commerce test');
const town = makeTownship({ population: 1_200, seed });
/** Rates at which even rare faults occur in a small town. */
const OFTEN: FaultRates = {
  ...{ twoPripids: 0.2, noCreditCode: 0.3, wrongCreditCode: 0.1, industryMismatch: 0.2, deletedAsError: 0.1 },
  ...{ unknownState: 0.05, impossibleDate: 0.05, unknownReason: 0.2, unreadableCase: 0.1 },
  ...{ duplicate: 0.2, outOfOrder: 0.2, repeatedPage: 0.3, padded: 0.3, fullWidth: 0.3, legacyResidentId: 0.3 },
};

const io: Io = { fetch, now: () => new Date() };
const call = () => ({ signal: new AbortController().signal });
let running: CommerceSystem | null = null;

async function open(options: Partial<CommerceOptions> = {}) {
  running = await start({ town, seed, faults: OFTEN, ...options });
  return { system: running, connect: () => connect(running!.environment) };
}

function connect(environment: Readonly<Record<string, string>>, with_: Partial<Io> = {}) {
  const given = Object.entries(environment).map(([name, value]) => {
    const words = name.replace('HUB_COMMERCE_', '').toLowerCase();
    return [words.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()), value];
  });
  const source = adapter.connect(adapter.settings.parse(Object.fromEntries(given)), { ...io, ...with_ });
  return source as AgencySource<unknown> & Required<Pick<AgencySource<unknown>, 'changes' | 'lookup'>>;
}

afterEach(async () => {
  await running?.stop();
  running = null;
});

/** The test's message contains the seed that repeats a failure. */
const seeded = (name: string, run: () => Promise<void>) =>
  test(name, async () => {
    try {
      await run();
    } catch (error) {
      console.error(`TEST_SEED=${seed}`);
      throw error;
    }
  });

const sizes = () => Array.from({ length: 20 }, () => 1 + random.below(60));
const content = (hub: ReferenceHub) => [...hub.records].sort(([a], [b]) => (a < b ? -1 : 1));
const draw = async (source: AgencySource<unknown>) => {
  const items: Item<unknown>[] = [];
  for (let after: string | null = null, done = false; !done; ) {
    const page = await source.changes!(after, 50, call());
    items.push(...page.items);
    ({ next: after, done } = page);
  }
  return items;
};
const expectLedger = (hub: ReferenceHub, system: CommerceSystem) => {
  const { records, deleted, parked } = system.ledger();
  expect({ records: hub.count(false), deleted: hub.count(true), parked: hub.parked.size }).toEqual({
    records,
    deleted,
    parked,
  });
};
const drained = async (source: AgencySource<unknown>) => {
  const hub = new ReferenceHub(adapter);
  await hub.drain(source, null, sizes());
  return hub;
};
/** The statement as the hub's table would hold it. */
const stored = (statement: Statement) => {
  const outcome = checkStatement(adapter.records.find(({ name }) => name === statement.kind)!, statement);
  if ('rejects' in outcome) throw new Error(outcome.rejects.map(({ field }) => field).join());
  return outcome.record;
};
const entitiesOf = (hub: ReferenceHub) =>
  [...hub.records.values()].filter(({ kind, deleted }) => kind === 'MarketEntity' && !deleted).map(stored);

seeded('pages of any size give exactly what the ledger says', async () => {
  const { system, connect } = await open();
  const hub = await drained(connect());
  expectLedger(hub, system);
  expect(system.ledger().parked).toBeGreaterThan(0);
  expect(system.ledger().deleted.MarketEntity).toBeGreaterThan(0);
});

seeded('pages of one row cross every tie without a loss', async () => {
  const { system, connect } = await open();
  const hub = new ReferenceHub(adapter);
  await hub.drain(connect(), null, [1]);
  expectLedger(hub, system);
});

seeded('twice, or in any order, the end is the same', async () => {
  const { connect } = await open();
  const once = await drained(connect());
  const twice = new ReferenceHub(adapter);
  const end = await twice.drain(connect(), null, sizes());
  await twice.drain(connect(), end, sizes());
  await twice.drain(connect(), null, sizes());
  expect(content(twice)).toEqual(content(once));
  const items = await draw(connect());
  const shuffled = new ReferenceHub(adapter);
  const order = items.map(item => ({ item, place: random.below(1_000_000) })).sort((a, b) => a.place - b.place);
  shuffled.take(order.map(({ item }) => item));
  expect(content(shuffled)).toEqual(content(once));
  expect([...shuffled.parked.keys()].sort()).toEqual([...once.parked.keys()].sort());
});

seeded('killed after any page, it goes on from the cursor', async () => {
  const { system, connect } = await open();
  const hub = new ReferenceHub(adapter);
  for (let after: string | null = null, done = false; !done; ) {
    const page = await connect().changes(after, 1 + random.below(80), call());
    // The page may have been taken before the kill but not its cursor, so it comes again.
    if (random.chance(0.3)) {
      hub.take(page.items);
      continue;
    }
    hub.take(page.items);
    ({ next: after, done } = page);
  }
  expectLedger(hub, system);
});

seeded('rows that become visible behind the cursor are not lost, and a quiet source has nothing new', async () => {
  const { system, connect } = await open({ faults: { ...OFTEN, lateCommit: 0.5, repeatedPage: 0 } });
  const hub = new ReferenceHub(adapter);
  const source = connect();
  let cursor = await hub.drain(source, null, sizes());
  for (let round = 0; round < 150; round++) {
    await system.step();
    cursor = await hub.drain(source, cursor, [1 + random.below(3)]);
    expectLedger(hub, system);
  }
  expect(system.ledger().faults.lateCommit).toBeGreaterThan(20);
  const quiet = await source.changes(cursor, 100, call());
  expect(quiet).toMatchObject({ items: [], done: true });
});

seeded('no cursor holds a name, a phone or an identifier of anybody', async () => {
  const { connect } = await open();
  const source = connect();
  const cursors: string[] = [];
  for (let after: string | null = null, done = false; !done; cursors.push(after!)) {
    ({ next: after, done } = await source.changes(after, 40, call()));
  }
  const texts = cursors.join('\n');
  for (const { representativeId, representativeName, phone, creditCode } of town.businesses) {
    for (const value of [representativeId, representativeName, phone, creditCode]) expect(texts).not.toContain(value);
  }
});

seeded('every spelling is read back to what is true in the town', async () => {
  const { system, connect } = await open();
  const truth = new Map(town.businesses.map(business => [business.name, business]));
  const entities = entitiesOf(await drained(connect()));
  expect(entities.length).toBeGreaterThan(20);
  let mismatches = 0;
  for (const { values } of entities) {
    const business = truth.get(values.name as string)!;
    expect(values).toMatchObject({
      registrationNo: business.registrationNo,
      address: business.address,
      regionCode: business.villageCode,
      registeredCapital: String(business.capitalYuan),
      establishedOn: business.establishedOn,
      state: business.deregisteredOn === null ? 'ACTIVE' : 'DEREGISTERED',
      industryClass: business.industry.class,
      registrarCode: '371482000000',
    });
    expect([null, business.creditCode]).toContain(values.creditCode);
    expect(values.longTerm).toBe(values.termTo === null);
    expect(town.residents.some(({ residentId }) => residentId === values.legalRepresentativeId)).toBe(true);
    if (values.industryMismatch) mismatches++;
  }
  const { faults } = system.ledger();
  expect(faults).toMatchObject({ oddDate: expect.any(Number), capitalInYuan: expect.any(Number) });
  expect(mismatches).toBeGreaterThan(0);
});

seeded('a business registered twice stays two records whose representatives differ', async () => {
  const { connect } = await open({ faults: { ...OFTEN, twoPripids: 1, unknownState: 0, missingName: 0 } });
  const entities = entitiesOf(await drained(connect()));
  const byCode = new Map<unknown, (typeof entities)[number][]>();
  for (const entity of entities) {
    const { creditCode } = entity.values;
    if (creditCode !== null) byCode.set(creditCode, [...(byCode.get(creditCode) ?? []), entity]);
  }
  const twice = [...byCode.values()].filter(({ length }) => length > 1);
  expect(twice.length).toBeGreaterThan(5);
  const ids = twice.map(same => new Set(same.map(({ values }) => values.legalRepresentativeId)).size);
  expect(ids.filter(count => count === 2).length).toBeGreaterThan(ids.length * 0.9);
});

seeded('a wrong check digit and a missing credit code leave the record, linked to nobody', async () => {
  const { system, connect } = await open({ faults: { wrongCreditCode: 0.3, noCreditCode: 0.5 } });
  const entities = entitiesOf(await drained(connect()));
  const wrong = entities.filter(({ spellings }) =>
    spellings.some(({ field, faults }) => field === 'creditCode' && faults.includes('CHECK_DIGIT')),
  );
  expect(wrong.length).toBeGreaterThan(0);
  expect(wrong.every(({ values }) => values.creditCode === null)).toBe(true);
  const without = entities.filter(
    ({ values, spellings }) => values.creditCode === null && !spellings.some(({ field }) => field === 'creditCode'),
  );
  expect(without.length).toBeGreaterThan(0);
  expect(without.every(({ values }) => /^\d{15}$/.test(String(values.registrationNo)))).toBe(true);
  expect(system.ledger().faults.wrongCreditCode).toBeGreaterThanOrEqual(wrong.length);
});

seeded('an update is there at the next poll, also after a long quiet', async () => {
  const { system, connect } = await open();
  const source = connect();
  const hub = new ReferenceHub(adapter);
  let cursor = await hub.drain(source);
  for (let round = 0; round < 20; round++) {
    const { kind, sourceId, caseNo } = await system.touch();
    const before = hub.records.get(`${kind} ${sourceId}`);
    cursor = await hub.drain(source, cursor, [10]);
    const after = hub.records.get(`${kind} ${sourceId}`)!;
    expect(after.data).toMatchObject({ caseNo });
    expect(after.data).not.toEqual(before?.data);
  }
  expectLedger(hub, system);
});

seeded('an outage is the source error that it is, and afterwards it goes on', async () => {
  const { system, connect } = await open();
  const source = connect();
  const hub = new ReferenceHub(adapter);
  const first = await source.changes(null, 30, call());
  hub.take(first.items);
  system.setOutage('refuse');
  await expect(source.changes(first.next, 30, call())).rejects.toMatchObject({
    name: 'SourceError',
    kind: 'UNREACHABLE',
  });
  system.setOutage('hang');
  await expect(source.changes(first.next, 30, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
    kind: 'TIMEOUT',
  });
  system.setOutage('none');
  await hub.drain(source, first.next, sizes());
  expectLedger(hub, system);
});

seeded('a service that is busy says so as success, and loses nothing', async () => {
  const { system, connect } = await open({ faults: { busyAnswer: 2 } });
  const source = connect();
  const hub = new ReferenceHub(adapter);
  const failures: string[] = [];
  for (let after: string | null = null, done = false; !done; ) {
    try {
      const page = await source.changes(after, 100, call());
      hub.take(page.items);
      ({ next: after, done } = page);
    } catch (error) {
      failures.push((error as { kind: string }).kind);
    }
  }
  expect(failures).toEqual(['UNREACHABLE', 'UNREACHABLE']);
  expectLedger(hub, system);
});

seeded('a secret is renewed when it has run out and when the exchange says so', async () => {
  const { system } = await open({ secretLifetimeMs: 60_000 });
  const asked: string[] = [];
  let skewMs = 0;
  const source = connect(system.environment, {
    fetch: (url, init) => {
      asked.push(String(url).replace(/^.*\//, ''));
      return fetch(url, init);
    },
    now: () => new Date(Date.now() + skewMs),
  });
  await source.changes(null, 10, call());
  await source.changes(null, 10, call());
  expect(asked).toEqual(['secret', 'data', 'data']);
  skewMs = 61_000;
  await source.changes(null, 10, call());
  expect(asked.splice(0)).toEqual(['secret', 'data', 'data', 'secret', 'data']);
  skewMs = 0;
  system.endSecrets();
  await source.changes(null, 10, call());
  expect(asked).toEqual(['data', 'secret', 'data']);
});

seeded('secrets that end after every third request do not stop a drain', async () => {
  const { system, connect } = await open({ secretRequests: 3 });
  expectLedger(await drained(connect()), system);
});

seeded('a wrong key, a wrong clock and an old request are refused', async () => {
  const { system } = await open({ replayWindowMs: 60_000 });
  const { environment } = system;
  const wrongKey = connect({ ...environment, HUB_COMMERCE_APP_KEY: '0000000000000000' });
  await expect(wrongKey.changes(null, 10, call())).rejects.toMatchObject({ kind: 'REFUSED' });
  const late = connect(environment, { now: () => new Date(Date.now() - 61_000) });
  await expect(late.changes(null, 10, call())).rejects.toMatchObject({ kind: 'REFUSED' });
  const stranger = connect({ ...environment, HUB_COMMERCE_ENTITY_SERVICE_ID: 'nothing' });
  await expect(stranger.changes(null, 10, call())).rejects.toMatchObject({ kind: 'REFUSED' });
  const [rid, rtime] = [environment.HUB_COMMERCE_REQUESTER_ID!, String(Date.now() - 61_000)];
  const sign = createHmac('sha256', environment.HUB_COMMERCE_APP_KEY!)
    .update(rid + rtime)
    .digest('base64');
  const headers = { gjgxjhpt_rid: rid, gjgxjhpt_sid: '', gjgxjhpt_rtime: rtime, gjgxjhpt_sign: sign };
  const replayed = await fetch(`${environment.HUB_COMMERCE_URL}/gateway/secret`, { method: 'POST', headers });
  expect(await replayed.json()).toMatchObject({ code: '10403' });
});

seeded('a question by credit code is answered in the order of the keys', async () => {
  const { connect } = await open({ faults: { twoPripids: 0.3 } });
  const source = connect();
  const hub = await drained(source);
  const known = new Map<string, string[]>();
  for (const { values, statement } of entitiesOf(hub)) {
    if (typeof values.creditCode !== 'string') continue;
    known.set(values.creditCode, [...(known.get(values.creditCode) ?? []), statement.sourceId]);
  }
  const keys = ['91371482MA3CP0A037', ...known.keys()];
  const answers = await source.lookup('MarketEntity', keys, call());
  const found = answers.map(items =>
    items.map(item => ('native' in item ? adapter.map(item.native as Native)[0]!.sourceId : '')).sort(),
  );
  expect(found).toEqual([[], ...[...known.values()].map(ids => ids.sort())]);
  const fresh = new ReferenceHub(adapter);
  fresh.take(answers.flat());
  for (const [name, statement] of fresh.records) expect(statement).toEqual(hub.records.get(name));
  await expect(source.lookup('BusinessChange', keys, call())).rejects.toMatchObject({ kind: 'REFUSED' });
});

seeded('a faultless system parks nothing', async () => {
  const { system, connect } = await open({ faults: {}, faultless: true });
  const hub = await drained(connect());
  expectLedger(hub, system);
  expect(system.ledger()).toMatchObject({ parked: 0, deleted: {}, faults: {} });
  expect(entitiesOf(hub).every(({ spellings }) => spellings.length === 0)).toBe(true);
});
