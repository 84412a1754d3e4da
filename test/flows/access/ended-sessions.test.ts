import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { staff } from '../../../seeds/identity-provider/accounts.ts';
import { ProviderProcess } from '../../../seeds/identity-provider/provider-process.ts';
import { signIn } from '../../../seeds/identity-provider/sign-in.ts';
import { HallClient, type Inbox } from '../../../src/cli/hall-client.ts';
import { readConfig } from '../../../src/config.ts';
import { type RunningHub, startHub } from '../../../src/hub.ts';
import { systemTokenOf, trusting } from '../../support/identity-provider.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { scriptedAgency, tell } from '../../support/scripted-adapter.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const promisedMs = 2_000;
const { adapter, source, holding } = scriptedAgency('orchard', 'Orchard');
const question = '{ persons(first: 1) { totalCount } }';
const mutation =
  'mutation End($session: String, $subject: String) { endSession(session: $session, subject: $subject, reason: "the device was lost") { session subject endedAt until } }';

let provider: ProviderProcess;
let town: TestHub;
/** Two processes of one hub for all practical purposes: each has its own memory and connections. */
let hubs: readonly RunningHub[] = [];
let security: HallClient;
const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-ended-'));
let started = 0;
function startAnother(): Promise<RunningHub> {
  const own = path.join(folder, String(++started));
  const environment = { ...town.environment, HUB_AUDIT_DIR: `${own}/audit`, HUB_AUDIT_ROOTS: `${own}/roots` };
  return startHub(readConfig(environment), environment, [adapter]);
}

beforeAll(async () => {
  provider = await ProviderProcess.start();
  town = await startTestHub({
    adapters: [adapter],
    environment: { ...trusting(provider.issuer), HUB_CLOCK_SKEW_SECONDS: '0' },
  });
  hubs = [town.hub, await startAnother()];
  security = new HallClient(hubs[0]!.url, await signIn(provider.issuer, 'security-admin-1'));
});
afterAll(async () => {
  await hubs[1]?.stop();
  await town.stop();
  await provider.stop();
  rmSync(folder, { recursive: true });
});

const ask = async (hub: RunningHub, token: string) => {
  const { errors } = await new HallClient(hub.url, token).ask(question);
  return errors ? errors[0]!.extensions : 'answered';
};
const ended = { code: 'UNAUTHENTICATED', reason: 'the session of the token was ended, sign in again' };
const follow = (token: string) =>
  Promise.all(hubs.map(hub => new HallClient(hub.url, token).subscribe('subscription { changes { kind } }')));
/** Why a socket was closed; fails when something else arrives first. */
const closing = async (inbox: Inbox): Promise<{ code: number; reason: string }> => {
  const message = await inbox.next().catch(({ code, reason }) => ({ code, reason }));
  return message as never;
};
const closedBy = (reason: string) => ({ code: 4401, reason });

let holdings = 0;
function tellChange(): void {
  const number = `H${++holdings}`;
  source.pages.push({ items: [tell(plainStatement(holding, number, { number }))] });
}

test('a session that is ended at one process is refused by all within 2 s, and its sockets are closed', async () => {
  const [token, other] = [await signIn(provider.issuer, 'clerk-1'), await signIn(provider.issuer, 'clerk-1')];
  const [sockets, others] = [await follow(token), await follow(other)];
  for (const hub of hubs) expect(await ask(hub, token)).toBe('answered');

  const from = performance.now();
  const { data } = await security.ask(mutation, { session: decodeJwt(token).sid });
  expect(data.endSession).toMatchObject({ session: decodeJwt(token).sid, subject: null });
  expect(await Promise.all(sockets.map(closing))).toEqual(hubs.map(() => closedBy('Session ended')));
  for (const hub of hubs) expect(await ask(hub, token)).toMatchObject(ended);
  expect(performance.now() - from).toBeLessThan(promisedMs);

  // The feed goes on for the other session of the same person; the ended session gets none of it.
  tellChange();
  for (const inbox of others) expect((await inbox.next()).data.changes.kind).toBe(holding.name);
  for (const inbox of sockets) await expect(inbox.next()).rejects.toMatchObject({ code: 4401 });
  for (const hub of hubs) expect(await ask(hub, other)).toBe('answered');
  await Promise.all(others.map(inbox => inbox.close()));
});

