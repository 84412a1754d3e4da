/** `viewer` tells readers who they are to the hub and what they may ask for, and what it tells is so. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { roles } from '../../../src/access/principal.ts';
import { rules } from '../../../src/access/rules.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

let t: TestHub;
let issuer: TokenIssuer;
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const environment = { ...issuer.environment, HUB_PERSONS_PER_DAY: 'clerk=7', HUB_BUDGET_FACTOR: '3' };
  t = await startTestHub({ agencies: ['commerce'], population: 200, faultless: true, environment });
  await t.synchronised();
});
afterAll(() => t?.stop());

const query = `{ viewer { role subject agency host village purpose purposeProblem tokenExpiresAt
  limits { costPerRequest costPerMinute unmaskMinutes persons { most left } unmasked { most left } misses { most left } }
  mayAsk { operation name kind wholeFor } } }`;
const who = { agency: 'commerce', host: 'town', village: '371482101001' };
const as = async (role: string, purpose?: string, sub = `a ${role}`) =>
  new HallClient(t.hub.url, role === 'public' ? null : await issuer.token({ ...who, role, sub }), purpose);
const viewer = async (client: HallClient) => {
  const { data, errors } = await client.ask(query);
  expect(errors).toBeUndefined();
  return data.viewer;
};
interface Askable {
  readonly operation: string;
  readonly name: string;
  readonly kind: string | null;
  readonly wholeFor: readonly string[];
}

test('the public is told that it is the public', async () => {
  expect(await viewer(await as('public'))).toMatchObject({
    ...{ role: 'public', subject: null, agency: null, host: null, village: null },
    ...{ purpose: null, purposeProblem: null, tokenExpiresAt: null },
    limits: { costPerRequest: 5_000, costPerMinute: 90_000, unmaskMinutes: null, persons: { most: 0, left: 0 } },
  });
});

test('a reader is told their role, their purpose or its problem, and until when the token holds', async () => {
  const told = await viewer(await as('clerk', 'task:test'));
  expect(told).toMatchObject({ role: 'clerk', subject: 'a clerk', purpose: 'task:test', purposeProblem: null });
  expect(Date.parse(told.tokenExpiresAt)).toBeGreaterThan(Date.now());
  const wrong = await viewer(await as('clerk', 'task:nothing'));
  expect(wrong).toMatchObject({ purpose: null, purposeProblem: expect.any(String) });
});

test('the same document tells each reader about themselves', async () => {
  for (const role of [...roles, ...roles]) expect(await viewer(await as(role))).toMatchObject({ role });
});

test('what is left of a day is what was not used', async () => {
  const client = await as('clerk', 'task:test', 'a busy clerk');
  expect((await viewer(client)).limits).toMatchObject({ unmaskMinutes: 30, persons: { most: 7, left: 7 } });
  const { data } = await client.ask('{ persons(first: 3) { nodes { id name } } }');
  expect(data.persons.nodes).toHaveLength(3);
  expect((await viewer(client)).limits.persons).toEqual({ most: 7, left: 4 });
});

test.each(roles)('the role %s may ask for what it is told and for nothing else', async role => {
  const client = await as(role);
  const told = (await viewer(client)).mayAsk as Askable[];
  const lists = told.filter(({ operation, name, kind }) => operation === 'query' && kind && name.endsWith('s'));
  const nouns = t.hub.store.catalog.all().map(({ kind }) => kind.plural);
  for (const list of nouns) {
    const { errors } = await client.ask(`{ ${list}(first: 1) { nodes { __typename } } }`);
    const isTold = told.some(({ name }) => name === list);
    if (errors?.[0]?.extensions?.code === 'GRAPHQL_VALIDATION_FAILED') continue;
    expect([list, errors?.[0]?.extensions?.code ?? 'answered']).toEqual([list, isTold ? 'answered' : 'FORBIDDEN']);
  }
  expect(lists.length).toBeGreaterThan(0);
  const mutations = told.filter(({ operation }) => operation === 'mutation').map(({ name }) => name);
  expect(mutations.includes('requestUnmask')).toBe(rules[role].unmaskMinutes > 0);
  expect(mutations.includes('endSession')).toBe(rules[role].features.includes('end sessions'));
  const persons = told.find(({ name }) => name === 'persons');
  const { personal } = rules[role];
  const kinds = (['case', 'matter', 'task'] as const).filter(kind => personal[kind] !== 'none');
  if (persons) expect(persons.wholeFor).toEqual(kinds);
});
