import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GraphqlAnswer, HallClient } from '../../../src/cli/hall-client.ts';
import { asKeyOrMeasure, asTest, type PersonalQuestion, personalFields } from '../../support/personal-questions.ts';
import { project } from '../../support/source-imports.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { anyTests } from '../../support/test-purposes.ts';
import { makeTokenIssuer } from '../../support/token-issuer.ts';

const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
const readers = ['a clerk with a purpose', 'a clerk without one', 'an officer', 'an analyst'] as const;
let t: TestHub;
let clients: Readonly<Record<(typeof readers)[number], HallClient>>;
beforeAll(async () => {
  const issuer = await makeTokenIssuer();
  const environment = { ...issuer.environment, ...anyTests };
  t = await startTestHub({ agencies, population: 300, reference: true, environment });
  await t.synchronised();
  const client = async (claims: object, purpose: string | null = null) =>
    new HallClient(t.hub.url, await issuer.token({ sub: 'a reader', ...claims }), purpose);
  clients = {
    'a clerk with a purpose': await client({ role: 'clerk' }, 'task:test'),
    'a clerk without one': await client({ role: 'clerk' }),
    'an officer': await client({ role: 'officer', agency: 'human-resources', host: 'town' }, 'task:test'),
    'an analyst': await client({ role: 'analyst' }),
  };
});
afterAll(() => t?.stop());

const nouns = () => t.hub.store.catalog.all();
/** Puts some queries into one document, each on its own line. */
const batches = (questions: readonly PersonalQuestion[], size: number) =>
  Array.from({ length: Math.ceil(questions.length / size) }, (_, i) => questions.slice(i * size, (i + 1) * size));
const inOne = (questions: readonly PersonalQuestion[]) =>
  `{\n${questions.map((q, i) => `a${i}: ${q.text}`).join('\n')}\n}`;
const codesOf = ({ errors }: GraphqlAnswer) => errors?.map(({ extensions }) => extensions?.code) ?? [];
const linesOf = ({ errors }: GraphqlAnswer) =>
  (errors ?? []).flatMap(error => (error as { locations?: { line: number }[] }).locations!.map(({ line }) => line));

test('the queries here cover every personal field', () => {
  expect(personalFields(nouns()).length).toBeGreaterThan(60);
  expect(asKeyOrMeasure(nouns()).length).toBeGreaterThan(700);
  expect(asTest(nouns()).length).toBeGreaterThan(500);
});

