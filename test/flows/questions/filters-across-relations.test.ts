import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import type { Noun, StoredNoun } from '../../../src/catalog/catalog.ts';
import { Reader } from '../../../src/query/reader.ts';
import { RandomReaders } from '../../support/random-readers.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { filterable, matches, randomGraphWhere, type Where } from '../../support/where-model.ts';
import { type LoadedWorld, loadWorld, sightOf } from '../../support/world.ts';

const seed = Number(process.env.TEST_SEED ?? Date.now() % 100_000);
const random = makeRandom(seed, 'filters across relations');
const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];

let town: TestHub;
let loaded: LoadedWorld;
let readers: RandomReaders;
beforeAll(async () => {
  town = await startTestHub({ agencies, population: 300, reference: true });
  await town.synchronised();
  loaded = await loadWorld(town.hub.store);
  readers = new RandomReaders(town.hub.store, loaded.tables, random);
});
afterAll(() => town?.stop());

test(`500 random filters for random readers find the rows that plain predicates find (TEST_SEED=${seed})`, async () => {
  const { catalog, database } = town.hub.store;
  const tally = { some: 0, none: 0, all: 0, across: 0 };
  for (let i = 0; i < 50; i++) {
    const principal = readers.principal();
    const policy = readers.policy(principal);
    const { rows, related } = sightOf(policy, loaded);
    const nouns = catalog.all().filter(noun => policy.sees(noun));
    const ground = {
      random,
      rows,
      mayFilter: (noun: Noun, name: string) => policy.mayFilter(noun, name),
      sees: (noun: Noun) => policy.sees(noun),
    };
    for (let round = 0; round < 10; round++) {
      const noun = random.pick(nouns);
      const where = randomGraphWhere(ground, noun);
      const expected = rows(noun).filter(row => matches(noun, row, where, related));
      const reader = new Reader(catalog, policy, database.read);
      const [count] = await reader.counts(noun, { where }, null);
      const facts = { i, round, principal, noun: noun.name, where: JSON.stringify(where) };
      expect({ ...facts, count }).toEqual({ ...facts, count: expected.length });
      tally[count === 0 ? 'none' : count === rows(noun).length ? 'all' : 'some'] += 1;
      if (/some|none/.test(facts.where)) tally.across += 1;
    }
  }
  // Else the comparison means nothing.
  expect({ ...tally, fair: tally.some > 60 && tally.across > 60 }).toEqual({ ...tally, fair: true });
}, 60_000);

test('a field that is masked is refused behind every relation, and so is what the reader may not see at all', async () => {
  const { catalog, database } = town.hub.store;
  const { analyst, public: anybody } = readers.plain();
  const count = (policy: typeof analyst, noun: StoredNoun, where: Where) =>
    new Reader(catalog, policy, database.read).counts(noun, { where }, null);
  for (const noun of catalog.all()) {
    for (const { name, to, many } of [...noun.relations.values()].filter(r => !r.live)) {
      const nested = (where: Where) => ({ [name]: many ? { none: where } : where });
      for (const column of filterable(to).filter(c => !analyst.mayFilter(to, c.name))) {
        const where = { or: [{ not: nested({ [column.name]: { isNull: true } }) }] };
        await expect(count(analyst, noun, where)).rejects.toMatchObject({ code: 'FILTER_FORBIDDEN' });
      }
      if (anybody.sees(noun) && !anybody.sees(to))
        await expect(count(anybody, noun, nested({}))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
  }
});

test('clients ask across relations in one document', async () => {
  const { data, errors } = await town.clerk.ask(
    `query ($where: CaseWhere) { cases(where: $where, first: 200) { totalCount nodes { approvals(first: 50) { nodes { state } } matter { handling } } } }`,
    {
      where: {
        matter: { handling: { eq: 'PROMISED' } },
        approvals: { some: { state: { eq: 'DONE' } }, none: { state: { eq: 'TODO' } } },
        compare: [{ field: 'SUBMITTED_AT', is: 'BEFORE', than: 'CLOSED_AT' }],
      },
    },
  );
  expect(errors).toBeUndefined();
  expect(data.cases.totalCount).toBeGreaterThan(0);
  for (const { approvals, matter } of data.cases.nodes) {
    expect(matter.handling).toBe('PROMISED');
    expect(new Set(approvals.nodes.map((a: { state: string }) => a.state))).toEqual(new Set(['DONE']));
  }
});
