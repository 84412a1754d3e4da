/**
 * An item that cannot be stored is kept as it came, never delays the rest, and is tried again once the adapter can read
 * it.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Adapter, Item } from '../../../adapters/kit/contract.ts';
import { Rejection, type Statement, versionOf } from '../../../adapters/kit/statement.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { readAdapterSettings } from '../../../src/config.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { replayParked } from '../../../src/ingest/replay.ts';
import { findParked, listParked } from '../../../src/store/parked.ts';
import { runHubCommand } from '../../support/hub-command.ts';
import { mended, scriptedAgency, type Told, tell, tellFlawed } from '../../support/scripted-adapter.ts';
import { emptyTables, statedRecords } from '../../support/table-contents.ts';
import { startSystem } from '../../support/test-hub.ts';
import { applyItems, openTestStore, type TestStore } from '../../support/test-store.ts';

const orchard = scriptedAgency('orchard', 'Orchard');
const { adapter } = orchard;

let opened: TestStore;
beforeAll(async () => {
  opened = await openTestStore('one_script', [adapter]);
});
afterAll(() => opened?.close());
beforeEach(() => emptyTables(opened.store));

const statement = (sourceId: string, version: number, data: Record<string, unknown> = {}): Statement => ({
  kind: orchard.holding.name,
  sourceId,
  version: versionOf(version),
  deleted: false,
  data: { number: `${sourceId} ${version}`, ...data },
});
const good = (sourceId: string, version: number) => tell(statement(sourceId, version));
/** An item that fails the validator, because a required field is missing. */
const incomplete = (sourceId: string, version: number) => tell(statement(sourceId, version, { number: null }));
/** An item that the adapter refuses, and that the mended adapter reads. */
const flawed = (sourceId: string, version: number) =>
  tellFlawed({ field: 'NAME', reason: 'is no name', sourceId }, statement(sourceId, version));

const apply = (...items: readonly Item<Told>[]) => applyItems(opened.store, adapter, items);
const replay = (with_: Adapter = mended(adapter), only: readonly number[] | null = null) =>
  replayParked(opened.store, with_, only);
const parked = () => listParked(opened.store.database, null, 100);
const states = async () =>
  (await opened.store.database.read('select source_id, state from hub_parked order by id', [])).map(row =>
    row.join(' '),
  );
const stored = async () =>
  (await opened.store.database.read('select number from orchard_orchard_holding order by number', [])).map(([n]) => n);

test('a bad item is parked with its bytes, its field, its reason and the version of the adapter; the page goes on', async () => {
  const broken: Item<Told> = {
    raw: Uint8Array.of(0xff, 0x00, 0x7b),
    unreadable: { field: 'line', reason: 'is cut off' },
  };
  const items = [good('a', 1), incomplete('b', 1), flawed('c', 1), broken, good('d', 1)];
  expect(await apply(...items)).toMatchObject({ parked: 3, changes: 2 });
  expect(await stored()).toEqual(['a 1', 'd 1']);
  const [b, c, line] = await parked();
  const facts = { agency: 'orchard', adapterVersion: '1', state: 'OPEN' };
  expect(b).toMatchObject({
    ...facts,
    kind: orchard.holding.name,
    sourceId: 'b',
    field: 'number',
    reason: 'is missing',
  });
  expect(c).toMatchObject({ ...facts, sourceId: 'c', field: 'NAME', reason: 'is no name' });
  expect(line).toMatchObject({
    ...facts,
    kind: null,
    sourceId: null,
    field: 'line',
    reason: 'is cut off',
    native: null,
  });
  expect(new Uint8Array(line!.raw)).toEqual(Uint8Array.of(0xff, 0x00, 0x7b));
  expect(Buffer.from(b!.raw).toString()).toBe(items[1]!.raw);
  expect(b!.native).toEqual({ statements: [statement('b', 1, { number: null })] });
});

test("when one of an item's two statements is bad, both are parked", async () => {
  await apply(tell(statement('a', 1), statement('b', 1, { number: null })));
  expect(await stored()).toEqual([]);
  expect(await parked()).toHaveLength(1);
});

test('the same bad item twice is parked once, on one page or on two', async () => {
  await apply(flawed('a', 1), flawed('a', 1));
  expect(await apply(flawed('a', 1))).toMatchObject({ parked: 0 });
  expect(await parked()).toHaveLength(1);
});

test('an item that nobody mended stays parked, with the current reason', async () => {
  await apply(flawed('a', 1), incomplete('b', 1));
  expect(await replay(adapter)).toEqual({
    replayed: 0,
    failing: [
      { id: expect.any(Number), field: 'NAME', reason: 'is no name' },
      { id: expect.any(Number), field: 'number', reason: 'is missing' },
    ],
  });
  expect(await states()).toEqual(['a OPEN', 'b OPEN']);
});

test('a mended adapter stores a parked item, which is then no longer parked', async () => {
  await apply(flawed('a', 1), flawed('b', 1));
  expect(await replay()).toEqual({ replayed: 2, failing: [] });
  expect(await stored()).toEqual(['a 1', 'b 1']);
  expect(await states()).toEqual(['a REPLAYED', 'b REPLAYED']);
  expect(await replay()).toEqual({ replayed: 0, failing: [] });
});

test('only the named items are replayed', async () => {
  await apply(flawed('a', 1), flawed('b', 1));
  const [, b] = await parked();
  expect(await replay(mended(adapter), [b!.id])).toEqual({ replayed: 1, failing: [] });
  expect(await stored()).toEqual(['b 1']);
  expect(await states()).toEqual(['a OPEN', 'b REPLAYED']);
});

