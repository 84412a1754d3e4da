import { hash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeTownship } from '../../../seeds/township/township.ts';
import { verifyLog } from '../../../src/audit/verify-log.ts';
import { HallClient, type Inbox } from '../../../src/cli/hall-client.ts';
import { townDay } from '../../../src/domain/town-day.ts';
import { entriesIn, notedBy } from '../../support/noted-reads.ts';
import { SpawnedCommand } from '../../support/spawned-command.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

const [population, seed] = [300, 1];
let t: TestHub;
let issuer: TokenIssuer;
let clerkToken: string;
let clerk: HallClient;
let auditor: HallClient;

beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const agencies = ['commerce', 'police'];
  t = await startTestHub({ agencies, population, seed, faultless: true, tasks, environment: issuer.environment });
  await t.synchronised();
  clerkToken = await issuer.token({ sub: 'clerk-7', role: 'clerk', sid: 'morning' });
  clerk = new HallClient(t.hub.url, clerkToken, 'case:3714821012026000001');
  auditor = new HallClient(t.hub.url, await issuer.token({ sub: 'auditor-1', role: 'auditor' }));
});
afterAll(() => t?.stop());

/** Tasks that mark the reads of this file in the log. */
const tasks = [
  'intake',
  'by node',
  'asked live',
  'at the window',
  '核对 2026',
  'counting',
  'curious',
  'everybody',
  'on a socket',
  'reference',
  'screen',
  'household-check',
];

const dir = () => t.environment.HUB_AUDIT_DIR!;
const roots = () => t.environment.HUB_AUDIT_ROOTS!;
const entries = () => entriesIn(dir());
const noted = <T>(work: () => Promise<T>) => notedBy(dir(), work);
const readDatabase = (text: string) => t.hub.store.database.read(text, []);
async function somebody(offset = 0): Promise<{ id: string; residentId: string }> {
  const text = `select id, resident_id from hub_person where exists
    (select 1 from police_household_change h where h.about_person = hub_person.id) order by id offset ${offset} limit 1`;
  const [row] = await readDatabase(text);
  return { id: row![0]!, residentId: row![1]! };
}
const withTask = (words: string, token = clerkToken) => new HallClient(t.hub.url, token, `task:${words}`);
const question = 'query One($id: String!) { person(residentId: $id) { id name residents { name } } }';

async function post(query: string, headers: Record<string, string>) {
  const all = { 'content-type': 'application/json', authorization: `Bearer ${clerkToken}`, ...headers };
  const response = await fetch(`${t.hub.url}/graphql`, {
    method: 'POST',
    headers: all,
    body: JSON.stringify({ query }),
  });
  return { status: response.status, text: await response.text() };
}

describe('when an answer with personal data arrives, the log says', () => {
  test('who, why, by which query, about whom, and exactly which text', async () => {
    const query = 'query Three { persons(first: 3) { nodes { id name residents { name } } } }';
    const { result, added } = await noted(() => post(query, { 'x-purpose': 'task:intake' }));
    const ids = JSON.parse(result.text).data.persons.nodes.map((node: { id: string }) =>
      node.id.replace('Person:', ''),
    );
    expect(ids).toHaveLength(3);
    expect(added).toHaveLength(1);
    expect(added[0]).toMatchObject({
      act: 'read',
      who: { subject: 'clerk-7', role: 'clerk', agency: null, session: 'morning' },
      purpose: { kind: 'task', value: 'intake' },
      operation: { name: 'Three', sha256: hash('sha256', query, 'hex') },
      channel: 'http',
      subjects: { count: 3, ids },
      result: hash('sha256', result.text, 'hex'),
    });
    expect(added[0]!.policy).toMatch(/^[0-9a-f]{16}$/);
  });

  test('nothing, when the data was masked or about nobody', async () => {
    const { added } = await noted(async () => {
      await post('{ persons(first: 3) { nodes { id name } } }', {});
      await t.anybody.ask('{ agencies { nodes { code } } }');
      await withTask('reference').ask('{ agencies { nodes { code name } } regions(first: 3) { nodes { name } } }');
    });
    expect(added).toEqual([]);
  });

  test('the same for queries on a socket', async () => {
    const { result, added } = await noted(async () => {
      const inbox = await withTask('on a socket').subscribe('query OnSocket { persons(first: 2) { nodes { id } } }');
      const answer = await inbox.next();
      await inbox.close();
      return answer;
    });
    expect(result.data.persons.nodes).toHaveLength(2);
    expect(added).toHaveLength(1);
    expect(added[0]).toMatchObject({ channel: 'socket', operation: { name: 'OnSocket' }, subjects: { count: 2 } });
    expect(added[0]!.result).toBe(hash('sha256', JSON.stringify(result), 'hex'));
  });
});

