/** Whatever one item is or does, it alone is parked, with field and reason in words, and the page goes on. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Adapter, Item, Page } from '../../../adapters/kit/contract.ts';
import { Rejection, type Statement, versionOf } from '../../../adapters/kit/statement.ts';
import { replayParked } from '../../../src/ingest/replay.ts';
import { listParked } from '../../../src/store/parked.ts';
import { ReferenceHub } from '../../support/reference-hub.ts';
import { mended, scriptedAgency, type Told, tell, tellFlawed } from '../../support/scripted-adapter.ts';
import { emptyTables, statedRecords } from '../../support/table-contents.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { applyItems, openTestStore, type TestStore } from '../../support/test-store.ts';

const orchard = scriptedAgency('orchard', 'Orchard');
const { adapter, holding, award } = orchard;

let opened: TestStore;
beforeAll(async () => {
  opened = await openTestStore('one_script', [adapter]);
});
afterAll(() => opened?.close());
beforeEach(() => emptyTables(opened.store));

const good = (n: number): Statement => ({
  kind: holding.name,
  sourceId: `good ${n}`,
  version: versionOf(1),
  deleted: false,
  data: { number: `H-${n}` },
});
const spoilt = (change: Record<string, unknown>): Statement =>
  ({ ...good(1), sourceId: 'spoilt', ...change }) as Statement;
const field = (data: Record<string, unknown>) => spoilt({ data: { number: 'H', ...data } });
const removal = (change: Record<string, unknown>) => spoilt({ deleted: true, data: null, ...change });
const han = (count: number) =>
  Array.from({ length: count }, (_, i) => String.fromCharCode(0x4e00 + ((i * 7_919) % 20_000))).join('');

const noText = 'holds characters that are no text';
const noId = 'is empty or no text';
const noVersion = 'is empty or no text that can be compared';
const noInstant = 'is not an instant with an offset';
const spoiltStatements: Readonly<Record<string, readonly [Statement, field: string, reason: string]>> = {
  'a day in the year 0': [field({ since: '0000-01-01' }), 'since', 'is not a date'],
  'a day that does not exist': [field({ since: '2026-02-30' }), 'since', 'is not a date'],
  'a NUL in a text': [field({ holderName: '王\0建国' }), 'holderName', noText],
  'half a surrogate pair in a text': [field({ holderName: '王\ud842' }), 'holderName', noText],
  'a key that an index cannot hold': [field({ number: han(900) }), 'number', 'is longer than 600 bytes'],
  'a text without end': [field({ holderAddress: han(100_000) }), 'holderAddress', 'is longer than 4,000 characters'],
  'a list where text should be': [field({ holderName: ['王建国'] }), 'holderName', expect.any(String) as never],
  'an object where a number should be': [field({ area: { value: 1 } }), 'area', expect.any(String) as never],
  'a field of nobody': [field({ colour: 'red' }), 'colour', `is not a field of ${holding.name}`],
  'the name of a prototype as field': [field({ constructor: 'x' }), 'constructor', `is not a field of ${holding.name}`],
  'data that is a list': [spoilt({ data: ['H'] }), 'data', 'is no object with the fields of the record'],
  'no data': [spoilt({ data: undefined }), 'data', 'is no object with the fields of the record'],
  'no source id': [spoilt({ sourceId: undefined }), 'sourceId', noId],
  'a number as source id': [spoilt({ sourceId: 7 }), 'sourceId', noId],
  'a NUL in the source id': [spoilt({ sourceId: 'a\0b' }), 'sourceId', noId],
  'a source id without end': [spoilt({ sourceId: han(900) }), 'sourceId', 'is longer than 600 bytes'],
  'a removal of nothing': [removal({ sourceId: '' }), 'sourceId', noId],
  'a removal with a NUL in its id': [removal({ sourceId: 'BUG\u00005' }), 'sourceId', noId],
  'a removal with half a surrogate pair in its id': [removal({ sourceId: 'BUG\udfff' }), 'sourceId', noId],
  'a removal without version': [removal({ version: undefined }), 'version', noVersion],
  'no version': [spoilt({ version: undefined }), 'version', noVersion],
  'an empty version': [spoilt({ version: '' }), 'version', noVersion],
  'a number as version': [spoilt({ version: 7 }), 'version', noVersion],
  'a NUL in the version': [spoilt({ version: '0001\0' }), 'version', noVersion],
  'a version that JavaScript and PostgreSQL order otherwise': [spoilt({ version: '𠮷' }), 'version', noVersion],
  'a time in words': [spoilt({ asOf: '2026年11月20日' }), 'asOf', noInstant],
  'a time that does not exist': [spoilt({ asOf: '2026-02-30T00:00:00+08:00' }), 'asOf', noInstant],
  'a time in the year 0': [spoilt({ asOf: '0000-06-01T00:00:00Z' }), 'asOf', noInstant],
  'a time before the year 1 in UTC': [spoilt({ asOf: '0001-01-01T00:00:00+08:00' }), 'asOf', noInstant],
  'a time after the year 9999 in UTC': [spoilt({ asOf: '9999-12-31T23:00:00-08:00' }), 'asOf', noInstant],
  'a time in a zone that is none': [spoilt({ asOf: '2026-01-01T00:00:00+20:00' }), 'asOf', noInstant],
  'a time with three hundred digits': [spoilt({ asOf: `2026-01-01T00:00:00.${'1'.repeat(300)}Z` }), 'asOf', noInstant],
  'a Date as time': [spoilt({ asOf: new Date(0) }), 'asOf', noInstant],
  'a word for deleted': [spoilt({ deleted: 'no' }), 'deleted', 'is not true or false'],
  'a kind of nobody': [spoilt({ kind: 'Orchid' }), '', 'is stated as Orchid, which the adapter does not declare'],
  'a kind of strange letters': [spoilt({ kind: '王\0' }), '', 'is stated as a kind that the adapter does not declare'],
  'nothing as statement': [null as never, '', 'is stated as a kind that the adapter does not declare'],
  'an instant in the year 0': [
    {
      ...spoilt({ kind: award.name }),
      data: { number: 'A', recipientId: 'x', edition: 1, grade: 'FIRST', paid: true, paidAt: '0000-01-01T00:00:00Z' },
    },
    'recipientId',
    expect.any(String) as never,
  ],
};

const held = async () => ({
  records: await statedRecords(opened.store, 'orchard'),
  parked: (await listParked(opened.store.database, null, 100)).length,
});

test.each(Object.entries(spoiltStatements))('%s is parked alone', async (_, [statement, name, reason]) => {
  const items = [tell(good(1)), { raw: 'the spoilt one', native: { statements: [statement] } }, tell(good(2))];
  expect(await applyItems(opened.store, adapter, items)).toMatchObject({ parked: 1, changes: 2 });
  expect(await listParked(opened.store.database, null, 10)).toMatchObject([{ field: name, reason }]);
  const reference = new ReferenceHub(adapter);
  reference.take(items);
  expect(await held()).toEqual({
    records: [...reference.records].map(([key, r]) => `${key} ${r.version} ${r.deleted}`).sort(),
    parked: reference.parked.size,
  });
});

type Behaviour = (told: Told) => unknown;
/** The adapter, with a map that does something else with one item. */
const misbehaving = (behaviour: Behaviour): Adapter => ({
  ...adapter,
  map: (told: Told) => (told.flaw ? (behaviour(told) as Statement[]) : told.statements),
});
const behaviours: Readonly<Record<string, readonly [Behaviour, reason: RegExp]>> = {
  'throws an error': [() => (null as never as Told).statements, /^could not be restated: TypeError/],
  'throws something that is no error': [
    () => {
      throw '王建国';
    },
    /^could not be restated: something that is no error$/,
  ],
  'throws nothing': [
    () => {
      throw null;
    },
    /^could not be restated: something that is no error$/,
  ],
  'throws an error with a name of somebody': [
    () => {
      throw Object.assign(new Error('王建国'), { name: '王建国' });
    },
    /^could not be restated: something/,
  ],
  'calls itself without end': [
    function again(told): unknown {
      return again(told);
    },
    /^could not be restated: RangeError/,
  ],
  'returns nothing': [() => undefined, /map returned no list of statements$/],
  'returns null': [() => null, /map returned no list/],
  'returns a statement, not a list': [({ statements }) => statements[0], /map returned no list/],
  'returns a generator without end': [
    function* () {
      for (;;) yield good(9);
    },
    /map returned no list/,
  ],
  'returns a promise': [async ({ statements }) => statements, /map returned a promise/],
  'returns a promise that fails': [
    async () => {
      throw new Error('late');
    },
    /map returned a promise/,
  ],
  'rejects without words': [
    () => {
      throw new Rejection(undefined as never, undefined as never);
    },
    /^gives no reason$/,
  ],
  'rejects with characters that cannot be stored': [
    () => {
      throw new Rejection('F\0', 'is\0bad\ud800', 'a\0');
    },
    /^is bad\ufffd$/,
  ],
};
test.each(Object.entries(behaviours))('an item for which map %s is parked alone', async (_, [behaviour, reason]) => {
  const items = [tell(good(1)), tellFlawed({ field: 'F', reason: 'r' }), tell(good(2))];
  expect(await applyItems(opened.store, misbehaving(behaviour), items)).toMatchObject({ parked: 1, changes: 2 });
  const [only] = await listParked(opened.store.database, null, 10);
  expect(only!.reason).toMatch(reason);
  expect(JSON.stringify([only!.field, only!.reason])).not.toMatch(/王|\\u0000/);
});

