import { expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import type { HubError } from '../../../src/domain/error-codes.ts';
import { type ReadPlace, ReadPlaces, type WaitingRead } from '../../../src/query/read-places.ts';
import { testSeed } from '../../support/test-seed.ts';

const limits = { places: 4, perReader: 2, heavy: 2, waiting: 100, waitMs: 600_000 };

interface Asked extends WaitingRead {
  readonly name: string;
}
function setUp(more: Partial<typeof limits> = {}) {
  const places = new ReadPlaces({ ...limits, ...more });
  const under = new Map<string, ReadPlace>();
  const begun: string[] = [];
  const refused: HubError[] = [];
  const ask = (name: string, reader: string | null, isHeavy = false): Asked => {
    const read: Asked = {
      name,
      isHeavy,
      begin: place => {
        under.set(name, place);
        begun.push(name);
      },
      refuse: error => void refused.push(error),
    };
    places.ask(read, reader);
    return read;
  };
  const end = (name: string) => {
    const place = under.get(name)!;
    under.delete(name);
    places.giveBack(place);
  };
  return { places, under, begun, refused, ask, end };
}

test('a reader has their share and no more, and gets the next place when one of theirs is free', () => {
  const { ask, begun, end } = setUp();
  for (const name of ['a1', 'a2', 'a3']) ask(name, 'a');
  ask('b1', 'b');
  expect(begun).toEqual(['a1', 'a2', 'b1']);
  end('b1');
  expect(begun).toHaveLength(3);
  end('a1');
  expect(begun.at(-1)).toBe('a3');
});

test('readers who wait get places in turn, however much each of them asks', () => {
  const { ask, begun, end } = setUp({ places: 1 });
  ask('first', 'x');
  for (let i = 1; i <= 3; i++) ask(`a${i}`, 'a');
  for (let i = 1; i <= 2; i++) ask(`b${i}`, 'b');
  ask('c1', 'c');
  for (let i = 0; i < 6; i++) end(begun.at(-1)!);
  expect(begun).toEqual(['first', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

test('light reads begin while heavy ones wait for one another', () => {
  const { ask, begun, end } = setUp();
  for (const reader of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) ask(`heavy ${reader}`, reader, true);
  expect(begun).toEqual(['heavy a', 'heavy b']);
  ask('light', 'z');
  expect(begun.at(-1)).toBe('light');
  for (let i = 0; i < 6; i++) end(begun.filter(name => name.startsWith('heavy'))[i]!);
  expect(begun.filter(name => name.startsWith('heavy'))).toHaveLength(8);
});

test('what several readers wait for begins with the first place that one of them gets', () => {
  const { places, ask, begun, end } = setUp();
  for (const name of ['a1', 'a2']) ask(name, 'a');
  const shared = ask('shared', 'a');
  expect(begun).not.toContain('shared');
  places.ask(shared, 'b');
  expect(begun.filter(name => name === 'shared')).toHaveLength(1);
  end('a1');
  expect(begun.filter(name => name === 'shared')).toHaveLength(1);
});

test('a line that is full, or that does not move, refuses with the time to ask again', async () => {
  const { ask, refused } = setUp({ places: 1, waiting: 1, waitMs: 1 });
  ask('first', 'a');
  ask('waits', 'b');
  ask('too many', 'c');
  expect(refused).toHaveLength(1);
  while (refused.length < 2) await new Promise(resolve => setTimeout(resolve, 1));
  for (const error of refused) expect(error).toMatchObject({ code: 'BUSY', details: { retryAfterMs: 5_000 } });
});

test('work in a place is given up while it waits, and its signal aborts while it runs', async () => {
  const { places, ask, end } = setUp({ places: 1 });
  ask('first', 'x');
  const [waiting, running] = [new Set<() => void>(), new Set<() => void>()];
  const share = (gone: Set<() => void>) => ({
    reader: 'a',
    isHeavy: false,
    spent: () => {},
    whenGone: (callback: () => void) => {
      gone.add(callback);
      return () => void gone.delete(callback);
    },
  });
  const given = places.within(share(waiting), async () => 'never');
  for (const leave of waiting) leave();
  await expect(given).rejects.toMatchObject({ code: 'BUSY' });
  const begun = Promise.withResolvers<AbortSignal>();
  const work = places.within(share(running), signal => {
    begun.resolve(signal);
    return new Promise(resolve => signal.addEventListener('abort', () => resolve('ended')));
  });
  end('first');
  await begun.promise;
  for (const leave of running) leave();
  expect(await work).toBe('ended');
  expect([waiting.size, running.size]).toEqual([0, 0]);
});

test('whatever is asked, ended and left, no bound is exceeded and nothing waits while it could begin', () => {
  const random = makeRandom(testSeed, 'read places');
  const { places, under, begun, ask, end } = setUp();
  const waiting = new Map<string, { read: Asked; reader: string | null }>();
  for (let i = 0; i < 5_000; i++) {
    const kind = random.below(3);
    if (kind === 0) {
      const reader = random.pick(['a', 'b', 'c', 'd', null]);
      const read = ask(`read ${i}`, reader, random.chance(0.4));
      waiting.set(read.name, { read, reader });
    } else if (kind === 1 && under.size) end(random.pick([...under.keys()]));
    else if (kind === 2 && waiting.size > 20) {
      const [name, { read }] = random.pick([...waiting]);
      places.leave(read);
      waiting.delete(name);
    }
    for (const name of begun.splice(0)) waiting.delete(name);
    const [all, heavy] = [[...under.values()], [...under.values()].filter(place => place.isHeavy)];
    const of = (reader: string | null) => all.filter(place => place.reader === reader).length;
    expect(all.length).toBeLessThanOrEqual(limits.places);
    expect(heavy.length).toBeLessThanOrEqual(limits.heavy);
    for (const reader of ['a', 'b', 'c', 'd']) expect(of(reader)).toBeLessThanOrEqual(limits.perReader);
    const mayBegin = [...waiting.values()].some(
      ({ read, reader }) =>
        all.length < limits.places &&
        (!read.isHeavy || heavy.length < limits.heavy) &&
        (reader === null || of(reader) < limits.perReader),
    );
    expect(mayBegin).toBe(false);
  }
});
