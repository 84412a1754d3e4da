/**
 * What no check foresees is found by the database's refusal: the item that is to blame is parked alone, with its field and
 * reason in words; and where no item alone is to blame, nothing is.
 */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Item } from '../../../adapters/kit/contract.ts';
import { versionOf } from '../../../adapters/kit/statement.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { replayParked } from '../../../src/ingest/replay.ts';
import { Restater } from '../../../src/ingest/restate.ts';
import { storePage } from '../../../src/ingest/store-page.ts';
import { listParked } from '../../../src/store/parked.ts';
import { inventedResidentId } from '../../support/invented-identifiers.ts';
import { holdingStatement, scriptedAgency, type Told, tell } from '../../support/scripted-adapter.ts';
import { differences, nounContents, readTables } from '../../support/table-contents.ts';
import { testSeed } from '../../support/test-seed.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';

const orchard = scriptedAgency('orchard', 'Orchard');
const { adapter, holding } = orchard;
const random = makeRandom(testSeed, 'what the database refuses');

let opened: TestStore;
beforeEach(async () => {
  opened = await openTestStore('one_script', [adapter]);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await opened.close();
});

const statement = (n: number, data: Record<string, unknown> = {}) => holdingStatement(holding, n, data);
const item = (n: number, data: Record<string, unknown> = {}) => tell(statement(n, data));
/** The database of this test refuses it, by a rule that the checks do not know. */
const bad = (n: number) => item(n, { number: `refused ${n}` });

const refuse = (rule: string, table = 'orchard_orchard_holding') =>
  opened.store.database.pool.query(`alter table ${table} add constraint rule_of_the_test check (${rule})`);
const refuseNumbers = () => refuse(`number not like 'refused%'`);

function take(...items: readonly Item<Told>[]) {
  const restater = new Restater(adapter);
  const { present: _, ...restated } = restater.restate(items);
  const cursor = { from: null, to: 'read' };
  return storePage(opened.store, restater, { agency: 'orchard', ...restated, cursor });
}
const stored = async () =>
  (await opened.store.database.read('select source_id from orchard_orchard_holding order by length(source_id), 1', []))
    .flat()
    .map(String);
const parked = async () => (await listParked(opened.store.database, null, 5_000)).map(({ sourceId }) => sourceId);

test('one item among many is parked with words, and the others are stored with the cursor', async () => {
  await refuseNumbers();
  const items = Array.from({ length: 300 }, (_, n) => (n === 217 ? bad(n) : item(n)));
  const tries = jest.spyOn(opened.store, 'refusalOf');
  expect(await take(...items)).toMatchObject({ records: 299, stale: false });
  // Halves of halves: twice as many tries as the page can be halved, and one for the whole.
  expect(tries.mock.calls.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(300)) + 1);
  expect(await stored()).toHaveLength(299);
  const [only, ...more] = await listParked(opened.store.database, null, 10);
  expect(more).toEqual([]);
  expect(only).toMatchObject({ kind: holding.name, sourceId: 'h217', version: versionOf(1) });
  expect(only).toMatchObject({
    field: '',
    reason: 'is refused by the database',
    native: { statements: [expect.anything()] },
  });
  expect(await opened.store.database.read('select cursor from hub_cursor', [])).toEqual([['read']]);
});

test('any items, wherever they stand and however many, are exactly those that are parked', async () => {
  await refuseNumbers();
  for (const share of [0.02, 0.3, 1]) {
    const count = 20 + random.below(30);
    const wrong = new Set(Array.from({ length: count }, (_, n) => n).filter(() => random.chance(share)));
    const first = 1_000 * Math.round(share * 100);
    await opened.store.database.pool.query('truncate hub_parked, hub_cursor, orchard_orchard_holding');
    await take(...Array.from({ length: count }, (_, n) => (wrong.has(n) ? bad(first + n) : item(first + n))));
    expect((await parked()).sort()).toEqual([...wrong].map(n => `h${first + n}`).sort());
    expect(await stored()).toHaveLength(count - wrong.size);
  }
});