const updates =
  'subscription Updates { changes(kinds: ["HouseholdChange", "MarketEntity"], oldest: true) { cursor node { id } } }';

/** Follows from the first change on, as a screen does that was offline. */
const resume = (client: HallClient): Promise<Inbox> => client.subscribe(updates);

test('every update that is pushed to a screen has an entry of its own before it arrives', async () => {
  const { added } = await noted(async () => {
    const inbox = await resume(withTask('screen'));
    for (let i = 0; i < 12; i++) {
      const event = await inbox.next();
      expect(event.data.changes.node).toBeTruthy();
      const digest = hash('sha256', JSON.stringify(event), 'hex');
      expect(entries().filter(e => e.purpose?.value === 'screen' && e.result === digest)).toHaveLength(1);
    }
    await inbox.close();
  });
  expect(new Set(added.map(e => `${e.channel} ${e.operation?.name}`))).toEqual(new Set(['socket Updates']));
});

describe('the report about a citizen', () => {
  const report =
    'query Report($id: String!, $first: Int, $before: Int) { dataSubjectReport(residentId: $id, first: $first, before: $before) { more accesses { entry channel role reader agency purpose operation persons } } }';
  const accesses = async (id: string) => {
    const { data, errors } = await auditor.ask(report, { id });
    expect(errors).toBeUndefined();
    return data.dataSubjectReport.accesses as { [field: string]: unknown; purpose: string | null; reader: string }[];
  };

  test('lists who read what and why, over HTTP, on sockets and live from the police', async () => {
    const { id, residentId } = await somebody();
    await withTask('at the window').ask(question, { id: residentId });
    await withTask('asked live').ask('query Live($id: String!) { person(residentId: $id) { residents { name } } }', {
      id: residentId,
    });
    const inbox = await withTask('by node').subscribe(`query Node { node(id: "Person:${id}") { id } }`);
    await inbox.next();
    await inbox.close();
    const listed = await accesses(residentId);
    const told = listed.map(({ channel, reader, purpose, operation }) => [channel, reader, purpose, operation]);
    expect(told.slice(0, 3)).toEqual([
      ['socket', 'clerk-7', 'task:by node', 'Node'],
      ['http', 'clerk-7', 'task:asked live', 'Live'],
      ['http', 'clerk-7', 'task:at the window', 'One'],
    ]);
    // What the agencies stated about the person is listed too.
    expect(listed.at(-1)).toMatchObject({ channel: 'hub', role: 'agency', purpose: null });
    // The auditor's own look is listed the next time.
    expect((await accesses(residentId))[0]).toMatchObject({
      reader: 'auditor-1',
      role: 'auditor',
      operation: 'Report',
    });
  });

  test('lists exports too, ready-made and ordered: who had a file about them, and why', async () => {
    const { id, residentId } = await somebody(2);
    const headers = (purpose: string) => ({
      authorization: `Bearer ${clerkToken}`,
      // Bytes of a header are sent undecoded.
      'x-purpose': Buffer.from(purpose).toString('latin1'),
    });
    const persons = 'query OnFile($id: String!) { persons(where: { residentId: { eq: $id } }) { nodes { id name } } }';
    const order =
      'mutation ($operation: String!, $variables: String!) { orderExport(operation: $operation, format: "ndjson", variables: $variables) { path } }';
    const { result, added } = await noted(async () => {
      const variables = JSON.stringify({ id: residentId });
      const { data } = await withTask(Buffer.from('核对 2026').toString('latin1')).ask(order, {
        operation: persons,
        variables,
      });
      const file = await fetch(t.hub.url + data.orderExport.path, { headers: headers('task:核对 2026') });
      return (await file.text()).trim();
    });
    expect(JSON.parse(result)).toMatchObject({ id: `Person:${id}` });
    expect(added.map(({ act }) => act)).toEqual(['export', 'read']);
    expect(added[1]).toMatchObject({
      act: 'read',
      who: { subject: 'clerk-7', role: 'clerk' },
      purpose: { kind: 'task', value: '核对 2026' },
      operation: { name: 'OnFile' },
      channel: 'export',
      subjects: { ids: [id] },
    });
    expect((await accesses(residentId))[0]).toMatchObject({
      channel: 'export',
      reader: 'clerk-7',
      purpose: 'task:核对 2026',
      operation: 'OnFile',
    });
    // A file that shows the person masked, or does not show them, is no access.
    const before = (await accesses(residentId)).filter(({ channel }) => channel === 'export').length;
    await fetch(`${t.hub.url}/export/power-list-use.ndjson`, { headers: headers('task:counting') });
    expect((await accesses(residentId)).filter(({ channel }) => channel === 'export')).toHaveLength(before);
  });

  test('is made only by auditors, for a valid identity number', async () => {
    const { residentId } = await somebody();
    for (const client of [clerk, t.anybody, withTask('curious')]) {
      const { data, errors } = await client.ask(report, { id: residentId });
      expect({ data, code: errors?.[0]?.extensions?.code }).toEqual({
        data: { dataSubjectReport: null },
        code: 'FORBIDDEN',
      });
    }
    const { errors } = await auditor.ask(report, { id: '371482190001011234' });
    expect(errors![0]!.extensions!.code).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(errors)).not.toContain('371482190001011234');
  });

  test('leaves out reads by the police under seal, until an audit administrator releases them', async () => {
    const { id, residentId } = await somebody(1);
    const token = await issuer.token({ sub: 'officer-3', role: 'officer', agency: 'police', host: 'town' });
    const lastDay = townDay(new Date(Date.now() + 86_400_000));
    const security = new HallClient(t.hub.url, await issuer.token({ sub: 'security', role: 'security-admin' }));
    await security.ask(
      `mutation { orderSealing(number: "2026-17", subject: "officer-3", until: "${lastDay}") { until } }`,
    );
    const { added } = await noted(() =>
      withTask('household-check sealed:2026-17', token).ask(question, { id: residentId }),
    );
    expect(added).toHaveLength(1);
    expect(added[0]).toMatchObject({ sealed: true, sealedUntil: lastDay, subjects: { ids: [id] } });
    expect((await accesses(residentId)).filter(a => a.reader === 'officer-3')).toEqual([]);

    const { seq } = added[0]!;
    expect((await command('report', id)).output).not.toContain('officer-3');
    const counted = await command('sealed');
    expect(counted.output).toContain(`2026-17\tofficer-3\tpolice\t${lastDay}\t1\t0`);
    expect(counted.output).not.toContain(id);
    // The running hub writes the release into its log.
    const released = await command('release', String(seq), '--reason', 'a court asked for it');
    expect({ code: released.code, said: released.remarks }).toEqual({
      code: 0,
      said: expect.stringMatching(`Entry ${seq} is released, by entry \\d+`),
    });
    expect((await accesses(residentId)).filter(a => a.reader === 'officer-3')).toMatchObject([
      { entry: seq, agency: 'police', purpose: 'task:household-check' },
    ]);
    expect((await command('report', id)).output).toContain('officer-3');
  });
});