test('the reason names the place in the adapter where map threw', async () => {
  const real = (await import('../../../adapters/food-drug/adapter.ts')).default;
  const { Restater } = await import('../../../src/ingest/restate.ts');
  const { parked } = new Restater(real).restate([
    { raw: '?', native: { table: 'SPYP_XKZ', operation: null, row: null } },
  ]);
  expect(parked[0]!.reason).toMatch(/^could not be restated: TypeError at adapters\/food-drug\/[\w-]+\.ts:\d+$/);
});

const circle: Record<string, unknown> = {};
circle.self = circle;
const deep = JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`);
const natives: Readonly<Record<string, unknown>> = {
  'NUL in a value': { statements: [], flaw: { field: 'F', reason: 'r' }, text: 'a\0b' },
  'NUL in a name': { statements: [], flaw: { field: 'F', reason: 'r' }, 'a\0b': 1 },
  'half of surrogate pairs': { statements: [], flaw: { field: 'F', reason: 'r' }, '\ud800': '\udfff' },
  'lists in lists, 1,000 deep': { statements: [], flaw: { field: 'F', reason: 'r' }, deep },
  'a text that looks like an escape': { statements: [], flaw: { field: 'F', reason: 'r' }, text: '\\u0000' },
};
test.each(Object.entries(natives))('an item with %s is kept and replayed exactly as it was read', async (_, native) => {
  await applyItems(opened.store, adapter, [
    { raw: Uint8Array.of(0, 0xd8, 0xff), native: native as Told },
    tell(good(1)),
  ]);
  const [only] = await listParked(opened.store.database, null, 10);
  expect(only!.native).toEqual(native);
  expect([...only!.raw]).toEqual([0, 0xd8, 0xff]);
  expect(await replayParked(opened.store, mended(adapter), null)).toEqual({ replayed: 1, failing: [] });
});

const oddItems: Readonly<Record<string, unknown>> = {
  'in a circle': { raw: 'x', native: { statements: [], flaw: { field: 'F', reason: 'r' }, circle } },
  'with a bigint': { raw: 'x', native: { statements: [], flaw: { field: 'F', reason: 'r' }, big: 1n } },
  'without bytes': { native: { statements: [], flaw: { field: 'F', reason: 'r' } } },
  'with a number as bytes': { raw: 7, native: { statements: [], flaw: { field: 'F', reason: 'r' } } },
  'that is unreadable without words': { raw: 'x', unreadable: undefined },
  'that is nothing': null,
  'that is a text': 'H-1',
};
test.each(Object.entries(oddItems))('an item %s is parked alone', async (_, item) => {
  const items = [tell(good(1)), item as Item<Told>, tell(good(2))];
  expect(await applyItems(opened.store, adapter, items)).toMatchObject({ parked: 1, changes: 2 });
});

test('two items without bytes are both kept', async () => {
  const bare = (n: number) => ({ native: { statements: [], flaw: { field: 'F', reason: 'r' }, n } }) as never;
  expect(await applyItems(opened.store, adapter, [bare(1), bare(2)])).toMatchObject({ parked: 2 });
});

test('many large items are parked on one page', async () => {
  const raw = (n: number) => Buffer.alloc(3_000_000, n);
  const items = Array.from({ length: 9 }, (_, n) => ({
    raw: raw(n),
    unreadable: { field: 'line', reason: 'is long' },
  }));
  expect(await applyItems(opened.store, adapter, items)).toMatchObject({ parked: 9 });
});

let hub: TestHub | null = null;
afterAll(() => hub?.stop());
const list = [tell(good(1))];
const pages: Readonly<Record<string, readonly [page: unknown, words: RegExp]>> = {
  'that is nothing': [undefined, /^the adapter gave no page$/],
  'whose items are nothing': [{ next: '1', done: true }, /^the items are no list$/],
  'whose items come without end': [
    {
      items: (function* () {
        for (;;) yield list[0];
      })(),
      next: '1',
      done: true,
    },
    /^the items are no list$/,
  ],
  'with more items than a page may have': [
    { items: Array(2_001).fill(list[0]), next: '1', done: true },
    /more than 2000 items/,
  ],
  'with more bytes than a page may have': [
    { items: [{ raw: Buffer.alloc(200_000), native: {} }], next: '1', done: true },
    /more than 100000 bytes/,
  ],
  'without a cursor': [{ items: list, done: true }, /^the cursor \(next\) of the page is empty or no text/],
  'with a NUL in its cursor': [{ items: list, next: 'a\0', done: true }, /^the cursor/],
  'with half a surrogate pair in its cursor': [{ items: list, next: '\ud800', done: true }, /^the cursor/],
  'with a cursor without end': [
    { items: list, next: 'x'.repeat(20_000), done: true },
    /^the cursor \(next\) is longer/,
  ],
  'without a word on its end': [{ items: list, next: '1' }, /^done of the page/],
  'of a set with a NUL in its name': [
    { items: list, next: '1', done: true, set: { name: 'a\0', kinds: [holding.name], version: '1', complete: true } },
    /^the name of the whole set/,
  ],
  'of a set with a name without end': [
    {
      items: list,
      next: '1',
      done: true,
      set: { name: han(900), kinds: [holding.name], version: '1', complete: true },
    },
    /^the name of the whole set is longer/,
  ],
  'of a set without version': [
    { items: list, next: '1', done: true, set: { name: 'a', kinds: [holding.name], complete: true } },
    /^the version of the whole set/,
  ],
  'of a set of kinds that the agency does not state': [
    { items: list, next: '1', done: true, set: { name: 'a', kinds: ['Orchid'], version: '1', complete: true } },
    /^the kinds of the whole set/,
  ],
};
test('a page that is not what the contract says fails loudly, in words, and the next one is read', async () => {
  let page: unknown;
  const scripted = scriptedAgency('orchard', 'Orchard');
  const source = { changes: async () => page as Page<Told> };
  hub = await startTestHub({
    adapters: [{ ...scripted.adapter, connect: () => source }],
    environment: { HUB_LONGEST_PAUSE_MS: '50', HUB_PAGE_ITEMS: '2000', HUB_PAGE_BYTES: '100000' },
  });
  for (const [name, [given, words]] of Object.entries(pages)) {
    page = given;
    const health = await hub.healthOf('orchard', ({ error }) => error !== null && words.test(error));
    expect([name, health.failures > 0, health.recordsRead]).toEqual([name, true, 0]);
  }
  page = { items: list, next: '1', done: true };
  expect(await hub.healthOf('orchard', ({ recordsRead }) => recordsRead > 0)).toMatchObject({
    failures: 0,
    error: null,
  });
});
