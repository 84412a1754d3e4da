import { beforeAll, expect, test } from '@jest/globals';
import { policyOf } from '../../../src/access/policy.ts';
import { nobody, type Principal } from '../../../src/access/principal.ts';
import { type Catalog, makeCatalog } from '../../../src/catalog/catalog.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { Batches } from '../../../src/query/batches.ts';
import { Plan } from '../../../src/query/plan.ts';
import { ReadPlaces, type ReadShare, unboundedPlaces } from '../../../src/query/read-places.ts';
import type { FieldSource, SelectedField } from '../../../src/query/selected-field.ts';
import type { Snapshots } from '../../../src/store/snapshots.ts';

let catalog: Catalog;
beforeAll(async () => {
  catalog = makeCatalog(await findAdapters());
});

const wanted = (key: string, read: FieldSource, more: Partial<SelectedField> = {}): SelectedField => ({
  key,
  read,
  args: {},
  keyVariable: null,
  problem: null,
  of: () => [],
  required: false,
  label: `Query.${key}`,
  place: null,
  ...more,
});
const purpose = { kind: 'task', value: 'test' } as const;
const clerk: Principal = { ...nobody(), role: 'clerk', subject: 'c', purpose };
function personPlan(residentId: string, principal = clerk): Plan {
  const policy = policyOf(principal, { catalog, idOf: (_noun, key) => key, town: 'town', grants: [] });
  const id = wanted('id', { kind: 'id' }, { required: true, label: 'Person.id' });
  const root = wanted(
    'person',
    { kind: 'byKey', noun: catalog.stored('Person') },
    { args: { residentId }, of: () => [id] },
  );
  return Plan.of({ catalog, policy, testedPersons: 100, idOf: (_noun, key) => key }, [root]);
}

/** Answers each statement with one row for each of its keys, once it is released. */
function heldSnapshots() {
  const asked: (readonly string[])[] = [];
  const holds: (() => void)[] = [];
  const snapshots = {
    read: async (_several: boolean, work: (statement: unknown) => Promise<void>) =>
      work(async (_text: string, values: readonly unknown[]) => {
        const keys = values[0] as readonly string[];
        asked.push(keys);
        await new Promise<void>(resolve => holds.push(resolve));
        return keys.map(key => ['0', key, `id of ${key}`]);
      }),
  } as unknown as Snapshots;
  return { asked, holds, snapshots };
}
const turn = () => new Promise(resolve => setImmediate(resolve));

test('concurrent queries for several persons become one statement', async () => {
  const { asked, holds, snapshots } = heldSnapshots();
  const batches = new Batches(snapshots, { plans: 64, rows: 1000 }, new ReadPlaces(unboundedPlaces));
  const ask = (key: string) => {
    const plan = personPlan(key);
    return batches.read(plan, { keys: plan.keys(), values: {} });
  };
  const first = [ask('A'), ask('B'), ask('A')];
  await turn();
  // While the first batch is running, the next one grows.
  const second = [ask('C'), ask('D'), ask('E')];
  await turn();
  expect(asked).toEqual([['A', 'B']]);
  holds.shift()!();
  await Promise.all(first);
  expect(asked).toEqual([
    ['A', 'B'],
    ['C', 'D', 'E'],
  ]);
  holds.shift()!();
  const results = await Promise.all(second);
  expect([...results[0]![0]!.keys()]).toEqual(['C', 'D', 'E']);
});

test('a batch never exceeds its maximum of plans', async () => {
  const { asked, holds, snapshots } = heldSnapshots();
  const batches = new Batches(snapshots, { plans: 2, rows: 1000 }, new ReadPlaces(unboundedPlaces));
  const plans = ['A', 'B', 'C'].map(key => personPlan(key));
  const answers = plans.map(plan => batches.read(plan, { keys: plan.keys(), values: {} }));
  await turn();
  holds.shift()!();
  await Promise.all(answers.slice(0, 2));
  expect(asked).toEqual([['A', 'B'], ['C']]);
  holds.shift()!();
  await answers[2];
});