describe('an operator who looks at a parked item, as it came', () => {
  const secret = '房寺镇某某 13072219111';
  async function parkedItem(): Promise<string> {
    const text = `insert into hub_parked (agency, raw_digest, raw, field, reason, adapter_version, state, parked_at)
      values ('commerce', md5(random()::text), convert_to('${secret}', 'UTF8'), 'PRIPID', 'is empty', '1', 'OPEN', now()) returning id`;
    return (await readDatabase(text))[0]![0]!;
  }
  const show = (id: string, places: Record<string, string>) => {
    const { DATABASE_URL, HUB_IDENTITY_KEY } = t.environment as Record<string, string>;
    const environment = {
      DATABASE_URL: DATABASE_URL!,
      HUB_IDENTITY_KEY: HUB_IDENTITY_KEY!,
      HUB_AGENCIES: 'commerce,police',
      ...places,
    };
    return new SpawnedCommand('npm', ['run', '--silent', 'hub', '--', 'parked', 'show', id], environment);
  };

  test('is logged by the running hub, and only then shown the item', async () => {
    const id = await parkedItem();
    const { result: shown, added } = await noted(async () => {
      const command = show(id, { HUB_AUDIT_DIR: dir(), HUB_AUDIT_ROOTS: roots() });
      expect(await command.ended).toBe(0);
      return command.output;
    });
    expect(shown).toContain(secret);
    expect(added).toMatchObject([
      {
        act: 'read',
        who: { role: 'integrator' },
        channel: 'command',
        operation: { name: 'parked show' },
        of: { parked: Number(id) },
      },
    ]);
  });

  test('is shown nothing when the look cannot be logged', async () => {
    const command = show(await parkedItem(), { HUB_AUDIT_DIR: '/dev/null/log', HUB_AUDIT_ROOTS: roots() });
    expect(await command.ended).toBe(1);
    expect(command.output).not.toContain(secret);
    expect(command.errors).toContain('HUB_AUDIT_DIR should be');
  });
});

