import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import { explainAccess } from '../../../src/access/explain.ts';
import { maskValue } from '../../../src/access/masks.ts';
import { nobody, type Principal } from '../../../src/access/principal.ts';
import { holds } from '../../../src/access/rows.ts';
import { SharingGrants } from '../../../src/access/sharing.ts';
import type { Noun, StoredNoun } from '../../../src/catalog/catalog.ts';
import type { UnmaskGrant } from '../../../src/domain/unmask-grant.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { readRow } from '../../../src/query/row-access.ts';
import { type CompiledGraph, openCompiledGraph } from '../../support/compiled-graph.ts';
import { randomPrincipal, townAgencies } from '../../support/random-principals.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { graphValue, readTown, type TownInMemory } from '../../support/town-in-memory.ts';

const random = makeRandom(seed, 'one policy');

let hub: TestHub;
let town: TownInMemory;
let graph: CompiledGraph;
/** Some rows of various nouns that readers asked to see whole. */
let unmasked: readonly UnmaskGrant[] = [];

beforeAll(async () => {
  hub = await startTestHub({ agencies: townAgencies, population: 300, reference: true });
  await hub.synchronised();
  const { store } = hub.hub;
  const grants = new SharingGrants(store.database.read, () => {});
  await grants.refresh();
  town = await readTown(store);
  graph = openCompiledGraph(store, {
    adapters: await findAdapters(),
    grants: () => grants.current(),
    unmasked: () => unmasked,
  });
});
afterAll(async () => {
  await graph?.close();
  await hub?.stop();
});

beforeEach(() => {
  unmasked = [];
});

const policyFor = (principal: Principal) => graph.contextOf(principal).policy;

const randomGrants = (): UnmaskGrant[] =>
  Array.from({ length: 5 }, () => random.pick([...town.rows.keys()])).flatMap(noun => {
    const rows = town.rows.get(noun)!;
    if (!rows.length) return [];
    const whose = { id: noun, role: 'any', subject: 'somebody', session: null };
    return [{ ...whose, noun, recordId: String(random.pick(rows).id), endsAtMs: Number.POSITIVE_INFINITY }];
  });

type Listed = Readonly<Record<string, unknown>> & { readonly id: string };

const fieldsOf = (noun: Noun) => `id ${[...noun.columns.keys()].join(' ')}`;

/** Every row that the reader can list, page by page. */
async function listed(principal: Principal, noun: StoredNoun): Promise<{ rows: Listed[]; total: number }> {
  if (!policyFor(principal).sees(noun)) return { rows: [], total: 0 };
  const query = `query ($after: String) { list: ${noun.kind.plural}(first: 200, after: $after) {
    totalCount nodes { ${fieldsOf(noun)} } pageInfo { hasNextPage endCursor } } }`;
  const rows: Listed[] = [];
  for (let after: string | null = null; ; ) {
    const { data, errors } = await graph.ask(principal, query, { after });
    expect(errors).toBeUndefined();
    // biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of its question
    const { list } = data as any;
    rows.push(...list.nodes);
    if (!list.pageInfo.hasNextPage) return { rows, total: list.totalCount };
    after = list.pageInfo.endCursor;
  }
}
const idOf = (noun: Noun, { id }: Listed) => id.slice(noun.name.length + 1);

test(`what a reader can list is what the rules say in memory, row by row and field by field (seed ${seed})`, async () => {
  const { catalog } = hub.hub.store;
  const { rows: stored, world } = town;
  let compared = 0;
  for (let i = 0; i < 60; i++) {
    const principal = randomPrincipal(random, town);
    unmasked = randomGrants();
    const policy = policyFor(principal);
    const some = Array.from({ length: 3 }, () => random.pick(catalog.all()));
    for (const noun of [...some, catalog.stored(unmasked[0]?.noun ?? 'Case')]) {
      const place = { principal, noun: noun.name };
      const { rows, total } = await listed(principal, noun);
      const expected = stored.get(noun.name)!.filter(row => explainAccess(policy, noun, row, world).visible);
      const ids = rows.map(row => idOf(noun, row));
      expect({ ...place, ids: ids.sort() }).toEqual({ ...place, ids: expected.map(r => r.id).sort() });
      expect(total).toBe(expected.length);
      for (const row of rows) {
        const plain = world.byId(noun.name, idOf(noun, row))!;
        for (const [name, view] of Object.entries(explainAccess(policy, noun, plain, world).fields)) {
          const { column, field } = noun.columns.get(name)!;
          const value = graphValue(field.scalar, plain[column]);
          const shown = view === 'whole' ? value : maskValue(view, field.scalar, value);
          expect({ ...place, name, shown: row[name] }).toEqual({ ...place, name, shown });
          compared += 1;
        }
      }
    }
  }
  expect(compared).toBeGreaterThan(1000);
});

