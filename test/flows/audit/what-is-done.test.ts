/** What readers do and what is refused to them: who, what, why and how it ended, over a whole hub. */
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rules } from '../../../src/access/rules.ts';
import { makeSchema } from '../../../src/api/schema/schema.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { auditActNames } from '../../../src/domain/audit-acts.ts';
import { townDay } from '../../../src/domain/town-day.ts';
import { entriesIn, notedBy } from '../../support/noted-reads.ts';
import { SpawnedCommand } from '../../support/spawned-command.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testTask } from '../../support/test-purposes.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

let t: TestHub;
let issuer: TokenIssuer;
const readers = new Map<string, HallClient>();
const tokens = new Map<string, string>();
const reader = (role: string): HallClient => readers.get(role)!;

beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const agencies = ['commerce', 'food-drug'];
  t = await startTestHub({ agencies, population: 300, faultless: true, environment: issuer.environment });
  await t.synchronised();
  const claims = {
    clerk: {},
    analyst: {},
    integrator: { agency: 'food-drug' },
    auditor: {},
    'security-admin': {},
    'audit-admin': {},
    'system-admin': {},
  };
  for (const [role, more] of Object.entries(claims)) {
    const token = await issuer.token({ sub: `${role}-1`, role, ...more });
    tokens.set(role, token);
    readers.set(role, new HallClient(t.hub.url, token, role === 'clerk' ? `task:${testTask}` : null));
  }
});
afterAll(() => t?.stop());

const dir = () => t.environment.HUB_AUDIT_DIR!;
const noted = <T>(work: () => Promise<T>) => notedBy(dir(), work);
/** A refusal is noted beside its answer: this reads the log until it has as many entries more. */
async function settled<T>(entries: number, work: () => Promise<T>) {
  const before = entriesIn(dir()).length;
  const result = await work();
  while (entriesIn(dir()).length < before + entries) await new Promise(resolve => setTimeout(resolve, 5));
  return { result, added: entriesIn(dir()).slice(before) };
}
const why = 'the device was lost at the window';
const person = async () => {
  const [row] = await t.hub.store.database.read('select id from hub_person order by id limit 1', []);
  return `Person:${row![0]}`;
};
const tomorrow = () => townDay(new Date(Date.now() + 86_400_000));
const codesOf = ({ errors }: { errors?: readonly { extensions?: Record<string, unknown> }[] }) =>
  errors?.map(({ extensions }) => extensions!.code);

interface Sample {
  readonly act: string;
  readonly by: string;
  readonly text: () => string | Promise<string>;
  /** What the entry says of it. */
  readonly says: object;
  readonly refusedTo: string;
}
let orders = 0;
/** One for each mutation, and for each query that is an act; a further one fails the first test. */
const samples: Readonly<Record<string, Sample>> = {
  'Mutation.endSession': {
    act: 'end-session',
    by: 'security-admin',
    text: () => `mutation { endSession(session: "s-17", reason: "${why}") { until } }`,
    says: { reason: why, about: { session: 's-17' } },
    refusedTo: 'clerk',
  },
  'Mutation.orderSealing': {
    act: 'seal',
    by: 'security-admin',
    text: () =>
      `mutation { orderSealing(number: "2026-${++orders}", subject: "o-1", until: "${tomorrow()}") { until } }`,
    says: { reason: expect.stringMatching(/^order 2026-/), about: { subject: 'o-1' } },
    refusedTo: 'auditor',
  },
  'Mutation.orderExport': {
    act: 'export',
    by: 'clerk',
    text: () =>
      'mutation { orderExport(operation: "query Files { regions { nodes { code } } }", format: "csv") { path } }',
    says: { about: { format: 'csv', operation: 'Files' }, purpose: { kind: 'task', value: testTask } },
    refusedTo: '',
  },
  'Mutation.requestUnmask': {
    act: 'unmask',
    by: 'clerk',
    text: async () => `mutation { requestUnmask(id: "${await person()}", reason: "${why}") { until } }`,
    says: { reason: why, subjects: { count: 1 } },
    refusedTo: 'analyst',
  },
  'Query.explainAccess': {
    act: 'explain',
    by: 'security-admin',
    text: async () =>
      `{ explainAccess(id: "${await person()}", reader: { role: "officer", subject: "o-1" }) { visible } }`,
    says: { about: { record: expect.stringMatching(/^Person:/), role: 'officer', subject: 'o-1' } },
    refusedTo: 'clerk',
  },
  'Query.auditEntries': {
    act: 'consult',
    by: 'audit-admin',
    text: () => '{ auditEntries(first: 1, acts: [SEAL]) { next } }',
    says: { about: { acts: 'seal' } },
    refusedTo: 'clerk',
  },
};

