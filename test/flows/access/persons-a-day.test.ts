/** Readers may see only so many persons whole a day, counted over all processes, access paths and screens. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { freePort, HubProcess } from '../../support/hub-process.ts';
import { notedBy } from '../../support/noted-reads.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

const most = 20;
const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-quota-'));
let t: TestHub;
let other: HubProcess;
let urls: readonly string[];
let issuer: TokenIssuer;
const noted = <T>(work: () => Promise<T>) => notedBy(t.environment.HUB_AUDIT_DIR!, work);
const clerk = async (sub: string, url = urls[0]!, purpose: string | null = 'task:test') =>
  new HallClient(url, await issuer.token({ sub, role: 'clerk' }), purpose);

beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const environment = { ...issuer.environment, HUB_PERSONS_PER_DAY: `clerk=${most}`, HUB_UNMASKS_PER_DAY: 'clerk=3' };
  t = await startTestHub({ agencies: ['commerce', 'human-resources'], population: 600, faultless: true, environment });
  await t.synchronised();
  const port = await freePort();
  const own = { HUB_AUDIT_DIR: path.join(folder, 'log'), HUB_AUDIT_ROOTS: path.join(folder, 'roots') };
  other = HubProcess.start({ ...t.environment, ...own, HUB_AGENCIES: 'commerce', HUB_PORT: String(port) });
  urls = [t.hub.url, `http://localhost:${port}`];
  await other.during(
    (async () => {
      while (!(await fetch(`${urls[1]}/readyz`).catch(() => null))?.ok) await delay(50);
    })(),
  );
});
afterAll(async () => {
  await other?.kill();
  await t?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const page =
  'query ($after: String, $first: Int!) { persons(first: $first, after: $after) { pageInfo { endCursor } nodes { id name } } }';
const refusal = { code: 'QUOTA_REACHED', retry: false, what: 'persons', most };

describe('persons shown whole', () => {
  test('are counted once each, and an answer that would exceed the quota is withheld entirely', async () => {
    const asker = await clerk('one');
    const first = await asker.ask(page, { first: 15 });
    expect(first.data.persons.nodes).toHaveLength(15);
    // A person who was seen today may be seen again.
    for (let i = 0; i < 3; i++) expect((await asker.ask(page, { first: 15 })).errors).toBeUndefined();
    const { result, added } = await noted(() =>
      asker.ask(page, { first: 6, after: first.data.persons.pageInfo.endCursor }),
    );
    expect(result.data).toBeUndefined();
    expect(result.errors).toMatchObject([{ extensions: refusal }]);
    expect(added).toMatchObject([{ act: 'quota', who: { subject: 'one', role: 'clerk' }, counts: { most, asked: 6 } }]);
    // What still fits into the quota is shown, and masked rows cost nothing.
    expect((await asker.ask(page, { first: 5, after: first.data.persons.pageInfo.endCursor })).errors).toBeUndefined();
    const masked = await clerk('one', urls[0], null);
    expect((await masked.ask(page, { first: 100 })).data.persons.nodes).toHaveLength(100);
  });

  test('are counted over processes', async () => {
    const [here, there] = await Promise.all(urls.map(url => clerk('two', url)));
    const first = await here!.ask(page, { first: 12 });
    const after = first.data.persons.pageInfo.endCursor;
    expect((await there!.ask(page, { first: 12 })).errors).toBeUndefined();
    const second = await there!.ask(page, { first: 8, after });
    expect(second.errors).toBeUndefined();
    for (const asker of [here!, there!]) {
      const answer = await asker.ask(page, { first: 1, after: second.data.persons.pageInfo.endCursor });
      expect(answer.errors).toMatchObject([{ extensions: refusal }]);
    }
  });

  test('never exceed the quota, even with many requests at the same moment in both processes', async () => {
    const askers = await Promise.all(urls.map(url => clerk('three', url)));
    const ids = await t.hub.store.database.read('select id from hub_person order by id limit 60', []);
    const answers = await Promise.all(
      ids.map(([id], i) =>
        askers[i % 2]!.ask('query ($id: ID!) { node(id: $id) { ... on Person { name } } }', { id: `Person:${id}` }),
      ),
    );
    const shown = answers.filter(({ errors }) => !errors).length;
    expect(shown).toBe(most);
    const [row] = await t.hub.store.database.read(
      `select persons from hub_reader_day where reader = 'clerk three'`,
      [],
    );
    expect(row![0]).toBe(String(most));
  });

  test('are counted in exports page by page: a file breaks off when the quota is reached', async () => {
    const token = await issuer.token({ sub: 'four', role: 'clerk' });
    const asker = new HallClient(urls[0]!, token, 'task:test');
    const operation = '{ persons { nodes { id name } } }';
    const order = 'mutation ($o: String!) { orderExport(operation: $o, format: "csv") { path } }';
    const { data } = await asker.ask(order, { o: operation });
    const headers = { authorization: `Bearer ${token}`, 'x-purpose': 'task:test' };
    const file = await fetch(urls[0] + data.orderExport.path, { headers });
    expect(file.status).toBe(429);
    expect(await file.json()).toMatchObject({ errors: [{ extensions: refusal }] });
  });

  test('are counted on boards: only the stream of a reader who has reached the quota ends', async () => {
    const text = `subscription { caseBoard(where: { applicantKind: { eq: NATURAL_PERSON } }) { type nodes { id applicant { name } } } }`;
    const [tired, fresh] = await Promise.all([clerk('five'), clerk('eight')]);
    const others = '{ persons(where: { cases: { none: {} } }, first: 20) { nodes { id name } } }';
    expect((await tired.ask(others.replace('20', String(most)))).errors).toBeUndefined();
    const [ended, going] = await Promise.all([tired, fresh].map(asker => asker.subscribe(text)));
    expect((await ended!.next()).errors).toMatchObject([{ extensions: { code: 'QUOTA_REACHED', what: 'persons' } }]);
    expect((await going!.next()).data.caseBoard).toMatchObject({ type: 'SNAPSHOT' });
    await Promise.all([ended, going].map(inbox => inbox!.close()));
  });

  test('are counted by day: the next day starts at zero', async () => {
    const asker = await clerk('one');
    expect((await asker.ask(page, { first: 100 })).errors?.[0]?.extensions?.code).toBe('QUOTA_REACHED');
    // This pretends that all of it happened yesterday: another process has seen none of it today.
    await t.hub.store.database.read(`update hub_reader_day set day = day - 1 where reader = 'clerk one'`, []);
    await t.hub.store.database.read(`update hub_reader_person set day = day - 1 where reader = 'clerk one'`, []);
    const elsewhere = await clerk('one', urls[1]);
    expect((await elsewhere.ask(page, { first: most })).errors).toBeUndefined();
  });
});

describe('unmasking', () => {
  const mutation =
    'mutation ($id: ID!, $reason: String!) { requestUnmask(id: $id, reason: $reason, minutes: 1) { grant } }';
  const ids = async () =>
    (await t.hub.store.database.read('select id from hub_person order by id desc limit 9', [])).map(
      ([id]) => `Person:${id}`,
    );
  const openCase = async () => {
    const [row] = await t.hub.store.database.read(
      `select case_no from hub_case where state <> 'CLOSED' and not deleted limit 1`,
      [],
    );
    return `case:${row![0]}`;
  };

  test('has a daily quota of its own, whatever the reasons', async () => {
    const asker = await clerk('six', urls[0], await openCase());
    const reason = 'the applicant of the neighbouring plot asked';
    const { result, added } = await noted(async () => {
      const answers = [];
      for (const id of (await ids()).slice(0, 4)) answers.push(await asker.ask(mutation, { id, reason }));
      return answers;
    });
    expect(result.map(({ errors }) => errors?.[0]?.extensions?.code ?? 'granted')).toEqual([
      ...Array(3).fill('granted'),
      'QUOTA_REACHED',
    ]);
    expect(added.slice(-2)).toMatchObject([
      { act: 'quota', who: { subject: 'six' }, counts: { most: 3 } },
      { act: 'unmask', outcome: expect.stringMatching(/^(refused|failed)$/), who: { subject: 'six' } },
    ]);
  });

  test.each([
    ['no purpose', null, 'the register must be compared', 'FORBIDDEN'],
    ['a purpose that does not hold', 'task:anything', 'the register must be compared', 'FORBIDDEN'],
    ['a short reason', 'task:test', 'because', 'BAD_USER_INPUT'],
    ['a reason that says nothing', 'task:test', 'aaaaaaaaaaaaaa', 'BAD_USER_INPUT'],
    ['four letters in turn', 'task:test', 'abcd abcd abcd', 'BAD_USER_INPUT'],
  ])('is refused with %s', async (_what, purpose, reason, code) => {
    const [id] = await ids();
    const { errors } = await (await clerk('seven', urls[0], purpose)).ask(mutation, { id, reason });
    expect(errors?.[0]?.extensions?.code).toBe(code);
  });
});
