/** An agency that is down blocks no other agency; it is polled again with growing pauses, and its health reports it. */
import { afterEach, expect, jest, test } from '@jest/globals';
import pino from 'pino';
import { SourceError } from '../../../adapters/kit/contract.ts';
import { versionOf } from '../../../adapters/kit/statement.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { type Freshness, Health } from '../../../src/ingest/health.ts';
import { Puller } from '../../../src/ingest/pull.ts';
import { scriptedAgency, tell } from '../../support/scripted-adapter.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';

const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** The freshness that everybody may see. */
async function shownFreshness({ anybody }: TestHub): Promise<Map<string, Record<string, unknown>>> {
  const { data, errors } = await anybody.ask(
    '{ agencies(first: 50) { nodes { code freshness { lastSuccessAt failingSince failures } } } }',
  );
  expect(errors).toBeUndefined();
  type Node = { code: string; freshness: Record<string, unknown> };
  return new Map(data.agencies.nodes.map(({ code, freshness }: Node) => [code, freshness]));
}

test('one agency refuses and one hangs: the others synchronise, and both are caught up once they recover', async () => {
  const adapters = (await findAdapters()).filter(({ agency }) => agencies.includes(agency.code));
  const hub: TestHub = await startTestHub({
    agencies,
    population: 300,
    faultless: true,
    outages: { commerce: 'refuse', police: 'hang' },
    adapters: adapters.map(adapter => ({ ...adapter, pollEveryMs: 50 })),
    environment: { HUB_PAGE_DEADLINE_MS: '1000', HUB_LONGEST_PAUSE_MS: '100' },
  });
  stops.push(() => hub.stop());
  const beforeFailures = Date.now();
  for (const up of ['land', 'human-resources', 'food-drug']) {
    await hub.systems.get(up)!.drained?.();
    await hub.healthOf(up, ({ caughtUpAt, recordsRead }) => caughtUpAt !== null && recordsRead > 0);
  }
  for (const [down, error] of [
    ['commerce', /./],
    ['police', /did not answer in time/],
  ] as const) {
    const once = await hub.healthOf(down, ({ failures }) => failures >= 1);
    const often = await hub.healthOf(down, ({ failures }) => failures > once.failures);
    expect(often).toMatchObject({ lastSuccessAt: null, caughtUpAt: null, recordsRead: 0 });
    expect(often.failingSince).toBe(once.failingSince);
    expect(Math.abs(Date.parse(often.failingSince!) - beforeFailures)).toBeLessThan(30_000);
    expect(often.error).toMatch(error);
    expect(JSON.stringify(often)).not.toMatch(/password|secret|\d{17}/);
  }
  const freshness = await shownFreshness(hub);
  expect(freshness.get('commerce')).toMatchObject({ lastSuccessAt: null, failingSince: expect.any(String) });
  expect(freshness.get('land')).toMatchObject({ lastSuccessAt: expect.any(String), failingSince: null, failures: 0 });

  for (const down of ['commerce', 'police']) {
    hub.systems.get(down)!.setOutage('none');
    const up = await hub.healthOf(down, ({ caughtUpAt }) => caughtUpAt !== null);
    expect(up).toMatchObject({ failures: 0, failingSince: null, error: null });
    expect(up.recordsRead).toBeGreaterThan(0);
  }
});

const orchard = scriptedAgency('orchard', 'Orchard');
const bounds = { items: 1_000, bytes: 1_000_000 };
const limits = { pageSize: 100, bounds, deadlineMs: 1_000, pauseMs: 7, maxPauseMs: 40 };
/** Each pause doubles, from the first up to the longest; no other timer in the process has such times. */
const pauses = [7, 14, 28, 40];

async function pulling() {
  const opened: TestStore = await openTestStore('one_script', [orchard.adapter]);
  stops.push(() => opened.close());
  // Without jitter the pauses double exactly.
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
  const asked: number[] = [];
  const setTimer = globalThis.setTimeout;
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms = 0, ...args: unknown[]) => {
    if (pauses.includes(ms)) asked.push(ms);
    return setTimer(run, ms, ...(args as []));
  }) as typeof setTimeout);
  const health = new Health(opened.store.database);
  const log = pino({ level: 'silent' });
  const parts = { ...orchard, store: opened.store, health, limits, log, onChanges: () => {} };
  const puller = new Puller(parts);
  stops.push(() => puller.stop());
  const until = (fits: (health: Freshness) => boolean) =>
    new Promise<Freshness>((resolve, reject) => {
      const look = async () => {
        const known = (await health.list()).get('orchard');
        if (!known || !fits(known)) return;
        health.off('note', onNote);
        resolve(known);
      };
      const onNote = () => void look().catch(reject);
      health.on('note', onNote);
      onNote();
    });
  return { puller, until, asked };
}

test('pauses double up to the longest, and start small again after a success', async () => {
  orchard.source.failure = new SourceError('UNREACHABLE', 'is not reached');
  const { puller, until, asked } = await pulling();
  puller.start();
  expect(await until(({ failures }) => failures >= 6)).toMatchObject({ error: 'is not reached', lastSuccessAt: null });
  expect(asked.slice(0, 5)).toEqual([7, 14, 28, 40, 40]);

  orchard.source.failure = null;
  expect(await until(({ failures }) => failures === 0)).toMatchObject({ failingSince: null, error: null });
  asked.length = 0;
  orchard.source.failure = new SourceError('REFUSED', 'refuses');
  expect(await until(({ failures }) => failures >= 3)).toMatchObject({ error: 'refuses' });
  expect(asked.slice(0, 2)).toEqual([7, 14]);
});

test('a failure between pages loses nothing: reading resumes at the stored cursor', async () => {
  const page = (n: number) => {
    const record = { kind: orchard.holding.name, sourceId: `h${n}`, version: versionOf(1), deleted: false };
    return { items: [tell({ ...record, data: { number: `H-${n}` } })] };
  };
  orchard.source.failure = null;
  orchard.source.pages.push(page(1), page(2));
  const { puller, until } = await pulling();
  puller.start();
  await until(({ recordsRead }) => recordsRead === 2);
  orchard.source.failure = new Error('an unexpected answer about 王建国');
  const failing = await until(({ failures }) => failures >= 2);
  // The text of an unexpected error is not shown, only its kind and its place in the adapter, which this one has not.
  expect(failing.error).toBe('the adapter failed: Error');
  orchard.source.pages.push(page(3), page(4));
  orchard.source.failure = null;
  expect(await until(({ recordsRead }) => recordsRead === 4)).toMatchObject({ failures: 0 });
});
