/** A full set lists everything that exists: records missing from it are gone, unless suspiciously many are missing. */
import { afterEach, expect, test } from '@jest/globals';
import type { Item } from '../../../adapters/kit/contract.ts';
import { type Statement, versionOf } from '../../../adapters/kit/statement.ts';
import type { HumanResourcesSystem } from '../../../seeds/systems/human-resources/system.ts';
import { readConfig } from '../../../src/config.ts';
import { startHub } from '../../../src/hub.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { runHubCommand } from '../../support/hub-command.ts';
import { scriptedAgency, type Told, tell, tellFlawed } from '../../support/scripted-adapter.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

let orchard = scriptedAgency('orchard', 'Orchard');
let hub: TestHub;
afterEach(() => hub?.stop());

const kind = 'OrchardHolding';
const holding = (n: number, version: number): Item<Told> => tell(statement(n, version));
const statement = (n: number, version: number): Statement => ({
  kind,
  sourceId: `h${n}`,
  version: versionOf(version),
  deleted: false,
  data: { number: `H-${n}` },
});
const holdings = (from: number, to: number, version: number) =>
  Array.from({ length: to - from }, (_, i) => holding(from + i, version));
const wholeSet = (version: number, complete = true) => ({
  name: `set ${version}`,
  kinds: [kind],
  version: versionOf(version),
  complete,
});

async function standing(): Promise<string[]> {
  const text = 'select source_id from orchard_orchard_holding where not deleted order by length(source_id), source_id';
  return (await hub.hub.store.database.read(text, [])).map(([sourceId]) => sourceId!);
}
const named = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `h${from + i}`);

/** Publishes pages and waits until the hub has read them and found that nothing more is waiting. */
async function publish(...pages: typeof orchard.source.pages): Promise<void> {
  const before = (await hub.hub.health.list()).get('orchard')?.recordsRead ?? 0;
  orchard.source.pages.push(...pages);
  const told = pages.reduce((sum, page) => sum + page.items.length, 0);
  await hub.healthOf('orchard', health => health.recordsRead === before + told && health.caughtUpAt !== null);
}

const guarded = { HUB_REMOVAL_GUARD_PERCENT: '20', HUB_REMOVAL_GUARD_AT_LEAST: '5' };
const start = async () => {
  orchard = scriptedAgency('orchard', 'Orchard');
  hub = await startTestHub({ adapters: [orchard.adapter], environment: guarded });
};

test('records missing from a full set are flagged as deleted, also across its pages', async () => {
  await start();
  await publish({ items: holdings(0, 20, 1) });
  await publish(
    { items: holdings(0, 10, 2), set: wholeSet(2, false) },
    { items: holdings(10, 18, 2), set: wholeSet(2, true) },
  );
  expect(await standing()).toEqual(named(0, 18));
  const gone = await hub.hub.store.database.read(
    'select source_id, version, number from orchard_orchard_holding where deleted order by source_id',
    [],
  );
  expect(gone).toEqual([
    ['h18', versionOf(2), null],
    ['h19', versionOf(2), null],
  ]);
  const { rows } = await hub.hub.store.database.pool.query('select source_id from orchard_orchard_holding_history');
  expect(rows.map(row => row.source_id).sort()).toEqual(['h18', 'h19']);
  expect(await hub.hub.store.database.read('select count(*) from hub_seen', [])).toEqual([['0']]);
});

test('records that are newer than the set stay, and removed records can come back', async () => {
  await start();
  await publish({ items: [...holdings(0, 10, 1), holding(10, 3)] });
  await publish({ items: holdings(0, 9, 2), set: wholeSet(2) });
  expect(await standing()).toEqual([...named(0, 9), 'h10']);
  await publish({ items: [holding(9, 4)] });
  expect(await standing()).toEqual(named(0, 11));
});

test('a record that is parked is present, so its set does not remove it', async () => {
  await start();
  await publish({ items: holdings(0, 10, 1) });
  const failing = tell({ ...statement(8, 2), data: { number: null } });
  const flawed = tellFlawed({ field: 'NAME', reason: 'is no name', sourceId: 'h9' }, statement(9, 2));
  await publish({ items: [...holdings(0, 8, 2), failing, flawed], set: wholeSet(2) });
  expect(await standing()).toEqual(named(0, 10));
});