describe.each(readers)('for %s the graph', reader => {
  test('offers no personal field to group by or to measure, neither its own nor behind a relation', async () => {
    for (const batch of batches(asKeyOrMeasure(nouns()), 40)) {
      const answer = await clients[reader].ask(inOne(batch));
      expect(new Set(codesOf(answer))).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
      const refused = new Set(linesOf(answer));
      expect(batch.filter((_, i) => !refused.has(i + 2)).map(({ place }) => place)).toEqual([]);
    }
  });

  test('refuses groups where a personal field is tested, in them or in their list', async () => {
    let asked = 0;
    for (const batch of batches(asTest(nouns()), 40)) {
      const { data, errors = [] } = await clients[reader].ask(inOne(batch));
      const told = new Map(errors.map(({ path: at, extensions }) => [at?.[0], extensions?.code]));
      for (const [i, { place }] of batch.entries()) {
        // An officer does not see every noun.
        if (reader === 'an officer' && told.get(`a${i}`) === 'FORBIDDEN') continue;
        expect({ place, code: told.get(`a${i}`) }).toEqual({ place, code: 'FILTER_FORBIDDEN' });
        expect({ place, groups: data[`a${i}`]?.groups ?? null }).toEqual({ place, groups: null });
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(100);
  });

  test('refuses an export of groups where it refuses the answer', async () => {
    // All queries are tried only for the reader to whom most could be shown.
    const each = reader === 'a clerk with a purpose' ? 1 : 5;
    const mine = <T>(all: readonly T[]) => all.filter((_, i) => i % each === 0);
    for (const { place, text } of mine(asKeyOrMeasure(nouns())))
      expect({ place, codes: codesOf(await ordered(clients[reader], text)) }).toEqual({
        place,
        codes: ['BAD_USER_INPUT'],
      });
    for (const { place, text } of mine(asTest(nouns()))) {
      const { data } = await ordered(clients[reader], text);
      const { headers, url } = clients[reader];
      const file = await fetch(url + data.orderExport.path, { headers });
      const codes = codesOf((await file.json()) as GraphqlAnswer);
      // An officer does not see every noun.
      const code = reader === 'an officer' && codes[0] === 'FORBIDDEN' ? 'FORBIDDEN' : 'FILTER_FORBIDDEN';
      expect({ place, status: file.status, codes }).toEqual({ place, status: 403, codes: [code] });
    }
  });
});

const ordered = (client: HallClient, text: string): Promise<GraphqlAnswer> =>
  client.ask(`mutation { orderExport(operation: ${JSON.stringify(`{ ${text} }`)}, format: "csv") { path } }`);

test('answers the same queries by fields that are not personal', async () => {
  const { data, errors } = await clients['an analyst'].ask(`{
    insuredPersons(where: { insured: { cases: { some: { state: { eq: CLOSED } } } } }) { groups { nodes {
      key { insuranceKind unit { name } since: insuredSince(per: YEAR) } persons: countDistinct(of: INSURED)
      days: avg(of: { days: { from: INSURED_SINCE, to: HANDLED_AT } }) first: earliest(of: INSURED_SINCE) n: count(where: { status: { eq: NORMAL } })
    } } }
    persons { totalCount groups { nodes { count share(where: { cases: { some: { channel: { eq: ONLINE } } } }) } } }
  }`);
  expect(errors).toBeUndefined();
  expect(data.insuredPersons.groups.nodes.length).toBeGreaterThan(0);
  expect(data.persons.groups.nodes[0].count).toBe(data.persons.totalCount);
});

test('shows the rows of the list beside its refused groups', async () => {
  const { data, errors } = await clients['a clerk with a purpose'].ask(
    '{ persons(where: { sex: { eq: FEMALE } }, first: 3) { totalCount nodes { sex } groups { nodes { count } } } }',
  );
  expect(errors!.map(({ path: at, message }) => [at, message])).toEqual([
    [['persons', 'groups'], expect.stringMatching(/^Personal fields are no keys, .*: ask for the rows instead$/)],
  ]);
  expect(data.persons.groups).toBeNull();
  expect(data.persons.nodes.map(({ sex }: { sex: string }) => sex)).toEqual(['FEMALE', 'FEMALE', 'FEMALE']);
});

describe("a sole trader's credit code", () => {
  const all = '(first: 200, where: { creditCode: { startsWith: "92" } }) { nodes { creditCode } }';
  test('is no key and no measure of groups, even for readers who see it in rows', async () => {
    const clerk = clients['a clerk with a purpose'];
    const { data, errors } = await clerk.ask(`{
      marketEntities { totalCount groups(limit: 1000) { nodes { key { creditCode organisation { creditCode } } count } } }
      measured: marketEntities { groups { nodes { codes: countDistinct(of: CREDIT_CODE) named: count(where: { creditCode: { startsWith: "92" } }) } } }
      traders: marketEntities${all}
    }`);
    expect(errors).toBeUndefined();
    expect(data.traders.nodes.length).toBeGreaterThan(5);
    const { nodes } = data.marketEntities.groups;
    const codes = nodes.map(({ key }: never) => (key as { creditCode: string | null }).creditCode);
    expect(codes.filter((code: string | null) => code?.startsWith('92'))).toEqual([]);
    expect(JSON.stringify(nodes)).not.toContain('"92');
    expect(codes).toContain(null);
    expect(nodes.reduce((n: number, { count }: { count: number }) => n + count, 0)).toBe(
      data.marketEntities.totalCount,
    );
    const different = new Set(codes.filter((code: string | null) => code !== null)).size;
    expect(data.measured.groups.nodes).toEqual([{ codes: different, named: 0 }]);
  });

  test('selects no rows for groups, even where it selects them for the list', async () => {
    const clerk = clients['a clerk with a purpose'];
    const { data: found } = await clerk.ask(`{ traders: marketEntities${all} }`);
    const [{ creditCode }] = found.traders.nodes;
    const { data } = await clerk.ask(
      `query ($code: String!) { marketEntities(where: { creditCode: { eq: $code } }) { totalCount groups { nodes { count } } }
        cases(where: { applicantOrganisation: { creditCode: { eq: $code } } }) { groups { nodes { count } } } }`,
      { code: creditCode },
    );
    expect(data.marketEntities).toEqual({ totalCount: 1, groups: { nodes: [{ count: 0 }] } });
    expect(data.cases.groups.nodes).toEqual([{ count: 0 }]);
  });
});

describe('an analyst receives the same groups as a clerk with a purpose', () => {
  const readme = readFileSync(path.join(project, 'README.md'), 'utf8');
  const example = /```graphql\n(\{ cases\(where[\s\S]*?)```/.exec(readme)![1]!;
  const stored = (where: string) =>
    `{ cases(where: { ${where} }) { groups(limit: 1000) { nodes { key { month: submittedAt(per: MONTH) leadAgencyCode result } n: count days: avg(of: { days: { from: SUBMITTED_AT, to: CLOSED_AT } }) } } } }`;
  const questions = {
    'of the README': example,
    'from the stored sums': stored(''),
    'however small':
      '{ cases { groups(limit: 1000) { nodes { key { regionCode matterCode result channel } n: count persons: countDistinct(of: APPLICANT) } } } }',
    'tested, ordered and cut':
      '{ cases { groups(having: [{ of: "n", lt: 3 }], orderBy: [{ by: "n", descending: true }, { by: "key.regionCode" }], limit: 7, skip: 2) { hasNextPage nodes { key { regionCode } n: count late: share(where: { closedAt: { isNull: true } }) } } } }',
    'of one person': '{ persons(first: 5) { nodes { cases { groups { nodes { key { matterCode } count } } } } } }',
  };
  test.each(Object.entries(questions))('%s', async (_name, text) => {
    const [analyst, clerk] = await Promise.all([
      clients['an analyst'].ask(text),
      clients['a clerk with a purpose'].ask(text),
    ]);
    expect([analyst.errors, clerk.errors]).toEqual([undefined, undefined]);
    expect(analyst.data).toEqual(clerk.data);
  });

  test('also groups of one', async () => {
    const { data } = await clients['an analyst'].ask(questions['however small']);
    expect(data.cases.groups.nodes.some(({ n, persons }: Record<string, number>) => n === 1 && persons === 1)).toBe(
      true,
    );
  });

  test('also for every value in the README', async () => {
    const { data } = await clients['an analyst'].ask(example);
    const { nodes } = data.cases.groups;
    expect(nodes.length).toBeGreaterThan(10);
    const { data: counted } = await clients['an analyst'].ask(
      example.replace(
        'days:',
        'closed: count(where: { acceptedAt: { isNull: false }, closedAt: { isNull: false } }) days:',
      ),
    );
    for (const { days, closed } of counted.cases.groups.nodes) expect(days !== null).toBe(closed > 0);
    for (const { late } of nodes) expect(late).not.toBeNull();
  });

  test('also from the stored sums, which agree with the cases', async () => {
    const [sums, cases] = await Promise.all(
      ['', 'caseNo: { isNull: false }'].map(where => clients['an analyst'].ask(stored(where))),
    );
    expect(sums!.errors).toBeUndefined();
    expect(sums!.data).toEqual(cases!.data);
  });
});