test('the SQL that decides and explains about one row agrees with the rules in memory', async () => {
  const { catalog } = hub.hub.store;
  for (let i = 0; i < 150; i++) {
    const principal = randomPrincipal(random, town);
    unmasked = randomGrants();
    const { policy, hub: parts } = graph.contextOf(principal);
    const noun = random.pick(catalog.all());
    const rows = town.rows.get(noun.name)!;
    if (!rows.length) continue;
    const row = random.pick(rows);
    const found = await readRow(parts, policy, noun, String(row.id));
    const { visible, whole } = explainAccess(policy, noun, row, town.world);
    expect({ principal, noun: noun.name, visible: found !== null, whole: found?.whole ?? false }).toEqual({
      principal,
      noun: noun.name,
      visible,
      whole,
    });
  }
});

test('these trials hide rows and show people whole often enough for the comparison to mean something', () => {
  const counts = { hidden: 0, visible: 0, whole: 0, masked: 0 };
  for (let i = 0; i < 1_000; i++) {
    const policy = policyFor(randomPrincipal(random, town));
    for (const noun of hub.hub.store.catalog.all()) {
      const rows = town.rows.get(noun.name)!;
      if (!rows.length) continue;
      const row = random.pick(rows);
      const visible = holds(policy.rows(noun), row, town.world);
      counts[visible ? 'visible' : 'hidden'] += 1;
      if (visible) counts[holds(policy.whole(noun), row, town.world) ? 'whole' : 'masked'] += 1;
    }
  }
  for (const [name, count] of Object.entries(counts)) expect(`${name} ${count > 100}`).toBe(`${name} true`);
});

test('an officer who does not work for this town has no rows beyond the public ones', () => {
  const policy = policyFor({ ...nobody(), role: 'officer', subject: 'o', agency: 'commerce', host: 'another-town' });
  for (const noun of hub.hub.store.catalog.all())
    expect([noun.name, policy.rows(noun)]).toEqual([noun.name, noun.kind.open ? 'all' : 'none']);
});

test('a case as purpose shows its applicant and nobody else, and shows nobody once it is closed', async () => {
  const person = hub.hub.store.catalog.stored('Person');
  const cases = town.rows.get('Case')!.filter(row => row.about_applicant);
  for (const [state, expected] of [
    ['open', 1],
    ['closed', 0],
  ] as const) {
    const one = cases.find(row => (row.state === 'CLOSED') === (state === 'closed'))!;
    const purpose = { kind: 'case', value: String(one.case_no) } as const;
    const { rows } = await listed({ ...nobody(), role: 'clerk', subject: 'c', purpose }, person);
    const whole = rows.filter(row => !String(row.residentId).includes('*'));
    expect([state, whole.map(row => idOf(person, row))]).toEqual([state, expected ? [one.about_applicant] : []]);
  }
});

test('a sole trader counts as a person: the credit code is masked, and found only by those who may find persons', async () => {
  const organisations = hub.hub.store.catalog.stored('Organisation');
  const code = String(
    town.rows.get('Organisation')!.find(row => String(row.credit_code).startsWith('92'))!.credit_code,
  );
  const analyst = { ...nobody(), role: 'analyst', subject: 'a' } as const;
  // With the case of somebody else as purpose, they can find the trader but see the code masked.
  const purpose = { kind: 'case', value: 'of nobody' } as const;
  const clerk = { ...nobody(), role: 'clerk', subject: 'c', purpose } as const;
  const [region, masked] = [`${code.slice(0, 6)}************`, `${code.slice(0, 6)}********${code.slice(-4)}`];
  const codes = (await listed(analyst, organisations)).rows.map(row => String(row.creditCode));
  expect(codes.filter(c => c.startsWith('92') && !c.includes('*'))).toEqual([]);
  expect(codes).toContain(region);
  const found = await graph.ask(
    analyst,
    `{ organisation(creditCode: "${code}") { id } search(text: "${code}") { id }
       organisations(where: { creditCode: { eq: "${code}" } }) { nodes { id } } }`,
  );
  expect(found.data).toEqual({ organisation: null, search: [], organisations: { nodes: [] } });
  const ordered = await graph.ask(analyst, '{ organisations(orderBy: [CREDIT_CODE_ASC]) { nodes { id } } }');
  expect(ordered.errors!.map(error => error.originalError)).toEqual([
    expect.objectContaining({ code: 'FILTER_FORBIDDEN' }),
  ]);
  const { data } = await graph.ask(clerk, `{ organisation(creditCode: "${code}") { creditCode } }`);
  expect(data).toEqual({ organisation: { creditCode: masked } });
});

test('what was shared for one purpose is not served for another purpose, after its end, or to another agency', () => {
  const commerce = hub.hub.store.catalog.stored('MarketEntity');
  const asked = (agency: string, matter: string | null) =>
    policyFor({
      ...nobody(),
      role: 'officer',
      subject: 'o',
      agency,
      host: 'town',
      purpose: matter === null ? null : { kind: 'matter', value: matter },
    }).rows(commerce);
  expect(asked('food-drug', 'FD-JY-001')).toEqual({ column: 'agency', is: 'commerce' });
  for (const [agency, matter] of [
    ['food-drug', null],
    ['food-drug', 'FD-JY-002'],
    ['police', 'FD-JY-001'],
    ['land', 'LAND-BDC-003'],
  ] as const) {
    expect([agency, matter, asked(agency, matter)]).toEqual([agency, matter, 'none']);
  }
});
