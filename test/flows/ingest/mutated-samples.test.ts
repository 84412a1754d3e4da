/**
 * Samples of every agency, spoilt at random, go through its adapter, the checks and the store into PostgreSQL. No page ever
 * fails, nothing is left for the database to refuse, and the tables hold what the reference hub holds.
 *
 * TEST_MUTATED_PAGES says how many pages of each agency are tried; `npm run campaign -- mutated-samples` draws others.
 */
import { afterEach, expect, jest, test } from '@jest/globals';
import type { Adapter, Item } from '../../../adapters/kit/contract.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { Restater } from '../../../src/ingest/restate.ts';
import { storePage } from '../../../src/ingest/store-page.ts';
import { Mutator } from '../../support/mutated-samples.ts';
import { RandomStatements } from '../../support/random-statements.ts';
import { ReferenceHub } from '../../support/reference-hub.ts';
import { sampledItems } from '../../support/sampled-items.ts';
import { scriptedAgency } from '../../support/scripted-adapter.ts';
import { statedRecords } from '../../support/table-contents.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';

const pages = Number(process.env.TEST_MUTATED_PAGES ?? 6);
const pageSize = 120;

let opened: TestStore | null = null;
afterEach(async () => {
  jest.restoreAllMocks();
  await opened?.close();
  opened = null;
});

async function tryMutations(adapter: Adapter, template: string, samples: readonly Item<unknown>[]) {
  const agency = adapter.agency.code;
  const random = makeRandom(seed, `mutated samples of ${agency}`);
  const mutator = new Mutator(random, samples);
  opened = await openTestStore(template, [adapter]);
  const { store } = opened;
  const restater = new Restater(adapter);
  const reference = new ReferenceHub(adapter, false);
  const refused = jest.spyOn(store, 'refusalOf');
  const leftToDatabase: unknown[] = [];
  for (let page = 0; page < pages; page++) {
    const items = Array.from({ length: pageSize }, (_, n) =>
      random.chance(0.1) ? random.pick(samples) : mutator.item(page * pageSize + n),
    );
    const { present: _, ...restated } = restater.restate(items);
    const parked = new Set(restated.parked);
    const stored = await storePage(store, restater, { agency, ...restated });
    for (const item of stored.items.filter(found => !parked.has(found)))
      leftToDatabase.push([item.kind, item.field, item.reason, item.native]);
    reference.take(items, 'to store');
  }
  expect({ seed, leftToDatabase, tries: refused.mock.calls.length }).toEqual({ seed, leftToDatabase: [], tries: 0 });
  const told = [...reference.records].map(([key, { version, deleted }]) => `${key} ${version} ${deleted}`);
  expect(await statedRecords(store, agency)).toEqual(told.sort());
  // Those that a good record of the same has superseded are there too.
  const parked = await store.database.read('select field, reason from hub_parked', []);
  expect(parked).toHaveLength(reference.parked.size);
  expect({ stored: told.length > 10, parked: parked.length > pages }).toEqual({ stored: true, parked: true });
  for (const [field, reason] of parked) expect(`${field} ${reason}`).toMatch(/^[^\p{Cc}]{5,}$/u);
}

test.each(['police', 'land', 'commerce', 'human-resources', 'food-drug'])('the pages of %s', async code => {
  const adapter = (await findAdapters()).find(({ agency }) => agency.code === code)!;
  await tryMutations(adapter, `mutated_${code.replace('-', '_')}`, await sampledItems(adapter, seed));
});

test('the pages of an adapter that hands statements on as they are, with all that stands around their fields', async () => {
  const orchard = scriptedAgency('orchard', 'Orchard');
  const items = new RandomStatements(orchard, makeRandom(seed, 'statements to spoil')).items();
  await tryMutations(orchard.adapter, 'one_script', items);
});
