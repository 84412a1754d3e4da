/**
 * A source that ignores its signal, hangs, or goes in circles ends at the hub's deadline: its health says so in words, the
 * next reading is tried after a pause, and the hub stops all the same.
 */
import { afterEach, expect, test } from '@jest/globals';
import type { Adapter, AgencySource, Delivery } from '../../../adapters/kit/contract.ts';
import { versionOf } from '../../../adapters/kit/statement.ts';
import { HubError } from '../../../src/domain/error-codes.ts';
import { Health } from '../../../src/ingest/health.ts';
import { makeLookup } from '../../../src/ingest/lookup.ts';
import { Receiver } from '../../../src/ingest/push.ts';
import { within } from '../../../src/ingest/within.ts';
import { scriptedAgency, tell } from '../../support/scripted-adapter.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { openTestStore } from '../../support/test-store.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const never = () => new Promise<never>(() => {});
const orchard = scriptedAgency('orchard', 'Orchard');
const holding = (n: number) =>
  tell({
    kind: orchard.holding.name,
    sourceId: `h${n}`,
    version: versionOf(1),
    deleted: false,
    data: { number: `H-${n}` },
  });

async function hubWith(source: AgencySource<unknown>): Promise<TestHub> {
  const adapter: Adapter = { ...orchard.adapter, connect: () => source };
  const environment = { HUB_PAGE_DEADLINE_MS: '100', HUB_CLOSE_DEADLINE_MS: '100', HUB_LONGEST_PAUSE_MS: '60' };
  const hub = await startTestHub({ adapters: [adapter], environment });
  stops.push(() => hub.stop());
  return hub;
}

test('a source that never answers and ignores its signal fails at the deadline, again and again', async () => {
  let asked = 0;
  const changes = () => {
    asked++;
    return never();
  };
  const hub = await hubWith({ changes, close: never });
  expect(await hub.healthOf('orchard', ({ failures }) => failures >= 3)).toMatchObject({
    error: 'did not answer in time',
    failingSince: expect.any(String),
    lastSuccessAt: null,
  });
  expect(asked).toBeGreaterThanOrEqual(3);
  // It stops although one reading still waits and the connection does not close.
  await hub.stopHub();
});

test('what a source gives too late is dropped', async () => {
  const late = Promise.withResolvers<never>();
  let asked = 0;
  const page = { items: [holding(1)], next: '1', done: true };
  const hub = await hubWith({ changes: async () => (asked++ === 0 ? late.promise : page) });
  await hub.healthOf('orchard', ({ failures }) => failures > 0);
  late.resolve({ items: [holding(2)], next: 'late', done: true } as never);
  await hub.healthOf('orchard', ({ recordsRead }) => recordsRead > 0);
  const { database } = hub.hub.store;
  expect(await database.read('select source_id from orchard_orchard_holding', [])).toEqual([['h1']]);
  expect(await database.read('select cursor from hub_cursor', [])).toEqual([['1']]);
});

test('a cursor that stands still, with items, is a failure with growing pauses, and its items are stored', async () => {
  let asked = 0;
  const hub = await hubWith({
    changes: async after => {
      asked++;
      return { items: [holding(1)], next: after ?? 'same', done: false };
    },
  });
  const health = await hub.healthOf('orchard', ({ failures }) => failures >= 4);
  expect(health.error).toMatch(/^gave items and then a cursor from which they come again/);
  expect(asked).toBeLessThan(10);
  expect(await hub.hub.store.database.read('select source_id from orchard_orchard_holding', [])).toEqual([['h1']]);
});

test('a cursor that goes in a circle is noticed where it closes', async () => {
  const next: Readonly<Record<string, string>> = { a: 'b', b: 'c', c: 'a' };
  const hub = await hubWith({
    changes: async after => ({ items: [holding(1)], next: next[after ?? 'c']!, done: false }),
  });
  const health = await hub.healthOf('orchard', ({ failures }) => failures > 0);
  expect(health.error).toMatch(/^gave items and then a cursor from which they come again/);
});

test('a source that throws is described by its error and the place in the adapter, without a value', async () => {
  const failing = new TypeError('王建国 is not iterable');
  failing.stack = `${failing.stack}\n    at read (file:///opt/hub/adapters/orchard/source.ts:41:7)`;
  const hub = await hubWith({
    changes: async () => {
      throw failing;
    },
  });
  expect((await hub.healthOf('orchard', ({ failures }) => failures > 0)).error).toBe(
    'the adapter failed: TypeError at adapters/orchard/source.ts:41',
  );
});

