import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import { explainAccess } from '../../../src/access/explain.ts';
import { maskValue } from '../../../src/access/masks.ts';
import { type Policy, policyOf } from '../../../src/access/policy.ts';
import { nobody, type Principal, roles } from '../../../src/access/principal.ts';
import { holds, type PlainRow, type World } from '../../../src/access/rows.ts';
import { SharingGrants } from '../../../src/access/sharing.ts';
import type { StoredNoun } from '../../../src/catalog/catalog.ts';
import type { UnmaskGrant } from '../../../src/domain/unmask-grant.ts';
import { Reader } from '../../../src/query/reader.ts';
import type { RecordRow } from '../../../src/query/record-row.ts';
import { fromText } from '../../../src/query/record-row.ts';
import { columnsOf } from '../../../src/store/tables.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const seed = Number(process.env.TEST_SEED ?? Date.now() % 100_000);
const random = makeRandom(seed, 'one policy');
const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];

let town: TestHub;
let world: World;
let grants: SharingGrants;
const tables = new Map<string, PlainRow[]>();

beforeAll(async () => {
  town = await startTestHub({ agencies, population: 300, reference: true });
  await town.synchronised();
  const { catalog, database } = town.hub.store;
  grants = new SharingGrants(database.read, () => {});
  await grants.refresh();
  const byId = new Map<string, PlainRow>();
  const byLink = new Map<string, PlainRow[]>();
  for (const noun of catalog.all()) {
    const names = columnsOf(noun).map(c => c.name);
    const rows = (
      await database.read(`select ${names.map(n => `"${n}"`)} from ${noun.table} where not deleted`, [])
    ).map(values => Object.fromEntries(names.map((name, i) => [name, values[i]])));
    tables.set(noun.name, rows);
    for (const row of rows) {
      byId.set(`${noun.name} ${row.id}`, row);
      for (const link of noun.links) {
        const key = `${noun.name} ${link.column} ${row[link.column]}`;
        byLink.set(key, [...(byLink.get(key) ?? []), row]);
      }
    }
  }
  world = {
    byId: (noun, id) => byId.get(`${noun} ${id}`) ?? null,
    about: (noun, link, id) => byLink.get(`${noun} ${link} ${id}`) ?? [],
  };
});
afterAll(() => town?.stop());

function randomPrincipal(): Principal {
  const cases = tables.get('Case')!;
  const purposes = [
    null,
    { kind: 'case', value: String(random.pick(cases).case_no) },
    { kind: 'case', value: 'no such case' },
    { kind: 'matter', value: random.pick(['POL-HJ-001', 'FD-JY-001', 'POL-HJ-002', 'HR-DY-001']) },
    { kind: 'task', value: 'a check' },
  ] as const;
  return {
    ...nobody(),
    role: random.pick(roles),
    subject: 'somebody',
    agency: random.pick(agencies),
    host: random.chance(0.8) ? 'town' : 'another-town',
    village: String(random.pick(tables.get('Region')!).code),
    purpose: random.pick(purposes),
  };
}

/** Some rows of any nouns that a reader asked to see whole. */
const randomGrants = (): UnmaskGrant[] =>
  Array.from({ length: 5 }, () => random.pick([...tables.keys()])).flatMap(noun => {
    const rows = tables.get(noun)!;
    if (!rows.length) return [];
    const whose = { id: noun, role: 'any', subject: 'somebody', session: null };
    return [{ ...whose, noun, recordId: String(random.pick(rows).id), endsAtMs: Number.POSITIVE_INFINITY }];
  });

const policyFor = (principal: Principal, unmasked: readonly UnmaskGrant[] = []): Policy => {
  const { catalog, identity } = town.hub.store;
  return policyOf(principal, {
    catalog,
    idOf: (noun, key) => identity.ofNoun(catalog.get(noun), key),
    town: 'town',
    grants: grants.current(),
    unmasked,
  });
};

/** Every row that the reader can list, page by page. */
async function listed(reader: Reader, noun: StoredNoun): Promise<RecordRow[]> {
  const rows: RecordRow[] = [];
  for (let after: string | null = null; ; ) {
    const [page] = await reader.pages(noun, { first: 200, after }, null);
    rows.push(...page!.rows);
    if (!page!.hasNextPage) return rows;
    after = Buffer.from(page!.rows.at(-1)!.$id.replaceAll('-', ''), 'hex').toString('base64url');
  }
}

