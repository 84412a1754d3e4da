/** Re-reports, late and duplicate statements, removals and ties end in the same tables, in whatever order they come. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Item } from '../../../adapters/kit/contract.ts';
import { versionOf } from '../../../adapters/kit/statement.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { inventedResidentId } from '../../support/invented-identifiers.ts';
import { cutIntoPages, RandomStatements, shuffled } from '../../support/random-statements.ts';
import { ReferenceHub } from '../../support/reference-hub.ts';
import { type ScriptedAgency, scriptedAgency, type Told, tell } from '../../support/scripted-adapter.ts';
import {
  differences,
  emptyTables,
  nounContents,
  statedRecords,
  type TableContents,
} from '../../support/table-contents.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { applyItems, openTestStore, type TestStore } from '../../support/test-store.ts';

const SHUFFLES = 16;
const MOST_ON_PAGE = 40;

/** Agencies whose names for persons and organisations differ in precedence, and one whose names have none. */
const land = scriptedAgency('land', 'Orchard');
const commerce = scriptedAgency('commerce', 'Mill');
const other = scriptedAgency('weather', 'Rain');
const agencies = [land, commerce, other];

interface Page {
  readonly agency: ScriptedAgency;
  readonly items: readonly Item<Told>[];
}
const told = new Map(
  agencies.map(agency => {
    const random = makeRandom(seed, agency.adapter.agency.code);
    return [agency, new RandomStatements(agency, random).items()];
  }),
);

let opened: TestStore;
beforeAll(async () => {
  opened = await openTestStore(
    'three_scripts',
    agencies.map(({ adapter }) => adapter),
  );
});
afterAll(() => opened?.close());
beforeEach(() => emptyTables(opened.store));

const pagesOf = (agency: ScriptedAgency, items: readonly Item<Told>[], purpose: string): Page[] =>
  cutIntoPages(items, makeRandom(seed, `pages ${purpose}`), MOST_ON_PAGE).map(page => ({ agency, items: page }));

async function applyInTurn(pages: readonly Page[]): Promise<void> {
  for (const { agency, items } of pages) await applyItems(opened.store, agency.adapter, items);
}

async function firstOrder(): Promise<TableContents> {
  for (const [agency, items] of told) await applyInTurn(pagesOf(agency, items, 'first order'));
  return nounContents(opened.store);
}

async function expectWhatTheReferenceHolds(): Promise<void> {
  for (const [agency, items] of told) {
    const reference = new ReferenceHub(agency.adapter);
    reference.take(items);
    const expected = [...reference.records].map(([key, { version, deleted }]) => `${key} ${version} ${deleted}`);
    const { code } = agency.adapter.agency;
    expect(await statedRecords(opened.store, code)).toEqual(expected.sort());
    const parked = await opened.store.database.read(
      "select convert_from(raw, 'UTF8') from hub_parked where agency = $1",
      [code],
    );
    expect(parked.map(([raw]) => raw).sort()).toEqual([...reference.parked.keys()].sort());
  }
}

async function expectTables(expected: TableContents, round: number): Promise<void> {
  expect({ round, differ: differences(expected, await nounContents(opened.store)) }).toEqual({ round, differ: [] });
}

test(`statements in ${SHUFFLES} orders, doubled and cut into any pages, end in the same tables (TEST_SEED=${seed})`, async () => {
  const expected = await firstOrder();
  await expectWhatTheReferenceHolds();
  expect(Object.values(expected).flat().length).toBeGreaterThan(100);
  for (let round = 0; round < SHUFFLES; round++) {
    await emptyTables(opened.store);
    const random = makeRandom(seed, `shuffle ${round}`);
    const pages = [...told].flatMap(([agency, items]) => {
      const doubled = round % 2 ? [...items, ...items] : items;
      return pagesOf(agency, shuffled(doubled, random), `${agency.adapter.agency.code} ${round}`);
    });
    await applyInTurn(shuffled(pages, random));
    await expectTables(expected, round);
    await expectWhatTheReferenceHolds();
  }
});

test(`concurrent statements about the same persons and cases end in the same tables (TEST_SEED=${seed})`, async () => {
  const expected = await firstOrder();
  for (let round = 0; round < 6; round++) {
    await emptyTables(opened.store);
    const random = makeRandom(seed, `at once ${round}`);
    await Promise.all(
      [...told].map(([agency, items]) => applyInTurn(pagesOf(agency, shuffled(items, random), `at once ${round}`))),
    );
    await expectTables(expected, round);
  }
});

/** Resolves when this many transactions of the hub wait for a lock on a row. */
async function waiting(count: number): Promise<void> {
  const text = `select count(distinct l.pid) from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where not l.granted and a.datname = current_database()`;
  while (Number((await opened.store.database.read(text, []))[0]![0]) < count);
}

test('concurrent statements of two agencies about a known person are both kept', async () => {
  const { store } = opened;
  const residentId = inventedResidentId(1);
  const holding = ({ holding: { name }, adapter }: ScriptedAgency, version: number) => {
    const data = { number: 'H', holderId: residentId, holderName: `${adapter.agency.code} ${version}` };
    return tell({ kind: name, sourceId: 'h', version: versionOf(version), deleted: false, data });
  };
  await applyItems(store, commerce.adapter, [holding(commerce, 1)]);
  const reader = await store.database.pool.connect();
  try {
    await reader.query('begin');
    await reader.query('select from hub_person for update');
    const first = applyItems(store, land.adapter, [holding(land, 1)]);
    await waiting(1);
    const second = applyItems(store, commerce.adapter, [holding(commerce, 2)]);
    await waiting(2);
    await reader.query('rollback');
    await Promise.all([first, second]);
  } finally {
    reader.release();
  }
  expect(await store.database.read('select name from hub_person', [])).toEqual([['land 1']]);
});
