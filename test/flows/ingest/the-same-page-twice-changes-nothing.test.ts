/** Agencies deliver at least once: what is known already leaves no trace, and new content leaves exactly its own. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Item } from '../../../adapters/kit/contract.ts';
import { versionOf } from '../../../adapters/kit/statement.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { inventedResidentId } from '../../support/invented-identifiers.ts';
import { cutIntoPages, RandomStatements, shuffled } from '../../support/random-statements.ts';
import { scriptedAgency, type Told, tell } from '../../support/scripted-adapter.ts';
import { allContents, differences, emptyTables, readTables, type TableContents } from '../../support/table-contents.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { applyItems, openTestStore, type TestStore } from '../../support/test-store.ts';

const orchard = scriptedAgency('orchard', 'Orchard');
const { adapter } = orchard;
const table = 'orchard_orchard_holding';

let opened: TestStore;
beforeAll(async () => {
  opened = await openTestStore('one_script', [adapter]);
});
afterAll(() => opened?.close());
beforeEach(() => emptyTables(opened.store));

const apply = (items: readonly Item<Told>[], cursor?: { from: string | null; to: string }) =>
  applyItems(opened.store, adapter, items, { cursor });

const holding = (version: number, name: string, asOf = '2026-11-23T09:00:00+08:00') =>
  tell({
    kind: orchard.holding.name,
    sourceId: 'h',
    version: versionOf(version),
    asOf,
    deleted: false,
    data: { number: 'H-1', holderId: inventedResidentId(1), holderName: name },
  });

async function expectNothingNew(before: TableContents): Promise<void> {
  expect(differences(before, await allContents(opened.store))).toEqual([]);
}

test(`applying pages of all kinds of statements again changes nothing at all (TEST_SEED=${seed})`, async () => {
  const random = makeRandom(seed, 'the same page twice');
  const items = shuffled(new RandomStatements(orchard, random).items(), random);
  for (const page of cutIntoPages(items, random, 60)) {
    await apply(page);
    const before = await allContents(opened.store);
    expect(await apply(page)).toEqual({ changes: 0, parked: 0, stale: false });
    await expectNothingNew(before);
  }
});

test('a page with an outdated cursor is not applied', async () => {
  expect(await apply([holding(1, '王建国')], { from: null, to: '1' })).toMatchObject({ stale: false, changes: 1 });
  const before = await allContents(opened.store);
  expect(await apply([holding(2, '李秀英')], { from: null, to: '1' })).toEqual({ changes: 0, parked: 0, stale: true });
  await expectNothingNew(before);
});

test('a page that was read but not applied when the hub was stopped is applied from the same cursor', async () => {
  await apply([holding(1, '王建国')], { from: null, to: '1' });
  expect(await apply([holding(2, '李秀英')], { from: '1', to: '2' })).toMatchObject({ stale: false, changes: 1 });
  expect(await opened.store.database.read('select cursor from hub_cursor', [])).toEqual([['2']]);
});

test('an unchanged record under a newer version makes no history and no change', async () => {
  await apply([holding(1, '王建国')]);
  const before = await allContents(opened.store);
  expect(await apply([holding(2, '王建国', '2026-11-24T09:00:00+08:00')])).toMatchObject({ changes: 0 });
  const after = await allContents(opened.store);
  expect(differences(before, after)).toHaveLength(2);
  const [row] = after[table]!;
  expect(JSON.parse(row!)).toEqual({
    ...JSON.parse(before[table]![0]!),
    version: versionOf(2),
    as_of: '2026-11-24T01:00:00+00:00',
  });
});

test('a changed record files exactly its old row, valid until the new one was observed', async () => {
  await apply([holding(1, '王建国')]);
  const before = await allContents(opened.store);
  expect(await apply([holding(2, '李秀英')])).toMatchObject({ changes: 1 });
  const after = await allContents(opened.store);
  const [old, current] = [JSON.parse(before[table]![0]!), JSON.parse(after[table]![0]!)];
  expect(current).toMatchObject({ holder_name: '李秀英', version: versionOf(2) });
  expect(after[`${table}_history`]!.map(row => JSON.parse(row))).toEqual([{ ...old, seen_until: current.observed_at }]);
  const changes = await readTables(opened.store.database, ['hub_change'], ['batch_id']);
  expect(changes.hub_change!.map(row => JSON.parse(row).record_id)).toEqual([old.id, old.id]);
});

test('a removal files the old row and keeps its content; the same removal again does nothing', async () => {
  await apply([holding(1, '王建国')]);
  const removal = tell({ kind: orchard.holding.name, sourceId: 'h', version: versionOf(2), deleted: true, data: null });
  expect(await apply([removal])).toMatchObject({ changes: 1 });
  const after = await allContents(opened.store);
  expect(JSON.parse(after[table]![0]!)).toMatchObject({ deleted: true, holder_name: null });
  expect(JSON.parse(after[`${table}_history`]![0]!)).toMatchObject({ deleted: false, holder_name: '王建国' });
  expect(await apply([removal, holding(1, '王建国')])).toMatchObject({ changes: 0 });
  await expectNothingNew(after);
});