test('readers of different policies never share a statement, those of one policy do', () => {
  const identity = (principal: Partial<Principal>) => personPlan('A', { ...clerk, ...principal }).identity;
  const ofCase = (value: string) => ({ purpose: { kind: 'case', value } }) as const;
  expect(identity({ subject: 'other' })).toBe(identity({}));
  expect(identity(ofCase('1'))).not.toBe(identity(ofCase('2')));
  expect(identity({ role: 'officer', agency: 'land', host: 'town' })).not.toBe(
    identity({ role: 'officer', agency: 'police', host: 'town' }),
  );
});

test('an answer with too many rows is refused, and the next one is read', async () => {
  const { holds, snapshots } = heldSnapshots();
  const batches = new Batches(snapshots, { plans: 64, rows: 0 }, new ReadPlaces(unboundedPlaces));
  const plan = personPlan('A');
  for (let i = 0; i < 2; i++) {
    const answer = batches.read(plan, { keys: plan.keys(), values: {} });
    await turn();
    holds.shift()!();
    await expect(answer).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  }
});

/** A reader who may go away, and what they were charged. */
function leavingReader(reader: string) {
  const callbacks = new Set<() => void>();
  const spent: number[] = [];
  const share: ReadShare = {
    reader,
    isHeavy: false,
    spent: ms => void spent.push(ms),
    whenGone: callback => {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
  };
  const leave = () => {
    for (const callback of [...callbacks]) callback();
  };
  return { share, spent, callbacks, leave };
}

/** Holds each statement until its signal aborts, as a cancelled one of PostgreSQL ends. */
function cancelledSnapshots() {
  const signals: AbortSignal[] = [];
  const snapshots = {
    read: (_several: boolean, _work: unknown, _weighed: boolean, signal: AbortSignal) => {
      signals.push(signal);
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(Object.assign(new Error('cancelled'), { code: '57014' }))),
      );
    },
  } as unknown as Snapshots;
  return { signals, snapshots };
}

test('a statement is cancelled when the last of its readers has gone, and they share what its time costs', async () => {
  const { signals, snapshots } = cancelledSnapshots();
  const batches = new Batches(snapshots, { plans: 64, rows: 1000 }, new ReadPlaces(unboundedPlaces));
  const readers = ['a', 'b'].map(leavingReader);
  const answers = readers.map(({ share }) => {
    const plan = personPlan('A');
    return batches.read(plan, { keys: plan.keys(), values: {} }, share);
  });
  await turn();
  readers[0]!.leave();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  readers[1]!.leave();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  for (const { spent, callbacks } of readers) expect([spent.length, callbacks.size]).toEqual([1, 0]);
  expect(readers[0]!.spent).toEqual(readers[1]!.spent);
});

test('a reader who goes before their batch begins leaves nothing behind', async () => {
  const { holds, asked, snapshots } = heldSnapshots();
  const one = { ...unboundedPlaces, places: 1, waiting: 10, waitMs: 600_000 };
  const batches = new Batches(snapshots, { plans: 64, rows: 1000 }, new ReadPlaces(one));
  const [first, gone, last] = [leavingReader('a'), leavingReader('b'), leavingReader('c')];
  const ask = (key: string, { share }: typeof first, principal = clerk) => {
    const plan = personPlan(key, principal);
    return batches.read(plan, { keys: plan.keys(), values: {} }, share);
  };
  const under = ask('A', first);
  await turn();
  const other: Principal = { ...clerk, purpose: { kind: 'case', value: '1' } };
  const [left, next] = [ask('B', gone, other), ask('C', last, other)];
  await turn();
  gone.leave();
  await expect(left).rejects.toMatchObject({ code: 'BUSY' });
  holds.shift()!();
  await under;
  await turn();
  expect(asked).toEqual([['A'], ['C']]);
  holds.shift()!();
  await next;
  expect(gone.spent).toEqual([]);
});