test('a set that is interrupted between its pages and continued by another hub removes nothing wrongly', async () => {
  await start();
  await publish({ items: holdings(0, 20, 1) });
  await publish({ items: holdings(0, 10, 2), set: wholeSet(2, false) });
  expect(await standing()).toEqual(named(0, 20));
  await hub.stopHub();
  orchard.source.pages.push({ items: holdings(10, 18, 2), set: wholeSet(2, true) });
  const second = await startHub(readConfig(hub.environment), hub.environment, [orchard.adapter]);
  try {
    await new Promise<void>(resolve => {
      second.health.on('note', () => resolve());
    });
    const text = 'select source_id from orchard_orchard_holding where deleted order by source_id';
    expect(await second.store.database.read(text, [])).toEqual([['h18'], ['h19']]);
  } finally {
    await second.stop();
  }
});

test('a removal of suspiciously many records waits for a person; the rest of the set is stored', async () => {
  await start();
  await publish({ items: holdings(0, 20, 1) });
  await publish({ items: holdings(0, 8, 2), set: wholeSet(2) });
  expect(await standing()).toEqual(named(0, 20));
  expect(await hub.healthOf('orchard', () => true)).toMatchObject({ heldRemovals: 1, failures: 0 });
  const { store } = hub.hub;
  expect(await store.database.read('select set_name, kind, absent, present from hub_held_removal', [])).toEqual([
    ['set 2', kind, '12', '20'],
  ]);
  await publish({ items: [holding(19, 3)] });
  // One of the records that it would have removed has been stated again since.
  expect(await store.settleHeldRemoval('orchard', 'set 2', true)).toBe(11);
  expect(await standing()).toEqual([...named(0, 8), 'h19']);
  expect(await hub.healthOf('orchard', () => true)).toMatchObject({ heldRemovals: 0 });
  expect(await store.settleHeldRemoval('orchard', 'set 2', true)).toBeNull();
});

test('a held removal that is dropped removes nothing, and the next set is judged by itself', async () => {
  await start();
  await publish({ items: holdings(0, 20, 1) });
  await publish({ items: holdings(0, 8, 2), set: wholeSet(2) });
  expect(await hub.hub.store.settleHeldRemoval('orchard', 'set 2', false)).toBe(0);
  expect(await standing()).toEqual(named(0, 20));
  await publish({ items: holdings(0, 18, 3), set: wholeSet(3) });
  expect(await standing()).toEqual(named(0, 18));
});

test('a shrunken file of human resources is held back; an operator lists, drops and confirms it', async () => {
  const adapters = (await findAdapters()).filter(({ agency }) => agency.code === 'human-resources');
  hub = await startTestHub({
    agencies: ['human-resources'],
    population: 300,
    faultless: true,
    adapters: adapters.map(adapter => ({ ...adapter, pollEveryMs: 20 })),
  });
  await hub.synchronised();
  const system = hub.systems.get('human-resources') as HumanResourcesSystem;
  const { database } = hub.hub.store;
  const insured = async () => {
    const text = 'select count(*) from human_resources_insured_person where not deleted';
    return Number((await database.read(text, []))[0]![0]);
  };
  const command = (...args: string[]) => runHubCommand(database.url, 'human-resources', 'removals', ...args);
  const why = ['--reason', 'the agency answered by telephone'];
  const held = async () => {
    system.publishShrunkenSet();
    await hub.healthOf('human-resources', health => health.heldRemovals === 1);
    const { code, output, remarks } = await command('list');
    expect({ code, remarks }).toEqual({ code: 0, remarks: '1 held\n' });
    const [agency, set, kind, sizes] = output.trimEnd().split('\t');
    expect([agency, kind]).toEqual(['human-resources', 'InsuredPerson']);
    const [, absent, present] = /^(\d+) of (\d+) would go$/.exec(sizes!)!;
    return { set: set!, absent: Number(absent), present: Number(present) };
  };

  const before = await insured();
  const dropped = await held();
  expect(dropped.present).toBe(before);
  expect(await command('drop', 'human-resources', dropped.set, ...why)).toMatchObject({ code: 0 });
  expect(await insured()).toBe(before);

  const confirmed = await held();
  expect(confirmed.set).not.toBe(dropped.set);
  expect(await command('confirm', 'human-resources', confirmed.set, ...why)).toMatchObject({ code: 0 });
  expect(await insured()).toBe(before - confirmed.absent);
  expect(await command('confirm', 'human-resources', confirmed.set, ...why)).toMatchObject({ code: 1 });
  expect(await hub.healthOf('human-resources', () => true)).toMatchObject({ heldRemovals: 0 });
});