test('what the hub cannot store is described in words, without a code of the database', async () => {
  const hub = await hubWith({ changes: async after => ({ items: after ? [] : [holding(1)], next: '1', done: true }) });
  await hub.healthOf('orchard', ({ recordsRead }) => recordsRead > 0);
  const { pool } = hub.hub.store.database;
  await pool.query('alter table hub_cursor rename to hub_cursor_elsewhere');
  const { error } = await hub.healthOf('orchard', ({ failures }) => failures > 0);
  expect(error).toBe("the hub could not store the page: its administrator finds the reason in the hub's log");
  await pool.query('alter table hub_cursor_elsewhere rename to hub_cursor');
});

test('a look-up that hangs, or answers with something else than lists, is an unavailable agency for each key', async () => {
  const { adapter } = orchard;
  const live: Adapter = { ...adapter, records: adapter.records.map(kind => ({ ...kind, live: 'also' as const })) };
  const answers: Readonly<Record<string, unknown>> = {
    'a promise without end': never(),
    nothing: Promise.resolve(undefined),
    'too few lists': Promise.resolve([[]]),
    'no lists': Promise.resolve([null, 'x']),
    'lists without end': Promise.resolve([
      [],
      (function* () {
        for (;;) yield holding(1);
      })(),
    ]),
  };
  for (const [name, answer] of Object.entries(answers)) {
    const lookup = makeLookup([{ adapter: live, source: { lookup: () => answer as never } }], 50);
    const parts = await lookup(orchard.holding.name, ['a', 'b']);
    expect([name, parts.map(part => part instanceof HubError && part.code)]).toEqual([
      name,
      ['AGENCY_UNAVAILABLE', 'AGENCY_UNAVAILABLE'],
    ]);
  }
});

test('a delivery that the adapter never finishes reading is given up, and its health says so', async () => {
  const opened = await openTestStore('one_script', [orchard.adapter]);
  stops.push(() => opened.close());
  const health = new Health(opened.store.database);
  let read: (delivery: Delivery) => unknown = never;
  const reader = { admit: () => {}, read: (delivery: Delivery) => read(delivery) as never };
  const limits = { deadlineMs: 50, bounds: { items: 10, bytes: 1_000 } };
  const receiver = new Receiver({ ...orchard, reader, store: opened.store, health, limits, onChanges: () => {} });
  const delivery = { headers: {}, body: new Uint8Array() };
  await expect(receiver.receive(delivery)).rejects.toMatchObject({ kind: 'TIMEOUT' });
  expect((await health.list()).get('orchard')).toMatchObject({ failures: 1, error: 'did not answer in time' });
  read = async () => ({ length: 1 });
  await expect(receiver.receive(delivery)).rejects.toMatchObject({ code: 'DELIVERY_REFUSED' });
  read = async () => [holding(1), { raw: 'x', unreadable: { field: 'line', reason: 'is cut off' } }, holding(2)];
  expect(await receiver.receive(delivery)).toEqual({ stored: 2, parked: 1 });
  expect((await health.list()).get('orchard')).toMatchObject({ failures: 0, error: null });
});

test('a wait ends with its stop or its deadline, whichever comes first, and leaves nothing behind', async () => {
  const stop = new AbortController();
  const waiting = within(100_000, never, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
  await expect(within(100_000, never, stop.signal)).rejects.toThrow('stopped');
  await expect(within(1, never)).rejects.toMatchObject({ kind: 'TIMEOUT' });
  // Its failure after the deadline is nobody's: without a listener it would end the process.
  const late = Promise.withResolvers<never>();
  await expect(within(1, () => late.promise)).rejects.toMatchObject({ kind: 'TIMEOUT' });
  late.reject(new Error('too late'));
  await expect(
    within(1, () => {
      throw new Error('at once');
    }),
  ).rejects.toThrow('at once');
  expect(await within(1_000, async () => 7)).toBe(7);
});

test('an adapter that connects by a promise or gives no source stops the start in one sentence', async () => {
  for (const source of [Promise.resolve({}), undefined]) {
    await expect(hubWith(source as never)).rejects.toThrow(/^connect of the adapter orchard should return its source/);
  }
});
