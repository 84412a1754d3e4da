import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import type { Principal } from '../../../src/access/principal.ts';
import type { Noun } from '../../../src/catalog/catalog.ts';
import { type CompiledGraph, openCompiledGraph } from '../../support/compiled-graph.ts';
import { analyst, stranger } from '../../support/plain-readers.ts';
import { randomPrincipal, townAgencies } from '../../support/random-principals.ts';
import { countRows } from '../../support/read-sets.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { readTown, type TownInMemory } from '../../support/town-in-memory.ts';
import { sightOf } from '../../support/visible-records.ts';
import { filterable, matches, randomGraphWhere, type Where } from '../../support/where-model.ts';

const random = makeRandom(seed, 'filters across relations');

let town: TestHub;
let loaded: TownInMemory;
let graph: CompiledGraph;
beforeAll(async () => {
  town = await startTestHub({ agencies: townAgencies, population: 300, reference: true });
  await town.synchronised();
  loaded = await readTown(town.hub.store);
  graph = openCompiledGraph(town.hub.store, { adapters: town.hub.adapters });
});
afterAll(async () => {
  await graph?.close();
  await town?.stop();
});
const policyOf = (principal: Principal) => graph.contextOf(principal).policy;

test(`500 random filters for random readers find the rows that plain predicates find (TEST_SEED=${seed})`, async () => {
  const { store } = town.hub;
  const { catalog } = store;
  const tally = { some: 0, none: 0, all: 0, across: 0 };
  for (let i = 0; i < 50; i++) {
    const principal = randomPrincipal(random, loaded);
    const policy = policyOf(principal);
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
      const count = await countRows(store, policy, noun, where);
      const facts = { i, round, principal, noun: noun.name, where: JSON.stringify(where) };
      expect({ ...facts, count }).toEqual({ ...facts, count: expected.length });
      tally[count === 0 ? 'none' : count === rows(noun).length ? 'all' : 'some'] += 1;
      if (/some|none/.test(facts.where)) tally.across += 1;
    }
  }
  // Without this the comparison means nothing.
  expect({ ...tally, fair: tally.some > 60 && tally.across > 60 }).toEqual({ ...tally, fair: true });
});

test('behind every relation, fields that the reader sees masked or not at all are refused', async () => {
  const { store } = town.hub;
  const { catalog } = store;
  const [masked, anybody] = [policyOf(analyst), policyOf(stranger)];
  for (const noun of catalog.all()) {
    for (const { name, to, many } of [...noun.relations.values()].filter(r => !r.live)) {
      const nested = (where: Where) => ({ [name]: many ? { none: where } : where });
      for (const column of filterable(to).filter(c => !masked.mayFilter(to, c.name))) {
        const where = { or: [{ not: nested({ [column.name]: { isNull: true } }) }] };
        await expect(countRows(store, masked, noun, where)).rejects.toMatchObject({ code: 'FILTER_FORBIDDEN' });
      }
      if (anybody.sees(noun) && !anybody.sees(to))
        await expect(countRows(store, anybody, noun, nested({}))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
  }
});

/** Only the owner of another server can create clusters on it. */
const ofEmbedded = process.env.TEST_DATABASE_URL ? test.skip : test;
ofEmbedded('Chinese words are found by an index: to pg_trgm their characters are letters', async () => {
  const [[trigrams]] = (await town.hub.store.database.read("select show_trgm('宅基地审批')::text", [])) as [[string]];
  expect(trigrams.split(',').length).toBeGreaterThan(4);
});

test('clients can filter across relations in one document', async () => {
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