describe('an act', () => {
  test('has a sample here if it is a mutation', () => {
    const schema = makeSchema(t.hub.store.catalog, t.hub.adapters);
    const mutations = Object.keys(schema.getMutationType()!.getFields()).map(name => `Mutation.${name}`);
    expect(
      Object.keys(samples)
        .filter(place => place.startsWith('Mutation.'))
        .sort(),
    ).toEqual(mutations.sort());
  });

  test.each(Object.entries(samples))('is noted before it is done: %s', async (_place, { act, by, text, says }) => {
    const query = await text();
    const { result, added } = await noted(() => reader(by).ask(query));
    expect(codesOf(result)).toBeUndefined();
    expect(added).toHaveLength(1);
    expect(added[0]).toMatchObject({
      act,
      outcome: 'allowed',
      who: { subject: `${by}-1`, role: by },
      channel: 'http',
      ...says,
    });
  });

  const refusable = Object.entries(samples).filter(([, { refusedTo }]) => refusedTo);
  test.each(refusable)('is noted when it is refused: %s', async (place, { act, text, refusedTo }) => {
    const query = await text();
    const { result, added } = await settled(1, () => reader(refusedTo).ask(query));
    expect(codesOf(result)).toEqual(['FORBIDDEN']);
    expect(added).toMatchObject([
      {
        act,
        outcome: 'refused',
        who: { role: refusedTo },
        about: { field: place, code: 'FORBIDDEN' },
        counts: { times: 1 },
      },
    ]);
  });

  test('without a reason is not done, and that is noted', async () => {
    const query = 'mutation { endSession(session: "s-18", reason: "aaaaaaaaaaaa") { until } }';
    const { result, added } = await settled(1, () => reader('security-admin').ask(query));
    expect(codesOf(result)).toEqual(['BAD_USER_INPUT']);
    expect(added).toMatchObject([{ act: 'end-session', outcome: 'refused', about: { code: 'BAD_USER_INPUT' } }]);
  });

  test('that fails after it was allowed has a second entry', async () => {
    const { database } = t.hub.store;
    await database.read('alter table hub_ended_session rename to hub_ended_session_away', []);
    const { result, added } = await noted(() =>
      reader('security-admin').ask(samples['Mutation.endSession']!.text() as string),
    );
    await database.read('alter table hub_ended_session_away rename to hub_ended_session', []);
    expect(codesOf(result)).toEqual(['INTERNAL']);
    expect(added).toMatchObject([
      { act: 'end-session', outcome: 'allowed' },
      { act: 'end-session', outcome: 'failed', about: { code: 'INTERNAL' }, of: { entry: added[0]!.seq } },
    ]);
  });
});

