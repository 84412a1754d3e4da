/** A search for a person by something personal counts as a read: it needs a purpose, is logged, and has bounds. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeTownship } from '../../../seeds/township/township.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { inventedResidentId } from '../../support/invented-identifiers.ts';
import { notedBy } from '../../support/noted-reads.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

let t: TestHub;
let issuer: TokenIssuer;
const population = 900;
const seed = 5;
const read = (text: string, values: unknown[] = []) => t.hub.store.database.read(text, values);
const noted = <T>(work: () => Promise<T>) => notedBy(t.environment.HUB_AUDIT_DIR!, work);
const clientOf = async (claims: Record<string, string>, purpose: string | null) =>
  new HallClient(t.hub.url, await issuer.token({ sub: 'somebody', ...claims }), purpose);
const clerk = (purpose: string | null, sub = 'clerk-1') => clientOf({ role: 'clerk', sub }, purpose);
const idOfPerson = (number: string) => t.hub.store.identity.ofNoun(t.hub.store.catalog.get('Person'), number);

beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const environment = { ...issuer.environment, HUB_MISSES_PER_DAY: 'clerk=5' };
  const agencies = ['commerce', 'human-resources'];
  t = await startTestHub({ agencies, population, seed, faultless: true, environment });
  await t.synchronised();
});
afterAll(() => t?.stop());

const byNumber = 'query ByNumber($id: String!) { person(residentId: $id) { id name } }';

describe('finding a person by their number', () => {
  test('is logged even when only masked fields are shown', async () => {
    const [row] = await read('select resident_id, id from hub_person order by id limit 1');
    const [open] = await read(
      `select case_no from hub_case where state <> 'CLOSED' and not deleted and about_applicant is distinct from $1 limit 1`,
      [row![1]],
    );
    const asker = await clerk(`case:${open![0]}`);
    const { result, added } = await noted(() => asker.ask(byNumber, { id: row![0] }));
    expect(result.data.person.name).toContain('*');
    expect(added).toMatchObject([
      { act: 'read', operation: { name: 'ByNumber' }, subjects: { ids: [row![1]] }, counts: { rows: 0, sought: 1 } },
    ]);
  });

  test('is logged when nobody is found, under the id that the number would have', async () => {
    const number = inventedResidentId(77);
    const asker = await clerk('task:test', 'clerk-2');
    const { result, added } = await noted(() => asker.ask(byNumber, { id: number }));
    expect(result).toEqual({ data: { person: null } });
    expect(added).toMatchObject([
      { subjects: { ids: [idOfPerson(number)] }, counts: { rows: 0, sought: 1, missed: 1 } },
    ]);
    expect(JSON.stringify(added)).not.toContain(number);
  });

  test('is logged for a search, for another of their numbers, and for a sole trader’s code too', async () => {
    const asker = await clerk('task:test', 'clerk-3');
    const [insured] = await read(
      'select person_no, insurance_kind, about_insured from human_resources_insured_person limit 1',
    );
    const text =
      'query ($no: String!, $kind: InsuranceKind!) { insuredPerson(personNo: $no, insuranceKind: $kind) { id } }';
    const one = await noted(() => asker.ask(text, { no: insured![0], kind: insured![1] }));
    expect(one.added[0]).toMatchObject({ subjects: { ids: [insured![2]] }, counts: { sought: 1 } });
    const [row] = await read('select resident_id, id from hub_person order by id limit 1');
    const two = await noted(() => asker.ask('query ($q: String!) { search(text: $q) { id } }', { q: row![0] }));
    expect(two.added[0]).toMatchObject({ subjects: { ids: [row![1]] }, counts: { sought: 1 } });
    const [trader] = await read(`select credit_code from hub_organisation where credit_code like '92%' limit 1`);
    const three = await noted(() =>
      asker.ask('query ($c: String!) { organisation(creditCode: $c) { id } }', { c: trader![0] }),
    );
    expect(three.added).toHaveLength(1);
  });

  test('has a bound per reader and day when it finds nobody, and reaching the bound is logged', async () => {
    const asker = await clerk('task:test', 'clerk-4');
    const tries = Array.from({ length: 8 }, (_, i) => inventedResidentId(100 + i));
    const { result, added } = await noted(async () => {
      const answers = [];
      for (const id of tries) answers.push(await asker.ask(byNumber, { id }));
      return answers;
    });
    const codes = result.map(({ errors }) => errors?.[0]?.extensions?.code ?? 'answered');
    expect(codes).toEqual([...Array(5).fill('answered'), ...Array(3).fill('QUOTA_REACHED')]);
    expect(result[6]!.data).toBeUndefined();
    expect(added.filter(({ act }) => act === 'quota')).toMatchObject(
      Array(3).fill({ who: { subject: 'clerk-4', role: 'clerk' }, counts: { most: 5 } }),
    );
  });

  test('with many unknown numbers in one request counts as many misses', async () => {
    const asker = await clerk('task:test', 'clerk-5');
    const aliases = Array.from(
      { length: 6 },
      (_, i) => `a${i}: person(residentId: "${inventedResidentId(200 + i)}") { id }`,
    );
    const { errors } = await asker.ask(`{ ${aliases.join(' ')} }`);
    expect(errors?.[0]?.extensions?.code).toBe('QUOTA_REACHED');
  });
});

describe('a test by a personal field', () => {
  const surname = () => {
    const counted = new Map<string, number>();
    for (const { name } of makeTownship({ population, seed }).residents)
      counted.set(name.slice(0, 2), (counted.get(name.slice(0, 2)) ?? 0) + 1);
    return [...counted].find(([, count]) => count > 1 && count < 10)![0];
  };

  test.each([
    ['the rows themselves', '{ persons(where: { name: { startsWith: $n } }) { totalCount } }'],
    ['what they are about', '{ cases(where: { applicant: { name: { startsWith: $n } } }) { totalCount } }'],
    ['what is about them', '{ persons(where: { insurances: { some: { name: { startsWith: $n } } } }) { totalCount } }'],
    ['nobody', '{ regions(where: { cases: { none: { applicant: { name: { startsWith: $n } } } } }) { totalCount } }'],
    [
      'below a parent',
      '{ agencies { nodes { ledCases(where: { applicant: { name: { startsWith: $n } } }) { totalCount } } } }',
    ],
    [
      'in an or',
      '{ cases(where: { or: [{ caseNo: { eq: "x" } }, { applicant: { not: { not: { name: { startsWith: $n } } } } }] }) { totalCount } }',
    ],
  ])('reads every person whom it fits, by %s', async (_what, text) => {
    const n = surname();
    const asker = await clerk('task:test', 'clerk-6');
    const { result, added } = await noted(() => asker.ask(`query Tested($n: String!) ${text}`, { n }));
    expect(result.errors).toBeUndefined();
    const fitting = await read(`select id from hub_person where not deleted and name like $1 || '%'`, [n]);
    const named = new Set(added.flatMap(({ subjects }) => subjects.ids));
    const source = text.includes('insurances')
      ? await read(
          `select distinct about_insured from human_resources_insured_person where name like $1 || '%' and not deleted`,
          [n],
        )
      : fitting;
    expect([...named].sort()).toEqual(source.map(([id]) => id!).sort());
    expect(added[0]).toMatchObject({ operation: { name: 'Tested' }, counts: { rows: 0 } });
  });

  test('is refused when it fits more persons than a reader may look through, whatever is selected', async () => {
    const asker = await clerk('task:test', 'clerk-7');
    for (const where of [
      '{ name: { isNull: false } }',
      '{ not: { name: { eq: "董" } } }',
      '{ birthDate: { gte: "1900-01-01" } }',
    ]) {
      const { data, errors } = await asker.ask(`{ persons(where: ${where}) { totalCount } }`);
      expect({ data, code: errors?.[0]?.extensions }).toMatchObject({
        data: { persons: null },
        code: { code: 'LIMIT_EXCEEDED', what: 'persons', most: 100 },
      });
    }
    const related = '{ regions(where: { cases: { some: { applicant: { sex: { eq: MALE } } } } }) { nodes { name } } }';
    expect((await asker.ask(related)).errors?.[0]?.extensions?.code).toBe('LIMIT_EXCEEDED');
  });

  test('by a code concerns sole traders only where it fits some', async () => {
    const asker = await clerk('task:test', 'clerk-8');
    const ask = (start: string) =>
      noted(() => asker.ask(`{ organisations(where: { creditCode: { startsWith: "${start}" } }) { totalCount } }`));
    const [company] = await read(`select credit_code from hub_organisation where credit_code like '91%' limit 1`);
    const companies = await ask(company![0]!);
    expect(companies.added).toEqual([]);
    const [trader] = await read(`select credit_code, id from hub_organisation where credit_code like '92%' limit 1`);
    const traders = await ask(trader![0]!);
    expect(traders.added.flatMap(({ subjects }) => subjects.ids)).toEqual([trader![1]]);
  });

  test('counts each alternative: one known person among invented numbers hides no miss', async () => {
    const [row] = await read('select resident_id from hub_person order by id limit 1');
    const text = 'query ($ids: [String!]) { persons(where: { residentId: { in: $ids } }) { totalCount } }';
    const ids = [row![0], ...Array.from({ length: 3 }, (_, i) => inventedResidentId(300 + i))];
    const asker = await clerk('task:test', 'clerk-12');
    const one = await noted(() => asker.ask(text, { ids }));
    expect(one.result.data.persons.totalCount).toBe(1);
    expect(one.added[0]!.counts).toMatchObject({ sought: 1, missed: 3 });
    const or = `{ persons(where: { or: [{ residentId: { eq: "${row![0]}" } }, { name: { startsWith: "某某某" } }] }) { totalCount } }`;
    expect((await noted(() => asker.ask(or))).added[0]!.counts).toMatchObject({ missed: 1 });
    expect((await asker.ask(text, { ids })).errors?.[0]?.extensions?.code).toBe('QUOTA_REACHED');
  });

  test('is logged when it is refused, because a refusal is an answer too, and counts as a miss', async () => {
    const asker = await clerk('task:test', 'clerk-13');
    const { added } = await noted(() => asker.ask('{ persons(where: { name: { isNull: false } }) { totalCount } }'));
    expect(added).toMatchObject([{ counts: { sought: 1, missed: 1 } }]);
  });

  test('counts the persons whom it fits as seen', async () => {
    const asker = await clerk('task:test', 'clerk-14');
    const n = surname();
    await asker.ask('query ($n: String!) { persons(where: { name: { startsWith: $n } }) { totalCount } }', { n });
    const [fitting] = await read(`select count(*) from hub_person where not deleted and name like $1 || '%'`, [n]);
    const [counted] = await read(`select persons from hub_reader_day where reader = 'clerk clerk-14'`);
    expect(counted).toEqual(fitting);
  });

  test.each([
    ['a search by a name that nobody has', 'query { search(text: "某某某某") { id } }'],
    ['a report about somebody of whom nothing is known', 'report'],
  ])('%s is logged as a miss', async (_what, text) => {
    const report = `{ dataSubjectReport(residentId: "${inventedResidentId(400)}") { more } }`;
    const asker =
      text === 'report'
        ? await clientOf({ role: 'auditor', sub: 'auditor-1' }, null)
        : await clerk('task:test', 'clerk-15');
    const { added } = await noted(() => asker.ask(text === 'report' ? report : text));
    expect(added).toMatchObject([{ counts: { sought: 1, missed: 1 } }]);
  });

  test('a position in an order by a personal field is logged, even for an empty page', async () => {
    const asker = await clerk('task:test', 'clerk-16');
    const [known] = (await asker.ask('{ persons(first: 1, orderBy: [BIRTH_DATE_ASC]) { edges { cursor } } }')).data
      .persons.edges;
    const [other] = await read(`select id, resident_id from hub_person order by birth_date limit 1`);
    const text = `query ($after: String!, $id: String!) {
      persons(first: 0, after: $after, orderBy: [BIRTH_DATE_DESC], where: { residentId: { eq: $id } }) { pageInfo { hasNextPage } } }`;
    const { added } = await noted(() => asker.ask(text, { after: known.cursor, id: other![1] }));
    expect(added.flatMap(({ subjects }) => subjects.ids)).toContain(other![0]);
    const below = `{ organisations(where: { insuredEmployees: { some: {} } }, first: 1) { nodes {
      insuredEmployees(first: 0, orderBy: [NAME_ASC]) { pageInfo { hasNextPage } } } } }`;
    const nested = await noted(() => asker.ask(below));
    expect(nested.result.errors).toBeUndefined();
    expect(nested.added.flatMap(({ subjects }) => subjects.ids).length).toBeGreaterThan(0);
  });

  test('by a code that fits no sole trader is no search for a person and costs no miss', async () => {
    const director = await clientOf({ role: 'director', sub: 'director-1' }, null);
    const [company] = await read(`select credit_code from hub_organisation where credit_code like '91%' limit 1`);
    const [trader] = await read(`select credit_code from hub_organisation where credit_code like '92%' limit 1`);
    const text = 'query ($c: String!) { organisations(where: { creditCode: { eq: $c } }) { totalCount } }';
    for (const [c, totalCount] of [[company![0], 1] as const, [trader![0], 0] as const])
      expect(await director.ask(text, { c })).toEqual({ data: { organisations: { totalCount } } });
  });

  test('is not accepted by a stream', async () => {
    const asker = await clerk('task:test', 'clerk-9');
    for (const text of [
      'subscription { caseBoard(where: { applicant: { name: { eq: "董" } } }) { type } }',
      'subscription { changes(where: { persons: { name: { eq: "董" } } }) { kind } }',
    ]) {
      const inbox = await asker.subscribe(text);
      const { errors } = await inbox.next();
      expect(errors?.[0]?.extensions?.code).toBe('FILTER_FORBIDDEN');
      await inbox.close();
    }
  });

  test('an order by a personal field logs the rows of its page, even where only cursors are selected', async () => {
    const asker = await clerk('task:test', 'clerk-10');
    const { result, added } = await noted(() =>
      asker.ask('{ persons(orderBy: [NAME_ASC], first: 3) { pageInfo { endCursor } } }'),
    );
    expect(result.errors).toBeUndefined();
    // The answer also reveals that there is a row behind the page.
    expect(added.flatMap(({ subjects }) => subjects.ids)).toHaveLength(4);
  });

  test('an order by a code logs the sole traders of its page too', async () => {
    const asker = await clerk('task:test', 'clerk-11');
    const order = '(orderBy: [CREDIT_CODE_DESC], first: 200)';
    const question = (select: string) => noted(() => asker.ask(`{ organisations${order} { ${select} } }`));
    const { added } = await question('edges { cursor }');
    const traders = await read(`select id from hub_organisation where credit_code like '92%' and not deleted`);
    expect(added.flatMap(({ subjects }) => subjects.ids)).toEqual(expect.arrayContaining(traders.map(([id]) => id)));
  });

  test('by a role that sees persons masked is refused as everywhere', async () => {
    const analyst = await clientOf({ role: 'analyst' }, null);
    const { errors } = await analyst.ask('{ persons(where: { name: { eq: "董" } }) { totalCount } }');
    expect(errors?.[0]?.extensions?.code).toBe('FILTER_FORBIDDEN');
  });
});

test('a row that is linked to nobody counts for those it names only where their names are selected', async () => {
  const asker = await clerk('task:test', 'clerk-11');
  const list = (fields: string) =>
    noted(() => asker.ask(`{ organisations(where: { name: { isNull: false } }, first: 5) { nodes { ${fields} } } }`));
  const quiet = await list('id name address');
  const naming = await list('id representativeName');
  expect(quiet.added).toEqual([]);
  const named = naming.result.data.organisations.nodes.filter(
    (node: { representativeName: string | null }) => node.representativeName,
  );
  expect(naming.added.flatMap(({ subjects }) => subjects.ids)).toHaveLength(named.length);
  expect(named.length).toBeGreaterThan(0);
});
