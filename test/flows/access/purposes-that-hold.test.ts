/** A purpose must exist, hold today and belong to the reader; otherwise it counts as none. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readReference } from '../../../seeds/reference/read-reference.ts';
import { policyOf } from '../../../src/access/policy.ts';
import { nobody } from '../../../src/access/principal.ts';
import { Purposes } from '../../../src/access/purposes.ts';
import { makeCatalog } from '../../../src/catalog/catalog.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

let t: TestHub;
let issuer: TokenIssuer;
const tokens = new Map<string, string>();
const readers = {
  clerk: { role: 'clerk' },
  'an officer of commerce': { role: 'officer', agency: 'commerce', host: 'town' },
  'an officer of food and drug': { role: 'officer', agency: 'food-drug', host: 'town' },
  'a village agent': { role: 'village-agent', village: '371482101201' },
  'an analyst': { role: 'analyst' },
} as const;
type ReaderName = keyof typeof readers;
const read = (text: string, values: unknown[] = []) => t.hub.store.database.read(text, values);
const client = (reader: ReaderName, purpose: string | null) => new HallClient(t.hub.url, tokens.get(reader)!, purpose);

const openCase = async (where = 'true') => {
  const [row] = await read(
    `select case_no from hub_case where not deleted and state <> 'CLOSED' and applicant_id is not null and ${where} order by id limit 1`,
  );
  return row![0]!;
};

beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const agencies = ['commerce', 'food-drug', 'police'];
  const environment = issuer.environment;
  t = await startTestHub({ agencies, population: 600, faultless: true, reference: true, environment });
  await t.synchronised();
  for (const [name, claims] of Object.entries(readers))
    tokens.set(name, await issuer.token({ sub: name.replaceAll(' ', '-'), ...claims }));
  await read(`insert into hub_task (id, agency, source_id, version, deleted, digest, observed_at, code, title, roles, agency_code, valid_to)
    values (gen_random_uuid(), 'town', 'to-end', '0', false, '', now(), 'to-end', 'to end', 'clerk|officer', null, null)`);
  await t.hub.purposes.refresh();
});
afterAll(() => t?.stop());

const question = '{ persons(first: 50) { nodes { name residentId } } }';
async function seen(reader: ReaderName, purpose: string | null) {
  const { data, errors, extensions } = await client(reader, purpose).ask(question);
  expect(errors).toBeUndefined();
  const names: string[] = data.persons.nodes.map(({ residentId }: { residentId: string }) => residentId);
  return { whole: names.some(number => !number.includes('*')), problem: extensions?.purposeProblem ?? null };
}

describe('a purpose that holds opens what it is meant for', () => {
  test.each([
    ['clerk', 'task:review'],
    ['clerk', 'matter:FD-JY-001'],
    ['an officer of commerce', 'task:business-check'],
    ['an officer of commerce', 'matter:COM-SL-001'],
    ['an officer of food and drug', 'matter:FD-JY-001'],
  ] as const)('%s, %s', async (reader, purpose) => {
    expect(await seen(reader, purpose)).toEqual({ whole: true, problem: null });
  });

  test('an open case shows its applicant, and shows a village agent an applicant of their village', async () => {
    const caseNo = await openCase();
    const { data, extensions } = await client('clerk', `case:${caseNo}`).ask(
      'query ($n: String!) { case(caseNo: $n) { applicant { residentId } } }',
      { n: caseNo },
    );
    expect(data.case.applicant.residentId).not.toContain('*');
    expect(extensions?.purposeProblem).toBeUndefined();
  });
});

describe('a purpose that does not hold is reported, and counts as none', () => {
  test.each([
    ['clerk', 'blah:x', /form/],
    ['clerk', 'task:anything', /register/],
    ['clerk', 'task:review of everything', /register/],
    ['clerk', 'task:sealed:x', /register/],
    ['clerk', 'task:census-2020', /not in force/],
    ['clerk', 'task:business-check', /role/],
    ['clerk', 'matter:NO-SUCH-MATTER', /in force/],
    ['clerk', 'matter:COM-GP-001', /in force/],
    ['clerk', 'case:NO-SUCH-CASE', /no case of yours/],
    ['an officer of food and drug', 'task:business-check', /role/],
    ['an officer of food and drug', 'matter:COM-SL-001', /another agency/],
    ['an officer of commerce', 'task:business-check sealed:17', /sealing order/],
    ['a village agent', 'task:review', /role/],
    ['an analyst', 'task:review', /role/],
  ] as const)('%s, %s', async (reader, purpose, problem) => {
    expect(await seen(reader, purpose)).toEqual({ whole: false, problem: expect.stringMatching(problem) });
  });

  test('a closed case and a case of another agency do not hold', async () => {
    const [closed] = await read(`select case_no from hub_case where not deleted and state = 'CLOSED' limit 1`);
    expect((await seen('clerk', `case:${closed![0]}`)).problem).toMatch(/closed/);
    const foreign = await openCase(`lead_agency_code = 'police' and not exists
      (select from hub_approval a where a.about_case = hub_case.id and a.agency <> 'police')`);
    expect((await seen('an officer of commerce', `case:${foreign}`)).problem).toMatch(/no case of yours/);
  });

  test('without a token a purpose does not count', async () => {
    const { extensions } = await new HallClient(t.hub.url, null, 'task:review').ask('{ agencies { totalCount } }');
    expect(extensions?.purposeProblem).toMatch(/token/);
  });

  test('the problem is reported on a socket in the welcome message, and on an export in a header', async () => {
    const headers = { authorization: `Bearer ${tokens.get('clerk')}`, 'x-purpose': 'task:anything' };
    const file = await fetch(`${t.hub.url}/export/cases-by-month.csv`, { headers });
    await file.arrayBuffer();
    expect(file.status).toBe(200);
    expect(file.headers.get('x-purpose-problem')).toMatch(/register/);
    const socket = new WebSocket(`${t.hub.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const welcome = await new Promise<{ payload?: { purposeProblem?: string } }>((resolve, reject) => {
      socket.onerror = () => reject(new Error('the socket failed'));
      socket.onmessage = ({ data }) => resolve(JSON.parse(String(data)));
      const payload = { authorization: headers.authorization, purpose: 'task:anything' };
      socket.onopen = () => socket.send(JSON.stringify({ type: 'connection_init', payload }));
    });
    expect(welcome.payload?.purposeProblem).toMatch(/register/);
    socket.close();
  });

  test('without a purpose nobody is found by a number, and the refusal says what is missing', async () => {
    const [known] = await read('select resident_id from hub_person limit 1');
    const text = 'query ($id: String!) { person(residentId: $id) { id } }';
    for (const purpose of [null, 'task:anything']) {
      const { data, errors } = await client('clerk', purpose).ask(text, { id: known![0] });
      expect({ data, code: errors?.[0]?.extensions?.code }).toEqual({
        data: { person: null },
        code: 'FILTER_FORBIDDEN',
      });
      expect(errors![0]!.message).toMatch(/purpose/);
    }
  });
});

describe('a purpose that ends', () => {
  const board = 'subscription { caseBoard(where: { state: { eq: ACCEPTED } }) { type nodes { id } } }';
  const changes = 'subscription { changes(kinds: ["Case"]) { kind } }';
  async function endOf(purpose: string, end: () => Promise<unknown>) {
    const opened = await Promise.all([board, changes].map(text => client('clerk', purpose).subscribe(text)));
    await opened[0]!.nextWhere(({ data }) => data?.caseBoard.type === 'READY');
    await end();
    const ends = await Promise.all(opened.map(inbox => inbox.nextWhere(({ errors }) => errors !== undefined)));
    await Promise.all(opened.map(inbox => inbox.close()));
    return ends.map(({ errors }) => errors![0]!.extensions!.code);
  }

  test('closes the streams that were opened for it, whether it is a task or a case', async () => {
    expect(
      await endOf('task:to-end', () => read(`update hub_task set valid_to = '2026-01-01' where code = 'to-end'`)),
    ).toEqual(['RIGHTS_CHANGED', 'RIGHTS_CHANGED']);
    const caseNo = await openCase();
    expect(
      await endOf(`case:${caseNo}`, () => read(`update hub_case set state = 'CLOSED' where case_no = $1`, [caseNo])),
    ).toEqual(['RIGHTS_CHANGED', 'RIGHTS_CHANGED']);
  });

  test('is checked in one statement with all other open purposes, each with the rights of its reader', async () => {
    const catalog = makeCatalog(await findAdapters());
    const { identity } = t.hub.store;
    const idOf = (noun: string, key: string) => identity.ofNoun(catalog.get(noun), key);
    const statements: string[] = [];
    const purposes = new Purposes({
      catalog,
      read: (text, values) => {
        statements.push(text);
        return read(text, [...values]);
      },
      idOf,
      policyOf: principal => policyOf(principal, { catalog, idOf, town: 'town', grants: [] }),
      grants: () => [],
      sealing: { find: () => null },
      onError: () => {},
    });
    const caseNo = await openCase(`lead_agency_code = 'police'`);
    const officer = (agency: string) =>
      ({ ...nobody(), role: 'officer', subject: agency, agency, host: 'town' }) as const;
    const clerk = { ...nobody(), role: 'clerk', subject: 'c' } as const;
    const asked = [
      [officer('police'), caseNo],
      [officer('human-resources'), caseNo],
      [clerk, caseNo],
      [clerk, 'none'],
    ] as const;
    const answers = await Promise.all(
      asked.map(([reader, value]) => purposes.checked(reader, { kind: 'case', value })),
    );
    expect(answers.map(({ purpose }) => purpose !== null)).toEqual([true, false, true, false]);
    expect(statements).toHaveLength(1);
  });
});

test('the reference data of the town has a task for tests, and one that the demo may state', () => {
  const codes = readReference().Task.map(({ code }) => code);
  expect(codes).toEqual(expect.arrayContaining(['test', 'review']));
});
