import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Adapter } from '../../../adapters/kit/contract.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const deadlineMs = 400;
const agencies = ['police', 'commerce', 'food-drug'];
/** The people in each request that reached the police since the last check. */
const asked: string[][] = [];
let t: TestHub;

/** The police's adapter, which also records its requests about people. */
const noting = (adapter: Adapter): Adapter => ({
  ...adapter,
  connect: (settings, io) =>
    adapter.connect(settings, {
      ...io,
      fetch: (input, init) => {
        const condition = /GMSFHM IN \([^)]*\)/.exec(String(init?.body))?.[0];
        if (condition) asked.push(condition.match(/\d{17}[\dX]/g)!);
        return io.fetch(input, init);
      },
    }),
});

beforeAll(async () => {
  const found = (await findAdapters()).filter(a => agencies.includes(a.agency.code));
  const adapters = found.map(adapter => (adapter.agency.code === 'police' ? noting(adapter) : adapter));
  const environment = { HUB_LOOKUP_DEADLINE_MS: String(deadlineMs) };
  t = await startTestHub({ agencies, adapters, population: 400, faultless: true, environment });
  await t.synchronised();
});
afterEach(() => {
  asked.length = 0;
  for (const system of t.systems.values()) system.setOutage('none');
});
afterAll(() => t?.stop());

const read = (text: string, values: unknown[] = []) => t.hub.store.database.read(text, values);
const someIds = async (count: number) =>
  (await read('select resident_id from hub_person order by id limit $1', [count])).map(([id]) => id!);