describe('a refused read', () => {
  const secret = 'n13812345678';
  const filter = `{ ${secret}: persons(where: { name: { eq: "张三" } }) { totalCount } }`;

  test('names the field and the code, and neither aliases nor values', async () => {
    const { result, added } = await settled(1, () => reader('analyst').ask(filter));
    expect(codesOf(result)).toEqual(['FILTER_FORBIDDEN']);
    expect(added).toMatchObject([
      {
        act: 'refuse',
        outcome: 'refused',
        who: { subject: 'analyst-1' },
        about: { field: 'persons', code: 'FILTER_FORBIDDEN' },
      },
    ]);
    expect(JSON.stringify(added)).not.toMatch(/13812345678|张三/);
  });

  test('is noted on a socket, on an event stream, and for a report', async () => {
    await settled(3, async () => {
      const inbox = await reader('system-admin').subscribe('{ cases { totalCount } }');
      await inbox.next();
      await inbox.close();
      const headers = { authorization: `Bearer ${tokens.get('system-admin')}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ query: '{ approvals { totalCount } }' });
      await (await fetch(`${t.hub.url}/graphql/stream`, { method: 'POST', headers, body })).text();
      await reader('clerk').ask('{ dataSubjectReport(residentId: "371482190001011234") { more } }');
    });
    const told = entriesIn(dir()).filter(({ act }) => act === 'refuse');
    expect(told.map(({ about }) => about!.field)).toEqual(
      expect.arrayContaining(['cases', 'approvals', 'dataSubjectReport']),
    );
  });
});

describe('the log in the graph', () => {
  const page = `nodes { entry at act outcome role actor agency reason purpose details { name value } times readers persons
    operation channel policy } next`;
  const ask = (role: string, args = '') => reader(role).ask(`{ auditEntries${args} { ${page} } }`);

  test('tells an integrator of the own agency only', async () => {
    await settled(2, async () => {
      for (const agency of ['food-drug', 'nobody'])
        await fetch(`${t.hub.url}/push/${agency}`, { method: 'POST', body: '{}' });
    });
    const { data } = await ask('integrator', '(first: 200)');
    expect(new Set(data.auditEntries.nodes.map(({ agency }: { agency: string }) => agency))).toEqual(
      new Set(['food-drug']),
    );
  });

  test('shows each role the acts of its rule, and nothing to others', async () => {
    for (const [role, client] of readers) {
      const { data, errors } = await client.ask('{ auditEntries(first: 200) { nodes { act agency } } }');
      const may = rules[role as keyof typeof rules].log;
      if (!may.length) expect([role, errors![0]!.extensions!.code]).toEqual([role, 'FORBIDDEN']);
      const acts = (data.auditEntries?.nodes ?? []).map(({ act }: { act: string }) =>
        act.toLowerCase().replace('_', '-'),
      );
      expect([role, acts.filter((act: string) => !may.includes(act as never))]).toEqual([role, []]);
      expect([role, acts.length > 0]).toEqual([role, may.length > 0]);
    }
    const { errors } = await ask('auditor', '(acts: [READ, SEAL])');
    expect(errors).toMatchObject([{ message: expect.stringContaining('SEAL'), extensions: { code: 'FORBIDDEN' } }]);
  });

  test('is read page by page, by act and by time, and every look is noted', async () => {
    await reader('security-admin').ask(await samples['Mutation.endSession']!.text());
    const mine = '(first: 1, acts: [END_SESSION]';
    const { result, added } = await noted(() => ask('security-admin', `${mine})`));
    expect(added).toMatchObject([
      { act: 'consult', who: { subject: 'security-admin-1' }, about: { acts: 'end-session' } },
    ]);
    const [newest] = result.data.auditEntries.nodes;
    expect(newest).toMatchObject({ act: 'END_SESSION', outcome: 'allowed', actor: 'security-admin-1', reason: why });
    expect(newest.details).toEqual([{ name: 'session', value: 's-17' }]);
    const all: number[] = [];
    for (let next = result.data.auditEntries.next; next !== null; ) {
      const { data } = await ask('security-admin', `${mine}, before: ${next})`);
      all.push(...data.auditEntries.nodes.map(({ entry }: { entry: number }) => entry));
      next = data.auditEntries.next;
    }
    const known = entriesIn(dir())
      .filter(({ act }) => act === 'end-session')
      .map(({ seq }) => seq);
    expect([newest.entry, ...all]).toEqual(known.toReversed());
    const during = await ask('security-admin', `${mine}, since: "${newest.at}", until: "2100-01-01T00:00:00Z")`);
    expect(during.data.auditEntries.nodes).toMatchObject([{ entry: newest.entry }]);
    const earlier = await ask('security-admin', `${mine}, until: "2000-01-01T00:00:00Z")`);
    expect(earlier.data.auditEntries).toEqual({ nodes: [], next: null });
  });
});

test('every act is read by the audit administrator, and a log begins with the version of the rules', () => {
  expect([...rules['audit-admin'].log].sort()).toEqual([...auditActNames].sort());
  const first = entriesIn(dir()).find(({ policy }) => policy)!;
  expect(first).toMatchObject({ act: 'rules', about: { now: first.policy } });
});

describe('commands of operators', () => {
  const run = async (...words: string[]) => {
    const places = { HUB_AUDIT_DIR: dir(), HUB_AUDIT_ROOTS: t.environment.HUB_AUDIT_ROOTS! };
    const { DATABASE_URL, HUB_IDENTITY_KEY } = t.environment as Record<string, string>;
    const known = { DATABASE_URL: DATABASE_URL!, HUB_IDENTITY_KEY: HUB_IDENTITY_KEY! };
    const environment = { ...known, HUB_AGENCIES: 'commerce,food-drug', ...places };
    const command = new SpawnedCommand('npm', ['run', '--silent', 'hub', '--', ...words], environment);
    return { code: await command.ended, said: command.errors };
  };

  test('are noted with their reason, and how they ended', async () => {
    const { result, added } = await noted(() => run('removals', 'confirm', 'commerce', 'all', '--reason', why));
    expect(result.code).toBe(1);
    const entry = { act: 'command', channel: 'command', operation: { name: 'removals confirm' }, reason: why };
    expect(added).toMatchObject([
      { ...entry, outcome: 'allowed', about: { agency: 'commerce', set: 'all' }, who: { role: 'system-admin' } },
      { ...entry, outcome: 'failed', of: { entry: added[0]!.seq } },
    ]);
  });

  test('that decide something ask for a reason', async () => {
    const { result, added } = await noted(() => run('removals', 'drop', 'commerce', 'all'));
    expect(result).toEqual({ code: 2, said: expect.stringContaining('`--reason` should say why') });
    expect(added).toEqual([]);
  });

  test('are noted where they only show something, or state the registers', async () => {
    const { added } = await noted(async () => {
      expect((await run('audit', 'sealed')).code).toBe(0);
      expect((await run('load-town')).code).toBe(0);
    });
    expect(added.map(({ act, operation }) => `${act} ${operation?.name}`)).toEqual([
      'consult audit sealed',
      'command load-town',
    ]);
  });
});

test('while the log cannot be written, nothing is done that it must hold, and refusals are answered as ever', async () => {
  const counted = async () => (await t.hub.store.database.read('select count(*) from hub_ended_session', []))[0]![0];
  const before = await counted();
  renameSync(dir(), `${dir()}.away`);
  try {
    const text = `mutation { endSession(session: "s-99", reason: "${why}") { until } }`;
    expect(codesOf(await reader('security-admin').ask(text))).toEqual(['AUDIT_UNAVAILABLE']);
    expect(codesOf(await reader('audit-admin').ask('{ auditEntries { next } }'))).toEqual(['AUDIT_UNAVAILABLE']);
    expect(codesOf(await reader('system-admin').ask('{ cases { totalCount } }'))).toContain('FORBIDDEN');
    expect(await counted()).toBe(before);
  } finally {
    renameSync(`${dir()}.away`, dir());
  }
  expect(codesOf(await reader('security-admin').ask(await samples['Mutation.endSession']!.text()))).toBeUndefined();
});

test('thousands of refused tokens, deliveries and reads become few entries, and none is lost', async () => {
  const bad = await issuer.badTokens({ role: 'clerk' });
  const expired = await issuer.token({ role: 'clerk', sub: 'clerk-9', sid: 'morning' }, '-1 minute');
  const ask = (authorization: string | null) =>
    fetch(`${t.hub.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      body: '{"query":"{ cases { totalCount } }"}',
    }).then(response => response.arrayBuffer());
  const push = (agency: string) =>
    fetch(`${t.hub.url}/push/${agency}`, { method: 'POST', body: '{}' }).then(response => response.arrayBuffer());
  const before = entriesIn(dir()).length;
  const forged = Object.values(bad).filter(Boolean);
  for (let round = 0; round < 30; round++)
    await Promise.all([
      ...Array.from({ length: 40 }, (_, i) => ask(`Bearer ${forged[i % forged.length]}`)),
      ...Array.from({ length: 20 }, () => ask(`Bearer ${expired}`)),
      ...Array.from({ length: 20 }, () => ask(null)),
      ...Array.from({ length: 20 }, () => push('food-drug')),
      ...Array.from({ length: 20 }, (_, i) => push(`nobody-${i}`)),
    ]);
  await t.stopHub();
  const added = entriesIn(dir()).slice(before);
  expect(added.length).toBeLessThan(60);
  const counted = (act: string) =>
    added.filter(entry => entry.act === act).reduce((sum, { counts }) => sum + (counts.times ?? 1), 0);
  expect({ token: counted('token'), delivery: counted('delivery') }).toEqual({ token: 1_800, delivery: 1_200 });
  expect(counted('refuse')).toBeGreaterThanOrEqual(600);
  // A token whose signature holds says whose it is; for others nobody knows.
  const of = added.filter(({ act, about }) => act === 'token' && about!.problem === 'the token has expired');
  expect(new Set(of.map(({ who }) => who.subject))).toContain('clerk-9');
  expect(added.filter(({ act }) => act === 'delivery').map(({ who }) => who.agency)).toEqual(
    expect.arrayContaining(['food-drug', null]),
  );
  const text = readdirSync(dir())
    .filter(name => name.startsWith('entries'))
    .map(name => readFileSync(path.join(dir(), name), 'latin1'))
    .join('');
  for (const token of [expired, ...forged]) expect(text).not.toContain(token);
});
