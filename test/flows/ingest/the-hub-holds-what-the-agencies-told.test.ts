/** With all faults of five agencies, the stored, flagged and parked records equal what each agency says it sent. */
import { afterEach, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as first } from '../../support/test-seed.ts';

const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
const STEPS = 40;

let hub: TestHub;
afterEach(() => hub?.stop());

async function storedCounts(): Promise<Map<string, number>> {
  const { catalog, database } = hub.hub.store;
  const selects = catalog
    .all()
    .filter(({ origin }) => origin === 'agency' || origin === 'hall')
    .map(({ name, table }) => `select agency, '${name}', deleted, count(*) from ${table} group by 1, 2, 3`);
  const rows = await database.read(selects.join(' union all '), []);
  return new Map(rows.map(([agency, kind, deleted, count]) => [`${agency} ${kind} ${deleted}`, Number(count)]));
}

/** For each agency, how many records of each kind are stored and flagged, and how many items are parked. */
async function held() {
  const stored = await storedCounts();
  const freshness = await hub.hub.health.list();
  return [...hub.systems].map(([agency, system]) => {
    const { records, deleted } = system.ledger();
    const count = (kinds: Readonly<Record<string, number>>, flag: string) =>
      Object.fromEntries(Object.keys(kinds).map(kind => [kind, stored.get(`${agency} ${kind} ${flag}`) ?? 0]));
    return {
      agency,
      records: count(records, 'f'),
      deleted: count(deleted, 't'),
      parked: freshness.get(agency)!.parked,
    };
  });
}

const told = () =>
  [...hub.systems].map(([agency, system]) => {
    const { records, deleted, parked } = system.ledger();
    return { agency, records, deleted, parked };
  });

/**
 * Resolves once every polled agency had nothing more twice from now on, because the first poll may already be under
 * way.
 */
async function caughtUp(): Promise<void> {
  for (const [agency, system] of hub.systems) {
    await system.drained?.();
    const asked = hub.hub.adapters.find(adapter => adapter.agency.code === agency)!.modes.includes('changes');
    for (let looks = 0; asked && looks < 2; looks++) {
      const { caughtUpAt } = await hub.healthOf(agency, () => true);
      await hub.healthOf(agency, health => health.caughtUpAt !== caughtUpAt);
    }
  }
}

test.each([first, first + 1])(
  'from the first record on and after each step, with all faults (TEST_SEED=%i)',
  async seed => {
    const adapters = (await findAdapters()).filter(({ agency }) => agencies.includes(agency.code));
    const hurried = adapters.map(adapter => ({ ...adapter, pollEveryMs: 50 }));
    hub = await startTestHub({ agencies, population: 600, seed, adapters: hurried });
    await hub.synchronised();
    await caughtUp();
    expect(await held()).toEqual(told());

    const random = makeRandom(seed, 'steps');
    const systems = [...hub.systems.values()];
    for (let step = 0; step < STEPS; step++) await random.pick(systems).step();
    await caughtUp();
    expect(await held()).toEqual(told());
    expect(told().reduce((sum, { parked }) => sum + parked, 0)).toBeGreaterThan(0);
  },
);