describe('one request asks the police once', () => {
  test('for a page of persons', async () => {
    const { data, errors } = await t.clerk.ask(
      '{ persons(first: 60) { nodes { residentId residents { residentId name } } } }',
    );
    expect(errors).toBeUndefined();
    expect(asked).toHaveLength(1);
    const ids: string[] = data.persons.nodes.map((n: { residentId: string }) => n.residentId);
    expect(asked[0]!.sort()).toEqual([...ids].sort());
    const known = data.persons.nodes.filter((n: { residents: unknown[] }) => n.residents.length);
    expect(known.length).toBeGreaterThan(40);
    for (const { residentId, residents } of known) expect(residents[0].residentId).toBe(residentId);
  });

  test('for many persons under many names, and the same person twice', async () => {
    const ids = await someIds(12);
    const aliases = [...ids, ids[0]!].map((id, i) => `p${i}: person(residentId: "${id}") { residents { residentId } }`);
    const { data, errors } = await t.clerk.ask(`{ ${aliases.join('\n')} }`);
    expect(errors).toBeUndefined();
    expect(Object.keys(data)).toHaveLength(13);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.sort()).toEqual([...ids].sort());
  });

  test('for persons that are reached on different paths and at different depths', async () => {
    const [id] = await someIds(1);
    const { errors } = await t.clerk.ask(
      `query ($id: String!) {
         person(residentId: $id) { residents { name } }
         persons(first: 5) { nodes { residents { name } } }
         cases(first: 20) { nodes { applicant { residents { name } } } }
         marketEntities(first: 5) { nodes { organisation { marketEntities { nodes { legalRepresentative { residents { name } } } } } } }
       }`,
      { id },
    );
    expect(errors).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  test('and for each kind of record at most once', async () => {
    const { errors } = await t.clerk.ask(
      '{ persons(first: 10) { nodes { residents { name } identityCards { kind } residencePermits { permitNo } } } }',
    );
    expect(errors).toBeUndefined();
    expect(asked).toHaveLength(3);
  });
});

test('every request asks again: nothing is remembered between requests', async () => {
  for (let i = 1; i <= 2; i++) {
    await t.clerk.ask('{ persons(first: 2) { nodes { residents { name } } } }');
    expect(asked).toHaveLength(i);
  }
});

test('what the police may not give away is stored nowhere', async () => {
  const { data } = await t.clerk.ask(
    '{ persons(first: 30) { nodes { residents { householdNo address } identityCards { acceptanceNo } residencePermits { permitNo } } } }',
  );
  const secrets = new Set<string>();
  for (const person of data.persons.nodes) {
    for (const { householdNo } of person.residents) secrets.add(householdNo);
    for (const { acceptanceNo } of person.identityCards) secrets.add(acceptanceNo);
    for (const { permitNo } of person.residencePermits) secrets.add(permitNo);
  }
  secrets.delete(null as never);
  expect(secrets.size).toBeGreaterThan(20);
  const tables = (await read(`select tablename from pg_tables where schemaname = 'public' order by 1`)).map(
    ([name]) => name!,
  );
  expect(tables.length).toBeGreaterThan(30);
  expect(tables.filter(name => /resident$|identity_card|residence_permit/.test(name))).toEqual([]);
  // A household change also names the household, but the police send it as a change, to be stored.
  const householdChanges = ['police_household_change', 'police_household_change_history', 'hub_parked'];
  for (const table of tables.filter(name => !householdChanges.includes(name))) {
    const held = await read(
      `select s from unnest($1::text[]) s where exists (select 1 from "${table}" t where strpos(t::text, s) > 0)`,
      [[...secrets]],
    );
    expect({ table, held }).toEqual({ table, held: [] });
  }
});

describe.each(['hang', 'refuse'] as const)('while the police %s', outage => {
  const unavailable = (path: unknown[]) => ({
    message: expect.any(String),
    path,
    locations: expect.any(Array),
    extensions: { code: 'AGENCY_UNAVAILABLE', agency: 'police', retry: true },
  });

  test('the live field is null with an error that names them, and the rest of the answer stands', async () => {
    const ids = await someIds(3);
    t.systems.get('police')!.setOutage(outage);
    const from = performance.now();
    const { data, errors } = await t.clerk.ask(
      `{ agencies(first: 1) { nodes { code } }
         ${ids.map((id, i) => `p${i}: person(residentId: "${id}") { residentId residents { name } records { id } }`).join('\n')} }`,
    );
    expect(performance.now() - from).toBeLessThan(deadlineMs + 2_000);
    ids.forEach((residentId, i) => {
      expect(data[`p${i}`]).toMatchObject({ residentId, residents: null });
      expect(data[`p${i}`].records.length).toBeGreaterThan(0);
    });
    expect(data.agencies.nodes).toHaveLength(1);
    expect(errors).toHaveLength(3);
    expect(errors).toEqual(expect.arrayContaining(ids.map((_, i) => unavailable([`p${i}`, 'residents']))));
  });

  test('they are asked once per request, however many fields need them', async () => {
    const ids = await someIds(5);
    t.systems.get('police')!.setOutage(outage);
    const aliases = ids.map(
      (id, i) => `p${i}: person(residentId: "${id}") { a: residents { name } b: residents { address } }`,
    );
    const { errors } = await t.clerk.ask(
      `{ ${aliases.join('\n')} persons(first: 20) { nodes { residents { name } } } }`,
    );
    expect(errors!.length).toBeGreaterThan(20);
    expect(asked).toHaveLength(1);
  });

  test('the next request after the outage is answered again', async () => {
    const ask = () => t.clerk.ask('{ persons(first: 1) { nodes { residents { name } } } }');
    t.systems.get('police')!.setOutage(outage);
    expect((await ask()).errors).toHaveLength(1);
    t.systems.get('police')!.setOutage('none');
    expect((await ask()).errors).toBeUndefined();
  });
});

describe('an organisation can be looked up afresh', () => {
  const question = `query ($code: String!) { organisation(creditCode: $code) {
    licences(first: 200) { nodes { id number state } } licencesLive { id number state source { agency } observedAt }
    marketEntities { nodes { id name } } marketEntitiesLive { id name state source { agency } observedAt }
  } }`;
  const known = async () => {
    const [[code]] = (await read(
      `select o.credit_code from hub_organisation o
       where exists (select 1 from hub_licence l where l.about_holder = o.id and not l.deleted)
         and exists (select 1 from commerce_market_entity m where m.about_organisation = o.id and not m.deleted)
       order by o.id limit 1`,
    )) as [[string]];
    return code;
  };

  test('and the fresh records equal the stored ones, with the same ids', async () => {
    const from = new Date().toISOString();
    const { data, errors } = await t.clerk.ask(question, { code: await known() });
    expect(errors).toBeUndefined();
    const { licences, licencesLive, marketEntities, marketEntitiesLive } = data.organisation;
    const ids = (list: { id: string }[]) => list.map(({ id }) => id).sort();
    expect(ids(marketEntitiesLive)).toEqual(ids(marketEntities.nodes));
    expect(ids(licences.nodes)).toEqual(expect.arrayContaining(ids(licencesLive)));
    expect(licencesLive.length).toBeGreaterThan(0);
    for (const { source, observedAt } of licencesLive) {
      expect(source.agency).toBe('food-drug');
      expect(observedAt >= from).toBe(true);
    }
    expect(marketEntitiesLive[0].source.agency).toBe('commerce');
  });

  test('while one agency is down the other still answers, and stored data is still served', async () => {
    const code = await known();
    t.systems.get('commerce')!.setOutage('refuse');
    const { data, errors } = await t.clerk.ask(question, { code });
    expect(data.organisation.marketEntitiesLive).toBeNull();
    expect(data.organisation.marketEntities.nodes.length).toBeGreaterThan(0);
    expect(data.organisation.licencesLive.length).toBeGreaterThan(0);
    expect(errors!.map(e => e.extensions)).toEqual([{ code: 'AGENCY_UNAVAILABLE', agency: 'commerce', retry: true }]);
  });
});