/** Runs the command without a database: the log and its roots are all that it has. */
async function command(...args: string[]) {
  const places = { HUB_AUDIT_DIR: dir(), HUB_AUDIT_ROOTS: roots() };
  const run = new SpawnedCommand('npm', ['run', '--silent', 'hub', '--', 'audit', ...args], places);
  const code = await run.ended;
  return { code, output: run.output, remarks: run.errors };
}

test('a command that knows nothing of the hub proves the log', async () => {
  const { code, output, remarks } = await command('verify');
  expect({ code, output }).toEqual({ code: 0, output: remarks });
  expect(remarks).toMatch(/As it was written: entries 1 to \d+/);
});

describe('while the log cannot be written', () => {
  const away = () => `${dir()}.away`;
  test('personal data is refused, public data is served, and normal service resumes by itself', async () => {
    const asked = 'query Q { persons(first: 2) { nodes { id name } } }';
    renameSync(dir(), away());
    try {
      const refused = await post(asked, { 'x-purpose': 'task:intake' });
      expect(JSON.parse(refused.text)).toEqual({
        errors: [{ message: expect.any(String), extensions: { code: 'AUDIT_UNAVAILABLE', retry: true } }],
      });
      const modern = { 'x-purpose': 'task:intake', accept: 'application/graphql-response+json' };
      expect((await post(asked, modern)).status).toBe(503);
      expect(JSON.parse((await post(asked, {})).text).data.persons.nodes).toHaveLength(2);
      expect((await t.anybody.ask('{ agencies { nodes { code } } }')).data.agencies.nodes.length).toBeGreaterThan(0);

      const inbox = await resume(withTask('screen'));
      const event = await inbox.next();
      expect(event.data).toBeUndefined();
      const place = { cursor: expect.any(String), position: expect.any(Number) };
      expect(event.errors!.map(e => e.extensions)).toEqual([{ code: 'AUDIT_UNAVAILABLE', retry: true, ...place }]);
      await expect(inbox.next()).rejects.toThrow('ended');
      await inbox.close();
    } finally {
      renameSync(away(), dir());
    }
    const { result, added } = await noted(() => post(asked, { 'x-purpose': 'task:intake' }));
    expect(JSON.parse(result.text).data.persons.nodes).toHaveLength(2);
    // Refused entries are either absent or present without an answer; the last entry is about this answer.
    expect(added.at(-1)!.result).toBe(hash('sha256', result.text, 'hex'));
  });
});

test('the log and its roots name nobody, and the log is complete when the hub has stopped', async () => {
  const name =
    'query Wide { persons(first: 100) { nodes { residentId name address phone } } marketEntities(first: 100) { nodes { name } } }';
  await withTask('everybody').ask(name.replace(' phone', ''));
  await t.stopHub();
  const { faults, remarks, last } = await verifyLog(dir(), roots());
  expect({ faults, remarks }).toEqual({ faults: [], remarks: [] });
  expect(last).toBeGreaterThan(25);
  const files = [dir(), roots()].flatMap(folder =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => path.join(entry.parentPath, entry.name)),
  );
  expect(files.length).toBeGreaterThan(3);
  const text = files.map(file => readFileSync(file, 'latin1') + readFileSync(file, 'utf8')).join('\n');
  const { residents, businesses } = makeTownship({ population, seed });
  const named = [
    ...residents.flatMap(r => [r.residentId, r.phone, r.name]),
    ...businesses.flatMap(b => [b.phone, b.representativeName]),
  ].filter(value => value.length > 2 && text.includes(value));
  expect(named.length).toBe(0);
});