test('a process that starts later knows of the ended session', async () => {
  const token = await signIn(provider.issuer, 'clerk-2');
  await security.ask(mutation, { session: decodeJwt(token).sid });
  const later = await startAnother();
  try {
    expect(await ask(later, token)).toMatchObject(ended);
  } finally {
    await later.stop();
  }
});

test("a system's tokens are ended by its name, and it may sign in again", async () => {
  const token = await systemTokenOf(provider, 'hall-screen');
  const sockets = await follow(token);
  const { data } = await security.ask(mutation, { subject: 'hall-screen' });
  expect(data.endSession).toMatchObject({ session: null, subject: 'hall-screen' });
  expect(await Promise.all(sockets.map(closing))).toEqual(hubs.map(() => closedBy('Session ended')));
  for (const hub of hubs) expect(await ask(hub, token)).toMatchObject(ended);
  // Tokens count in whole seconds, so within one second nobody knows which came first.
  const deadline = performance.now() + promisedMs;
  while ((await ask(hubs[1]!, await systemTokenOf(provider, 'hall-screen'))) !== 'answered') {
    expect(performance.now()).toBeLessThan(deadline);
    await delay(50);
  }
  expect(await ask(hubs[1]!, token)).toMatchObject(ended);
});

test('a lost connection to the database breaks no promise', async () => {
  const token = await signIn(provider.issuer, 'analyst-1');
  const sockets = await follow(token);
  const client = new pg.Client(town.environment.DATABASE_URL);
  await client.connect();
  const { rows } = await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and query like '%from hub_ended_session%'`,
  );
  await client.end();
  expect(rows.length).toBeGreaterThanOrEqual(hubs.length);
  const from = performance.now();
  await security.ask(mutation, { session: decodeJwt(token).sid });
  expect(await Promise.all(sockets.map(closing))).toEqual(hubs.map(() => closedBy('Session ended')));
  expect(performance.now() - from).toBeLessThan(promisedMs);
});

test('a socket does not outlive its token, and each stream on it ends with the cursor to resume from', async () => {
  // Tokens live 12 hours: this one has 2 seconds left.
  await provider.setClock(-43_198);
  const sockets = await follow(await signIn(provider.issuer, 'director-1')).finally(() => provider.setClock(0));
  for (const inbox of sockets) {
    const { errors } = await inbox.next();
    expect(errors).toMatchObject([{ extensions: { code: 'TOKEN_EXPIRED', cursor: expect.any(String) } }]);
    await expect(inbox.next()).rejects.toThrow('ended');
  }
});

describe('ending a session', () => {
  test('for a second time changes nothing', async () => {
    const session = 'a-session-of-somebody';
    const [first, second] = [await security.ask(mutation, { session }), await security.ask(mutation, { session })];
    expect(second.data.endSession.endedAt).toBe(first.data.endSession.endedAt);
    expect(second.errors).toBeUndefined();
  });

  const others = staff.filter(({ claims }) => claims.role !== 'security-admin');
  test.each([...new Map(others.map(account => [account.claims.role, account.subject]))])(
    'is forbidden to the role %s',
    async (_role, subject) => {
      const client = new HallClient(hubs[0]!.url, await signIn(provider.issuer, subject));
      const { data, errors } = await client.ask(mutation, { subject: 'clerk-2' });
      expect(data?.endSession ?? null).toBeNull();
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    },
  );

  test('is forbidden to the public', async () => {
    const { errors } = await new HallClient(hubs[0]!.url, null).ask(mutation, { subject: 'clerk-2' });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  test.each([
    ['nothing', {}],
    ['both', { session: 'a', subject: 'b' }],
    ['emptiness', { session: '' }],
    ['too much', { subject: 'x'.repeat(201) }],
  ])('needs one session or one subject: %s is refused', async (_what, variables) => {
    const { errors } = await security.ask(mutation, variables);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});