test('a page that divided leaves what the good items alone would have left', async () => {
  await refuseNumbers();
  await take(item(1), bad(2), item(3, { holderId: inventedResidentId(1), holderName: '王建国' }));
  const other = await openTestStore('one_script', [adapter]);
  try {
    const restater = new Restater(adapter);
    const { present: _, ...restated } = restater.restate([
      item(1),
      item(3, { holderId: inventedResidentId(1), holderName: '王建国' }),
    ]);
    await other.store.apply({ agency: 'orchard', ...restated, cursor: { from: null, to: 'read' } });
    const contents = async ({ store }: TestStore) => ({
      ...(await nounContents(store)),
      ...(await readTables(store.database, ['hub_change'], ['batch_id'])),
    });
    expect(differences(await contents(other), await contents(opened))).toEqual([]);
  } finally {
    await other.close();
  }
});

test('an item of two records is parked whole, under the record that was refused', async () => {
  await refuseNumbers();
  await take(tell(statement(1), statement(2, { number: 'refused' })), item(3));
  expect(await stored()).toEqual(['h3']);
  expect(await listParked(opened.store.database, null, 10)).toMatchObject([{ kind: holding.name }]);
});

test('a person whom the database refuses is traced to the item that mentions them', async () => {
  await refuse(`name <> '王建国'`, 'hub_person');
  const about = (n: number, holderName: string) => item(n, { holderId: inventedResidentId(n), holderName });
  await take(about(1, '李秀英'), about(2, '王建国'), about(3, '张丽'));
  expect(await stored()).toEqual(['h1', 'h3']);
  const [only] = await listParked(opened.store.database, null, 10);
  expect(only).toMatchObject({ sourceId: 'h2' });
  expect(JSON.stringify([only!.field, only!.reason])).not.toContain('王建国');
});

test('the column that PostgreSQL names is told as the field of the record', async () => {
  await opened.store.database.pool.query('alter table orchard_orchard_holding alter column holder_name set not null');
  await take(item(1, { holderName: '王建国' }), item(2));
  expect(await listParked(opened.store.database, null, 10)).toMatchObject([
    { sourceId: 'h2', field: 'holderName', reason: 'is missing' },
  ]);
});

test('a text that is too long for an index is parked in words, without a code of the database', async () => {
  await opened.store.database.pool.query('create index of_the_test on orchard_orchard_holding (holder_address)');
  const long = Array.from({ length: 3_000 }, (_, i) => String.fromCharCode(0x4e00 + ((i * 7_919) % 20_000))).join('');
  await take(item(1, { holderAddress: long }), item(2));
  expect(await stored()).toEqual(['h2']);
  const [only] = await listParked(opened.store.database, null, 10);
  expect(only).toMatchObject({ sourceId: 'h1', reason: 'is too long to be found by' });
});

test('items that are refused only together are not blamed: the page fails, and nothing is stored or parked', async () => {
  await opened.store.database.pool.query('create unique index of_the_test on orchard_orchard_holding (number)');
  const same = { number: 'twice' };
  await expect(take(item(1, same), item(2, same), item(3))).rejects.toMatchObject({ code: '23505' });
  expect([await stored(), await parked()]).toEqual([[], []]);
});

test.each([
  ['a full disk', '53100'],
  ['a lock that is not given', '55P03'],
  ['a statement that takes too long', '57014'],
])('%s parks nothing and fails the page', async (_, code) => {
  const { pool } = opened.store.database;
  await pool.query(`create function fail() returns trigger language plpgsql as
    $$begin raise exception 'not now' using errcode = '${code}'; end$$`);
  await pool.query(
    'create trigger fails before insert on orchard_orchard_holding for each row execute function fail()',
  );
  const tries = jest.spyOn(opened.store, 'refusalOf');
  await expect(take(item(1), item(2))).rejects.toMatchObject({ code });
  expect(tries).not.toHaveBeenCalled();
  expect(await parked()).toEqual([]);
});

test('a good page is written once', async () => {
  const tries = jest.spyOn(opened.store, 'refusalOf');
  const writes = jest.spyOn(opened.store, 'apply');
  await take(item(1), item(2));
  expect([tries.mock.calls.length, writes.mock.calls.length]).toEqual([0, 1]);
});

test('a replay of a refused item says why it is still refused, and stores it once the database takes it', async () => {
  await refuseNumbers();
  await take(bad(1));
  expect(await replayParked(opened.store, adapter, null)).toEqual({
    replayed: 0,
    failing: [{ id: expect.any(Number), field: '', reason: 'is refused by the database' }],
  });
  await opened.store.database.pool.query('alter table orchard_orchard_holding drop constraint rule_of_the_test');
  expect(await replayParked(opened.store, adapter, null)).toEqual({ replayed: 1, failing: [] });
  expect(await stored()).toEqual(['h1']);
});