test(`what a reader can list is what the rules say in memory, row by row and field by field (seed ${seed})`, async () => {
  const { catalog, database } = town.hub.store;
  const nouns = catalog.all();
  let compared = 0;
  for (let i = 0; i < 60; i++) {
    const principal = randomPrincipal();
    const grants = randomGrants();
    const policy = policyFor(principal, grants);
    const reader = new Reader(catalog, policy, database.read);
    const chosen = [...Array.from({ length: 3 }, () => random.pick(nouns)), catalog.stored(grants[0]?.noun ?? 'Case')];
    for (const noun of chosen) {
      const place = { principal, noun: noun.name };
      const rows = await listed(reader, noun);
      const expected = tables.get(noun.name)!.filter(row => explainAccess(policy, noun, row, world).visible);
      expect({ ...place, ids: rows.map(r => r.$id).sort() }).toEqual({ ...place, ids: expected.map(r => r.id).sort() });
      expect(await reader.counts(noun, {}, null)).toEqual([expected.length]);
      for (const row of rows) {
        const plain = world.byId(noun.name, row.$id)!;
        const { fields, whole } = explainAccess(policy, noun, plain, world);
        expect({ ...place, whole: row.$whole }).toEqual({ ...place, whole });
        for (const [name, view] of Object.entries(fields)) {
          const { column, field } = noun.columns.get(name)!;
          const value = fromText(field.scalar, plain[column] as string | null);
          const shown = view === 'whole' ? value : maskValue(view, field.scalar, value);
          expect({ ...place, name, shown: row[name] }).toEqual({ ...place, name, shown });
          compared += 1;
        }
      }
    }
  }
  expect(compared).toBeGreaterThan(1000);
});

test('rows are hidden and people are shown whole in enough of these trials for the comparison to mean something', () => {
  const counts = { hidden: 0, visible: 0, whole: 0, masked: 0 };
  for (let i = 0; i < 200; i++) {
    const policy = policyFor(randomPrincipal());
    for (const noun of town.hub.store.catalog.all()) {
      const rows = tables.get(noun.name)!;
      if (!rows.length) continue;
      const row = random.pick(rows);
      const visible = holds(policy.rows(noun), row, world);
      counts[visible ? 'visible' : 'hidden'] += 1;
      if (visible) counts[holds(policy.whole(noun), row, world) ? 'whole' : 'masked'] += 1;
    }
  }
  for (const [name, count] of Object.entries(counts)) expect(`${name} ${count > 100}`).toBe(`${name} true`);
});

test('an officer who does not work for this town has no rows beyond the public ones', () => {
  const policy = policyFor({ ...nobody(), role: 'officer', subject: 'o', agency: 'commerce', host: 'another-town' });
  for (const noun of town.hub.store.catalog.all())
    expect([noun.name, policy.rows(noun)]).toEqual([noun.name, noun.kind.open ? 'all' : 'none']);
});

test('a case as purpose shows its applicant and nobody else, and nobody once it is closed', async () => {
  const { catalog, database } = town.hub.store;
  const person = catalog.stored('Person');
  const cases = tables.get('Case')!.filter(row => row.about_applicant);
  for (const [state, expected] of [
    ['open', 1],
    ['closed', 0],
  ] as const) {
    const one = cases.find(row => (row.state === 'CLOSED') === (state === 'closed'))!;
    const purpose = { kind: 'case', value: String(one.case_no) } as const;
    const reader = new Reader(catalog, policyFor({ ...nobody(), role: 'clerk', subject: 'c', purpose }), database.read);
    const whole = (await listed(reader, person)).filter(row => row.$whole);
    expect([state, whole.map(row => row.$id)]).toEqual([state, expected ? [one.about_applicant] : []]);
  }
});

test('a sole trader counts as a person: his credit code is masked, and found only by those who may find persons', async () => {
  const { catalog, database } = town.hub.store;
  const organisations = catalog.stored('Organisation');
  const code = String(tables.get('Organisation')!.find(row => String(row.credit_code).startsWith('92'))!.credit_code);
  const analyst = new Reader(catalog, policyFor({ ...nobody(), role: 'analyst', subject: 'a' }), database.read);
  const clerk = new Reader(catalog, policyFor({ ...nobody(), role: 'clerk', subject: 'c' }), database.read);
  const codes = (await listed(analyst, organisations)).map(row => String(row.creditCode));
  expect(codes.filter(c => c.startsWith('92') && !c.includes('*'))).toEqual([]);
  expect(codes).toContain(`${code.slice(0, 6)}********${code.slice(-4)}`);
  expect(await analyst.byKey(organisations, [code])).toBeNull();
  expect(await analyst.search(organisations, code, 5)).toEqual([]);
  const [filtered] = await analyst.pages(organisations, { where: { creditCode: { eq: code } } }, null);
  expect(filtered!.rows).toEqual([]);
  await expect(analyst.pages(organisations, { orderBy: ['creditCode asc'] }, null)).rejects.toMatchObject({
    code: 'FILTER_FORBIDDEN',
  });
  expect((await clerk.byKey(organisations, [code]))!.$whole).toBe(false);
});

test('what was shared for one purpose is not served for another, nor after its end, nor to another agency', () => {
  const commerce = town.hub.store.catalog.stored('MarketEntity');
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