test('an older item that still fails holds back the newer ones of its record, and no others', async () => {
  const half: Adapter = {
    ...adapter,
    map: (told: Told) => {
      if (told.statements[0]!.version === versionOf(1)) throw new Rejection('NAME', 'is no name', 'a');
      return told.statements;
    },
  };
  await apply(flawed('a', 1), flawed('a', 2), flawed('b', 2));
  const { replayed, failing } = await replay(half);
  expect(replayed).toBe(1);
  expect(failing.map(({ reason }) => reason)).toEqual(['is no name', 'waits for an older item of the same record']);
  expect(await stored()).toEqual(['b 2']);
  expect(await replay()).toEqual({ replayed: 2, failing: [] });
  expect(await stored()).toEqual(['a 2', 'b 2']);
});

test('an older item of which only the id is known holds back the newer ones of all kinds', async () => {
  await apply(flawed('a', 1), incomplete('a', 2));
  const { failing } = await replay(adapter);
  expect(failing.map(({ reason }) => reason)).toEqual(['is no name', 'waits for an older item of the same record']);
});

test('a newer good record supersedes the parked older one', async () => {
  await apply(incomplete('a', 1), incomplete('b', 1));
  await apply(good('a', 2));
  expect(await states()).toEqual(['a SUPERSEDED', 'b OPEN']);
  expect(await replay()).toMatchObject({ replayed: 0, failing: [{ reason: 'is missing' }] });
});

test('an older good record leaves the parked newer one, on the same page or on a later one', async () => {
  await apply(good('a', 1), incomplete('a', 2), incomplete('b', 2));
  await apply(good('b', 1));
  expect(await states()).toEqual(['a OPEN', 'b OPEN']);
});

test('replaying the older of two items leaves the newer one parked while it fails', async () => {
  await apply(flawed('a', 1), incomplete('a', 2));
  expect(await replay()).toMatchObject({ replayed: 1, failing: [{ field: 'number' }] });
  expect(await stored()).toEqual(['a 1']);
  expect(await states()).toEqual(['a REPLAYED', 'a OPEN']);
});

test('a replayed old version never overwrites a newer record', async () => {
  await apply(flawed('a', 1));
  await apply(good('a', 2));
  expect(await replay()).toEqual({ replayed: 1, failing: [] });
  expect(await stored()).toEqual(['a 2']);
  expect(await opened.store.database.read('select count(*) from orchard_orchard_holding_history', [])).toEqual([['0']]);
});

test('an item that could not be read at all gives that as its reason when it is replayed', async () => {
  await apply({ raw: 'half a li', unreadable: { field: 'line', reason: 'is cut off' } });
  expect(await replay()).toMatchObject({ replayed: 0, failing: [{ field: 'line' }] });
});

let market: TestStore | null = null;
afterEach(async () => {
  await market?.close();
  market = null;
});

/** Items of the market supervision outpost, parked by an adapter that did not know how to read them yet. */
async function parkMarketItems(): Promise<{ store: TestStore; count: number }> {
  const now = (await findAdapters()).find(({ agency }) => agency.code === 'commerce')!;
  const before: Adapter = {
    ...now,
    version: '0',
    map: () => {
      throw new Rejection('UNISCID', 'is not read yet');
    },
  };
  const system = await startSystem('commerce', {
    town: makeTownship({ population: 60, seed: 1 }),
    seed: 1,
    faultless: true,
  });
  try {
    const io = { fetch, now: () => new Date() };
    const source = now.connect(readAdapterSettings(now, system.environment) as never, io);
    const { items } = await source.changes!(null, 3, { signal: new AbortController().signal });
    market = await openTestStore('commerce_alone', [now]);
    await applyItems(market.store, before, items);
    return { store: market, count: items.length };
  } finally {
    await system.stop();
  }
}

test('an operator lists parked items, looks at one, and replays one and then all', async () => {
  const { store, count } = await parkMarketItems();
  const { database } = store.store;
  const command = (...args: string[]) => runHubCommand(store.url, 'commerce', 'parked', ...args);
  const listed = await command('list');
  expect(listed).toMatchObject({ code: 0, remarks: `${count} parked\n` });
  const rows = listed.output
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'));
  expect(rows.map(row => row.slice(1, 6))).toEqual(
    rows.map(() => ['commerce', '-', 'UNISCID', 'is not read yet', '0']),
  );

  const id = rows[0]![0]!;
  const item = await findParked(database, Number(id));
  const shown = await command('show', id);
  expect(shown.code).toBe(0);
  expect(JSON.parse(shown.output)).toMatchObject({
    agency: 'commerce',
    field: 'UNISCID',
    reason: 'is not read yet',
    adapterVersion: '0',
    native: item!.native,
    raw: Buffer.from(item!.raw).toString(),
  });
  expect(await command('show', '999999')).toMatchObject({ code: 1, remarks: 'Nothing is parked under 999999\n' });

  expect(await command('replay', 'commerce', id)).toEqual({
    code: 0,
    output: '',
    remarks: '1 replayed, 0 still parked\n',
  });
  const rest = await command('replay', 'commerce');
  expect(rest).toEqual({ code: 0, output: '', remarks: `${count - 1} replayed, 0 still parked\n` });
  expect((await statedRecords(store.store, 'commerce')).length).toBeGreaterThanOrEqual(count);
  expect(await listParked(database, null, 10)).toEqual([]);
  expect(await command('replay', 'fire-brigade')).toMatchObject({ code: 2 });
});
