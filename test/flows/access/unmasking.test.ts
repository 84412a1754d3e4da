import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { roles } from '../../../src/access/principal.ts';
import { rules } from '../../../src/access/rules.ts';
import type { Entry } from '../../../src/audit/entry.ts';
import { type GraphqlAnswer, HallClient } from '../../../src/cli/hall-client.ts';
import { readConfig } from '../../../src/config.ts';
import { type RunningHub, startHub } from '../../../src/hub.ts';
import { fromTheBeginning } from '../../support/from-the-beginning.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { type Claims, makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

const agencies = ['commerce', 'police'];
const promisedMs = 2_000;
const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-unmask-'));
let t: TestHub;
let issuer: TokenIssuer;
let other: RunningHub;

beforeAll(async () => {
  issuer = await makeTokenIssuer();
  t = await startTestHub({
    agencies,
    population: 300,
    faultless: true,
    reference: true,
    environment: issuer.environment,
  });
  await t.synchronised();
  // Another process of the same hub for all practical purposes: it has its own memory and connections.
  const own = { HUB_AUDIT_DIR: path.join(folder, 'log'), HUB_AUDIT_ROOTS: path.join(folder, 'roots') };
  const environment = { ...t.environment, ...own };
  other = await startHub(readConfig(environment), environment, t.hub.adapters);
});
afterAll(async () => {
  await other?.stop();
  await t?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const request = `mutation Ask($id: ID!, $reason: String!, $minutes: Int) {
  requestUnmask(id: $id, reason: $reason, minutes: $minutes) { grant id until } }`;
const reason = 'calls back about a certificate';
const question = 'query One($id: ID!) { node(id: $id) { ... on Person { name residentId residents { name } } } }';

let clerks = 0;
/** An open case of a person whom these tests do not use otherwise. */
async function aPurpose(): Promise<string> {
  const [row] = await t.hub.store.database.read(
    `select case_no from hub_case where not deleted and state <> 'CLOSED' order by id limit 1`,
    [],
  );
  return `case:${row![0]}`;
}
/** A clerk with a session of their own at each process, who works on a case. */
async function newClerk(claims: Claims = {}) {
  const all = { role: 'clerk', sub: `clerk-${++clerks}`, sid: `session-${clerks}`, ...claims };
  const token = await issuer.token(all);
  const purpose = await aPurpose();
  const [here, there] = [t.hub.url, other.url].map(url => new HallClient(url, token, purpose));
  return { claims: all, here: here!, there: there! };
}
async function people(count: number): Promise<{ id: string; key: string; name: string; residentId: string }[]> {
  const rows = await t.hub.store.database.read(
    `select id, name, resident_id from hub_person p where not deleted and length(name) > 2
       and not exists (select from hub_case c where c.about_applicant = p.id) order by id limit $1`,
    [count],
  );
  return rows.map(([key, name, residentId]) => ({
    id: `Person:${key}`,
    key: key!,
    name: name!,
    residentId: residentId!,
  }));
}
const somebody = async () => (await people(1))[0]!;
const codeOf = ({ errors }: GraphqlAnswer) => errors?.[0]?.extensions?.code;
const shown = async (client: HallClient, id: string) => {
  const { data, errors } = await client.ask(question, { id });
  expect(errors).toBeUndefined();
  return data.node as { name: string; residentId: string; residents: { name: string }[] };
};
/** Repeats the check until it holds; other processes learn of a change within a second. */
async function soon(is: () => Promise<boolean>): Promise<void> {
  for (const from = performance.now(); !(await is()); ) expect(performance.now() - from).toBeLessThan(promisedMs);
}
function entries(): Entry[] {
  const dir = t.environment.HUB_AUDIT_DIR!;
  const files = readdirSync(dir).filter(name => /^entries-.*\.jsonl$/.test(name));
  const lines = files.sort().flatMap(name => readFileSync(path.join(dir, name), 'utf8').split('\n'));
  return lines.filter(Boolean).map(line => JSON.parse(line) as Entry);
}
const grantsOf = (subject: string) =>
  t.hub.store.database.read('select id from hub_unmask_grant where subject = $1 and until > now()', [subject]);
const setUntil = (grant: string, until: string) =>
  t.hub.store.database.read(`update hub_unmask_grant set until = now() + $2::interval where id = $1`, [grant, until]);

describe('a record that is unmasked', () => {
  test('is whole for its asker in every process and in live answers, and masked for everybody else', async () => {
    const all = await people(20);
    const atWork = new HallClient(t.hub.url, await issuer.token({ sub: 'c', role: 'clerk' }), 'task:test');
    const asked = await atWork.ask('{ persons(first: 200) { nodes { id residents { name } } } }');
    const known = asked.data.persons.nodes.filter((node: { residents: object[] }) => node.residents.length);
    const person = all.find(({ id }) => known.some((node: { id: string }) => node.id === id));
    const neighbour = all.find(({ id }) => id !== person!.id);
    const [clerk, colleague] = [await newClerk(), await newClerk()];
    const sameName = await newClerk({ sub: clerk.claims.sub });
    expect((await shown(clerk.here, person!.id)).name).toContain('*');

    const { data, errors } = await clerk.here.ask(request, { id: person!.id, reason });
    expect(errors).toBeUndefined();
    expect(data.requestUnmask).toMatchObject({ id: person!.id });
    const leftMs = Date.parse(data.requestUnmask.until) - Date.now();
    expect(leftMs).toBeGreaterThan(14 * 60_000);
    expect(leftMs).toBeLessThanOrEqual(15 * 60_000 + 1_000);

    const whole = await shown(clerk.here, person!.id);
    expect(whole).toMatchObject({ name: person!.name, residentId: person!.residentId });
    expect(whole.residents.length).toBeGreaterThan(0);
    for (const resident of whole.residents) expect(resident.name).not.toContain('*');
    await soon(async () => (await shown(clerk.there, person!.id)).name === person!.name);
    expect((await shown(clerk.here, neighbour!.id)).name).toContain('*');
    for (const client of [colleague.here, sameName.here, sameName.there])
      expect((await shown(client, person!.id)).name).toContain('*');
  });

  test('is whole in lists and in pushed events, where its neighbours stay masked', async () => {
    const [row] = await t.hub.store.database.read(
      `select id, legal_representative_name from commerce_market_entity e where not deleted and length(legal_representative_name) > 2
         and not exists (select from hub_case c where c.about_applicant = e.about_legal_representative or c.about_applicant_organisation = e.about_organisation)
       order by id limit 1`,
      [],
    );
    const clerk = await newClerk();
    await clerk.here.ask(request, { id: `MarketEntity:${row![0]}`, reason });
    const { data } = await clerk.here.ask('{ marketEntities(first: 50) { nodes { id legalRepresentativeName } } }');
    const nodes = data.marketEntities.nodes as { id: string; legalRepresentativeName: string | null }[];
    const whole = nodes.filter(node => node.legalRepresentativeName && !node.legalRepresentativeName.includes('*'));
    expect(whole).toEqual([{ id: `MarketEntity:${row![0]}`, legalRepresentativeName: row![1] }]);

    const inbox = await clerk.here.subscribe(
      `subscription { changes(kinds: ["MarketEntity"], ${fromTheBeginning}) { node { id ... on MarketEntity { legalRepresentativeName } } } }`,
    );
    // Which of them is sent first depends on the ids of this installation.
    const told = new Map<string, string>();
    const own = `MarketEntity:${row![0]}`;
    while (!told.has(own) || told.size < 2) {
      const { data: given } = await inbox.nextWhere(
        ({ data: one }) => one.changes.node?.legalRepresentativeName?.length > 2,
      );
      told.set(given.changes.node.id, given.changes.node.legalRepresentativeName);
    }
    for (const [id, name] of told) expect(name).toEqual(id === own ? row![1] : expect.stringContaining('*'));
    await inbox.close();
  });

  test('still cannot be found by fields that others see masked', async () => {
    const person = await somebody();
    const clerk = await newClerk();
    await clerk.here.ask(request, { id: person.id, reason });
    const answer = await clerk.here.ask('{ persons(where: { name: { eq: "x" } }) { nodes { id } } }');
    expect(codeOf(answer)).toBe('FILTER_FORBIDDEN');
  });

  test('is masked again when the grant ends, in every process, by itself', async () => {
    const person = await somebody();
    const clerk = await newClerk();
    const { data } = await clerk.here.ask(request, { id: person.id, reason, minutes: 1 });
    await soon(async () => (await shown(clerk.there, person.id)).name === person.name);
    await setUntil(data.requestUnmask.grant, '300 milliseconds');
    for (const client of [clerk.here, clerk.there])
      await soon(async () => (await shown(client, person.id)).name.includes('*'));
  });

  test('is masked again when the session is ended', async () => {
    const person = await somebody();
    const [clerk, screen] = [await newClerk(), await newClerk({ sid: undefined })];
    const security = new HallClient(t.hub.url, await issuer.token({ sub: 's', role: 'security-admin' }));
    for (const { here, claims } of [clerk, screen]) {
      await here.ask(request, { id: person.id, reason });
      expect(await grantsOf(claims.sub)).toHaveLength(1);
    }
    const end =
      'mutation ($session: String, $subject: String) { endSession(session: $session, subject: $subject, reason: "the device was lost") { until } }';
    await security.ask(end, { session: clerk.claims.sid });
    await security.ask(end, { subject: screen.claims.sub });
    for (const { claims } of [clerk, screen]) expect(await grantsOf(claims.sub)).toEqual([]);
  });

  test('is whole in the explanation for its asker too', async () => {
    const person = await somebody();
    const clerk = await newClerk();
    await clerk.here.ask(request, { id: person.id, reason });
    const security = new HallClient(t.hub.url, await issuer.token({ sub: 's', role: 'security-admin' }));
    const explain = async (reader: object) => {
      const text =
        'query ($id: ID!, $reader: ReaderInput!) { explainAccess(id: $id, reader: $reader) { whole wholeRows fields { name view } } }';
      const { data, errors } = await security.ask(text, { id: person.id, reader });
      expect(errors).toBeUndefined();
      return data.explainAccess;
    };
    const { sub: subject, sid: session, role } = clerk.claims;
    const asker = await explain({ role, subject, session });
    expect(asker).toMatchObject({ whole: true, wholeRows: 'it is the one that is named' });
    expect(asker.fields).toContainEqual({ name: 'name', view: 'whole' });
    expect(await explain({ role, subject, session: 'another' })).toMatchObject({ whole: false });
    expect(await explain({ role })).toMatchObject({ whole: false, wholeRows: 'no rows' });
  });
});

describe('the proof', () => {
  test("logs the reason before anything is shown, then each read with its grant, for the person's report", async () => {
    const person = await somebody();
    const clerk = await newClerk();
    const { data } = await clerk.here.ask(request, {
      id: person.id,
      reason: `asked by ${person.residentId}`,
      minutes: 5,
    });
    const { grant } = data.requestUnmask;
    await clerk.here.ask(question, { id: person.id });
    const mine = entries().filter(entry => entry.who.subject === clerk.claims.sub);
    expect(mine).toMatchObject([
      {
        act: 'unmask',
        purpose: { kind: 'unmask', value: `${grant} asked by …` },
        operation: { name: 'Ask' },
        subjects: { ids: [person.key] },
        counts: { minutes: 5 },
      },
      { act: 'read', purpose: { kind: 'case', unmasked: grant }, subjects: { ids: [person.key] } },
    ]);
    const auditor = new HallClient(t.hub.url, await issuer.token({ sub: 'auditor-1', role: 'auditor' }));
    const { data: told } = await auditor.ask(
      'query ($id: String!) { dataSubjectReport(residentId: $id, first: 2) { accesses { act reader purpose } } }',
      { id: person.residentId },
    );
    expect(told.dataSubjectReport.accesses).toEqual([
      { act: 'read', reader: clerk.claims.sub, purpose: `${await aPurpose()} unmask:${grant}` },
      { act: 'unmask', reader: clerk.claims.sub, purpose: `unmask:${grant} asked by … for ${await aPurpose()}` },
    ]);
  });

  test('is in the entry of a file too, with the grant by which it was shown', async () => {
    const person = await somebody();
    const clerk = await newClerk();
    const { data } = await clerk.here.ask(request, { id: person.id, reason });
    const { grant } = data.requestUnmask;
    const operation = '{ persons(first: 100) { nodes { id name } } }';
    const order = 'mutation ($o: String!) { orderExport(operation: $o, format: "csv") { path } }';
    const ordered = await clerk.here.ask(order, { o: operation });
    const file = await fetch(t.hub.url + ordered.data.orderExport.path, { headers: clerk.here.headers });
    expect(await file.text()).toContain(person.name);
    const ofFile = entries().filter(({ who, channel }) => who.subject === clerk.claims.sub && channel === 'export');
    expect(ofFile.length).toBeGreaterThan(0);
    for (const { purpose } of ofFile) expect(purpose).toMatchObject({ kind: 'case', unmasked: grant });
  });

  test('is written first: while the log cannot be written nothing is unmasked', async () => {
    const person = await somebody();
    const clerk = await newClerk();
    const dir = t.environment.HUB_AUDIT_DIR!;
    renameSync(dir, `${dir}.away`);
    try {
      expect(codeOf(await clerk.here.ask(request, { id: person.id, reason }))).toBe('AUDIT_UNAVAILABLE');
    } finally {
      renameSync(`${dir}.away`, dir);
    }
    expect(await grantsOf(clerk.claims.sub)).toEqual([]);
    expect((await shown(clerk.here, person.id)).name).toContain('*');
  });
});

describe('asking to unmask', () => {
  test.each(roles.filter(role => rules[role].unmaskMinutes === 0))('is forbidden to the role %s', async role => {
    const person = await somebody();
    const token = role === 'public' ? null : await issuer.token({ sub: 'x', role, agency: 'commerce' });
    expect(codeOf(await new HallClient(t.hub.url, token).ask(request, { id: person.id, reason }))).toBe('FORBIDDEN');
  });

  test.each([
    ['no reason', { reason: '' }],
    ['a reason of one letter', { reason: 'aaaaaaaaaaaa' }],
    ['a reason that says nothing', { reason: 'abc' }],
    ['a reason of blanks', { reason: '       ' }],
    ['a reason in two lines', { reason: 'because\nof this' }],
    ['a reason with a tab', { reason: 'because\tof this' }],
    ['a reason without end', { reason: 'because '.repeat(50) }],
    ['no time', { minutes: 0 }],
    ['more time than the role has', { minutes: 31 }],
    ['an id of nothing', { id: 'Person:00000000-0000-8000-a000-000000000000' }],
    ['an id that is none', { id: 'x' }],
    ['a record about nobody', { id: 'Region:00000000-0000-8000-a000-000000000000' }],
  ])('with %s is refused', async (_what, given) => {
    const person = await somebody();
    const clerk = await newClerk();
    expect(codeOf(await clerk.here.ask(request, { id: person.id, reason, ...given }))).toBe('BAD_USER_INPUT');
    expect(await grantsOf(clerk.claims.sub)).toEqual([]);
  });

  test('needs a record that the asker sees, and a village agent sees none of another village', async () => {
    const { database, identity, catalog } = t.hub.store;
    const villages = await database.read(
      'select region_code, min(applicant_id) from hub_case where applicant_id is not null and region_code is not null group by 1 order by 1 limit 2',
      [],
    );
    const [own, foreign] = villages.map(
      ([, resident]) => `Person:${identity.ofNoun(catalog.get('Person'), resident!)}`,
    );
    const token = await issuer.token({ sub: 'agent', role: 'village-agent', village: villages[0]![0]! });
    const [own1] = await database.read(
      `select case_no from hub_case where region_code = $1 and not deleted and state <> 'CLOSED' limit 1`,
      [villages[0]![0]!],
    );
    const agent = new HallClient(t.hub.url, token, `case:${own1![0]}`);
    expect((await agent.ask(request, { id: own, reason })).errors).toBeUndefined();
    const answer = await agent.ask(request, { id: foreign, reason });
    // A person of another village may have a case in this village too.
    const seen = (await agent.ask('query ($id: ID!) { node(id: $id) { id } }', { id: foreign })).data.node;
    expect(codeOf(answer)).toBe(seen ? undefined : 'BAD_USER_INPUT');
  });

  test('is refused beyond ten records at the same time', async () => {
    const clerk = await newClerk();
    const codes: unknown[] = [];
    for (const { id } of await people(11)) codes.push(codeOf(await clerk.here.ask(request, { id, reason })));
    expect(codes).toEqual([...Array(10).fill(undefined), 'LIMIT_EXCEEDED']);
  });
});
