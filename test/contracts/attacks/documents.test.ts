/** Documents that are small to send but expensive to answer, or that cost the server work before it can refuse them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { AttackedHub } from './attacked-hub.ts';
import { type Answer, post, times } from './posting.ts';

let hub: AttackedHub;
let clerk: string;
let analyst: string;
beforeAll(async () => {
  hub = await AttackedHub.start({ HUB_BUDGET_FACTOR: '100' });
  clerk = await hub.issuer.token({ role: 'clerk', sub: 'attacker' });
  analyst = await hub.issuer.token({ role: 'analyst', sub: 'attacker' });
});
afterAll(() => hub?.stop());

interface Attack {
  readonly query: string;
  readonly variables?: unknown;
  readonly must: { readonly status: number; readonly code: string; readonly says?: RegExp };
}
const refused = (code: string, says?: RegExp): Attack['must'] => ({ status: 400, code, ...(says && { says }) });
const nested = (open: string, levels: number, core: string): string =>
  open.repeat(levels) + core + '}'.repeat((open.match(/{/g) ?? []).length * levels);

const attacks: Readonly<Record<string, Attack>> = {
  'a thousand aliases of one list': {
    query: `{ ${times(1000, i => `a${i}: agencies { nodes { code } }`)} }`,
    must: refused('LIMIT_EXCEEDED', /tokens|aliases|fields/),
  },
  'few words, but too many aliases': {
    query: `{ ${times(251, i => `a${i}: __typename`)} agencies { nodes { ${times(251, i => `a${i}: code`)} } } }`,
    must: refused('LIMIT_EXCEEDED', /aliases/),
  },
  'a flood of directives': {
    query: `{ agencies { nodes { code ${'@include(if: true) '.repeat(500)} } } }`,
    must: refused('LIMIT_EXCEEDED', /directives/),
  },
  'directives that nobody knows': {
    query: `{ agencies ${times(400, i => `@d${i}`)} { nodes { code } } }`,
    must: refused('LIMIT_EXCEEDED', /directives/),
  },
  'fields in fields, deeper than any question': {
    query: `{ cases { nodes { ${nested('matter { cases { nodes {', 10, 'id ')} } } }`,
    must: refused('LIMIT_EXCEEDED', /levels/),
  },
  'brackets in brackets, for the stack of the parser': {
    query: '{a'.repeat(2_000) + '}'.repeat(2_000),
    must: refused('LIMIT_EXCEEDED', /tokens|levels of brackets/),
  },
  'lists in lists as a value': {
    query: `{ agencies(where: ${'['.repeat(1_000)}${']'.repeat(1_000)}) { nodes { code } } }`,
    must: refused('LIMIT_EXCEEDED', /levels of brackets/),
  },
  'conditions in conditions': {
    query: `{ agencies(where: ${'{not: '.repeat(150)}{}${'}'.repeat(150)}) { nodes { code } } }`,
    must: refused('LIMIT_EXCEEDED', /levels of brackets/),
  },
  'lists times lists': {
    query:
      '{ persons(first: 200) { nodes { cases(first: 200) { nodes { approvals(first: 200) { nodes { name } } } } } } }',
    must: refused('COST_EXCEEDED', /persons\.nodes\.cases\.nodes\.approvals\.nodes costs most/),
  },
  'lists times lists, sizes in variables': {
    query:
      'query($n: Int) { persons(first: $n) { nodes { cases(first: $n) { nodes { approvals(first: $n) { nodes { name } } } } } } }',
    variables: { n: 200 },
    must: refused('COST_EXCEEDED'),
  },
  'lists times lists, sizes as defaults of variables': {
    query:
      'query($n: Int = 200) { persons(last: $n) { nodes { cases(last: $n) { nodes { approvals(last: $n) { nodes { name } } } } } } }',
    must: refused('COST_EXCEEDED'),
  },
  'the same list as nodes and as edges, in fragments': {
    query: `{ persons(first: 200) { ...A } } fragment A on PersonConnection { nodes { ...B } edges { node { ...B } } }
      fragment B on Person { cases(first: 100) { nodes { id } edges { node { id } } } }`,
    must: refused('COST_EXCEEDED'),
  },
  'a page larger than any': {
    query: '{ agencies(first: 100000) { nodes { code } } }',
    must: refused('BAD_USER_INPUT', /200/),
  },
  'a page larger than any, in a variable': {
    query: 'query($n: Int!) { agencies(first: $n) { nodes { code } } }',
    variables: { n: 2_147_483_647 },
    must: refused('BAD_USER_INPUT', /200/),
  },
  'fragments in a circle': {
    query: '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    must: refused('GRAPHQL_VALIDATION_FAILED', /Cannot spread fragment/),
  },
  'a fan of fragments, doubled forty times': {
    query: `{ cases { nodes { ...F0 } } } ${times(
      40,
      i =>
        `fragment F${i} on Case { a: matter { cases { nodes { ...F${i + 1} } } } b: matter { cases { nodes { ...F${i + 1} } } } }`,
    )} fragment F40 on Case { id }`,
    must: refused('LIMIT_EXCEEDED'),
  },
  'a fan of spreads, doubled a hundred times': {
    query: `{ agencies { nodes { ...F0 } } } ${times(100, i => `fragment F${i} on Agency { ...F${i + 1} ...F${i + 1} }`)}
      fragment F100 on Agency { code name }`,
    must: refused('LIMIT_EXCEEDED', /fields/),
  },
  'overlapping fields, all against all': {
    query: `{ cases { nodes { ${'matter { title } '.repeat(900)} } } }`,
    must: refused('LIMIT_EXCEEDED', /fields/),
  },
  'overlapping fields in fragments that nobody spreads': {
    query: `{ __typename } ${times(60, i => `fragment F${i} on Case { ${'matter { title } '.repeat(12)} }`)}`,
    must: refused('GRAPHQL_VALIDATION_FAILED', /never used/),
  },
  'twenty thousand words': {
    query: `{ agencies { nodes { ${'code '.repeat(20_000)} } } }`,
    must: refused('LIMIT_EXCEEDED', /tokens/),
  },
  'a word of a hundred thousand letters': {
    query: `{ agencies { nodes { ${'a'.repeat(100_000)} } } }`,
    must: refused('GRAPHQL_VALIDATION_FAILED'),
  },
  'variables with fifteen thousand elements': {
    query: 'query($codes: [String!]) { agencies(where: { code: { in: $codes } }) { nodes { code } } }',
    variables: { codes: Array.from({ length: 15_000 }, (_, i) => `c${i}`) },
    must: refused('LIMIT_EXCEEDED', /input values/),
  },
  'variables that nobody declared': {
    query: '{ agencies { nodes { code } } }',
    variables: Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`v${i}`, i])),
    must: refused('LIMIT_EXCEEDED', /input values/),
  },
  'conditions in conditions, in variables': {
    query: 'query($w: AgencyWhere) { agencies(where: $w) { nodes { code } } }',
    variables: { w: JSON.parse(`${'{"not":'.repeat(1_500)}{}${'}'.repeat(1_500)}`) },
    must: refused('LIMIT_EXCEEDED', /nested deeper than 104 levels/),
  },
  'conditions in conditions, just deeper than allowed': {
    query: 'query($w: AgencyWhere) { agencies(where: $w) { nodes { code } } }',
    variables: { w: JSON.parse(`${'{"not":'.repeat(100)}{}${'}'.repeat(100)}`) },
    must: refused('LIMIT_EXCEEDED', /variables have/),
  },
  'an introspection in circles': {
    query: `{ __schema { types { ${nested('fields { type {', 8, 'name ')} } } }`,
    must: refused('GRAPHQL_VALIDATION_FAILED', /introspection/i),
  },
  'an introspection many times over': {
    query: `{ ${times(20, i => `a${i}: __schema { types { b: fields { name } c: fields { name } } }`)} }`,
    must: refused('LIMIT_EXCEEDED', /introspection/),
  },
  'a hundred schemas at once': {
    query: `{ ${times(150, i => `a${i}: __schema { types { name } }`)} }`,
    must: refused('COST_EXCEEDED', /__schema|a\d+ costs most/),
  },
  'operations beside the one that runs': {
    query: `{ __typename } ${times(50, i => `query Q${i} { ${times(30, j => `a${j}: agencies { totalCount }`)} }`)}`,
    must: refused('LIMIT_EXCEEDED'),
  },
};

test.each(Object.entries(attacks))(
  '%s is refused before anything is read',
  async (_name, { query, variables, must }) => {
    const budget = hub.budget();
    const answer = await post(hub.url, query, { token: analyst, variables });
    expect({ status: answer.status, code: answer.codes[0] }).toEqual({ status: must.status, code: must.code });
    if (must.says) expect(answer.messages.join('; ')).toMatch(must.says);
    expect(answer.text.length).toBeLessThan(120_000);
    expect({ untouched: budget.untouched, bytes: budget.databaseBytes }).toMatchObject({ untouched: true });
  },
);

test('a fan that stays small is answered, however often its fragments are spread', async () => {
  const query = `{ agencies { nodes { ...F0 } } } ${times(6, i => `fragment F${i} on Agency { ...F${i + 1} ...F${i + 1} }`)}
    fragment F6 on Agency { code }`;
  const answer = await post(hub.url, query);
  expect({ status: answer.status, codes: answer.codes }).toEqual({ status: 200, codes: [] });
});

test("a developer's query costs as documented, and the largest allowed page stays within its bytes", async () => {
  const budget = hub.budget();
  const ask = '{ cases(first: 200) { nodes { id caseNo state matter { title } } } }';
  const answer = await post(hub.url, ask, {
    token: clerk,
    headers: { 'x-purpose': 'task:test' },
    body: { extensions: { cost: true } },
  });
  expect(answer.codes).toEqual([]);
  const { cost } = answer.extensions as { cost: Record<string, unknown> };
  expect(cost).toMatchObject({ dearest: expect.any(String), mostPerRequest: 20_000 });
  expect(cost.estimated).toBeGreaterThan(200);
  expect(cost.estimated).toBeLessThan(1_000);
  expect(budget.databaseBytes).toBeLessThan(1_000_000);
  const plain = await post(hub.url, ask, { token: clerk });
  expect(plain.extensions).toBeUndefined();
});

test('the introspection query that tools send is answered', async () => {
  const answer = await post(hub.url, getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }));
  expect({ status: answer.status, messages: answer.messages }).toEqual({ status: 200, messages: [] });
});

const told = ({ status, codes }: Answer) => ({ status, codes });

test('errors of a document contain nothing of the town', async () => {
  const answer = await post(hub.url, '{ persons { nodes { nmae } } }');
  expect(told(answer)).toEqual({ status: 400, codes: ['GRAPHQL_VALIDATION_FAILED'] });
  expect(hub.leaks(answer.text)).toEqual([]);
});

test('afterwards the hub is healthy', async () => {
  expect(await hub.stillWell()).toEqual({ alive: true, agencies: [{ code: expect.any(String) }], leaked: [] });
});
