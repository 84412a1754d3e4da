import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const [population, seed] = [200, 1];
const ofPerson = ['residentId', 'name', 'birthDate', 'birthYear', 'sex', 'address'];

let t: TestHub;
let masking: HallClient;
beforeAll(async () => {
  t = await startTestHub({ agencies: ['police', 'commerce'], population, seed, reference: true });
  await t.synchronised();
  masking = new HallClient(t.hub.url, t.tokens.clerk);
});
afterAll(() => t?.stop());

test('a record names the fields that its reader sees masked, even those without a value', async () => {
  const ask = '{ persons(first: 50) { nodes { masked address } } }';
  const { data } = await masking.ask(ask);
  const nodes = data.persons.nodes as { masked: string[]; address: string | null }[];
  expect(nodes.some(({ address }) => address === null)).toBe(true);
  for (const { masked } of nodes) expect(masked).toEqual(ofPerson);
  const whole = await t.clerk.ask(ask);
  for (const { masked } of whole.data.persons.nodes) expect(masked).toEqual([]);
});

test('a household change is masked with the time at which it was reported', async () => {
  const ask = '{ householdChanges(first: 1) { nodes { masked asOf registeredYear source { version } } } }';
  const [seen, whole] = [await t.analyst.ask(ask), await t.clerk.ask(ask)];
  const [masked, shown] = [seen.data.householdChanges.nodes[0], whole.data.householdChanges.nodes[0]];
  expect(masked.masked).toEqual(expect.arrayContaining(['registeredOn', 'happenedOn', 'asOf']));
  expect(masked).toMatchObject({ asOf: null, registeredYear: shown.registeredYear });
  expect(masked.source.version).toMatch(/^\*+$/);
  expect(shown).toMatchObject({ masked: [], asOf: expect.any(String) });
});

test('a field that a role never sees is named too, whatever the purpose', async () => {
  const ask = '{ officers(first: 1) { nodes { masked } } regions(first: 1) { nodes { masked } } }';
  const analyst = await t.analyst.ask(ask);
  expect(analyst.data).toEqual({ officers: { nodes: [{ masked: ['name'] }] }, regions: { nodes: [{ masked: [] }] } });
});

test('a credit code is named where it identifies a person', async () => {
  const ask = '{ organisations(first: 200) { nodes { creditCode masked } } }';
  const { data } = await masking.ask(ask);
  const nodes = data.organisations.nodes as { creditCode: string; masked: string[] }[];
  for (const { creditCode, masked } of nodes) {
    const trader = creditCode.startsWith('92');
    expect({ creditCode, masked }).toEqual({
      creditCode,
      masked: [...(trader ? ['creditCode'] : []), 'representativeName'],
    });
  }
  expect(new Set(nodes.map(({ masked }) => masked.length))).toEqual(new Set([1, 2]));
});

test('live records name them too, and so does any record by its id', async () => {
  const living = `select resident_id from police_household_change where kind = 'BIRTH' order by 1 limit 1`;
  const [[id]] = (await t.hub.store.database.read(living, [])) as [[string]];
  const ask = 'query ($id: String!) { person(residentId: $id) { id residents { masked } } }';
  const whole = await t.clerk.ask(ask, { id });
  const again = 'query ($id: ID!) { node(id: $id) { ... on Person { residents { masked } } } }';
  const seen = await masking.ask(again, { id: whole.data.person.id });
  const [resident] = seen.data.node.residents as { masked: string[] }[];
  expect(resident!.masked).toEqual(expect.arrayContaining(['residentId', 'householdNo', 'validFrom']));
  expect(resident!.masked).not.toContain('policeStation');
  expect(whole.data.person.residents[0].masked).toEqual([]);
  const node = await masking.ask('query ($id: ID!) { node(id: $id) { masked } }', { id: whole.data.person.id });
  expect(node.data).toEqual({ node: { masked: ofPerson } });
});
