/**
 * Promise 4: every delivery passes the current policy; tokens are renewed on the open socket, which ends when they are
 * not.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Approval, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import { SharingGrant } from '../../../src/catalog/nouns/agencies.ts';
import { Matter } from '../../../src/catalog/nouns/matters.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { readConfig } from '../../../src/config.ts';
import { type RunningHub, startHub } from '../../../src/hub.ts';
import { greet } from '../../support/greeting.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { type Frame, Wire } from '../../support/wire.ts';

const promisedMs = 2_000;
const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-rights-'));
let t: TestHub;
let other: RunningHub;
let issuer: TokenIssuer;
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const settings = { HUB_FRAMES_PER_SECOND: '100000', HUB_CLOCK_SKEW_SECONDS: '0' };
  t = await startTestHub({ adapters: await silentAdapters(), environment: { ...issuer.environment, ...settings } });
  const environment = { ...t.environment, HUB_AUDIT_DIR: `${folder}/audit`, HUB_AUDIT_ROOTS: `${folder}/roots` };
  other = await startHub(readConfig(environment), environment, await silentAdapters());
});
afterAll(async () => {
  await other?.stop();
  await t?.stop();
  rmSync(folder, { recursive: true });
});

const changes =
  'subscription ($oldest: Boolean) { changes(oldest: $oldest) { cursor position kind caseNo node { id } } }';
const board = 'subscription { caseBoard { type cursor position reason removed nodes { id caseNo } } }';
const wires: Wire[] = [];
async function open(token: string, purpose?: string, hub: RunningHub = t.hub): Promise<Wire> {
  const wire = await Wire.open(hub.url, { token, purpose });
  wires.push(wire);
  return wire;
}
afterEach(async () => {
  for (const wire of wires.splice(0)) await wire.leave();
});
let version = 0;
function happen(agency: string, caseNo: string): Promise<number> {
  version += 1;
  return stateRecords(t.hub.store, agency, [
    plainStatement(CaseReport, `report of ${caseNo}`, { caseNo, windowCode: `window ${version}` }, version),
  ]);
}
const isEnd = ({ type }: Frame) => type === 'error' || type === 'complete';
const casesOf = (wire: Wire) =>
  wire.frames.flatMap(({ type, payload }) => (type === 'next' ? [payload.data.changes.caseNo as string] : []));
const renew = async (wire: Wire, token: string) => {
  const looked = wire.frames.length;
  wire.say({ type: 'ping', payload: { authorization: `Bearer ${token}` } });
  return (await wire.until(({ type }) => type === 'pong', looked)).payload;
};

test('a token that is renewed by a ping keeps its streams; otherwise they end with their cursor, and the socket closes', async () => {
  const claims = { role: 'clerk', sub: 'renewing' };
  const [kept, left] = [await open(await issuer.token(claims, '2s')), await open(await issuer.token(claims, '2s'))];
  for (const wire of [kept, left]) wire.subscribe('1', changes);
  await Promise.all([kept, left].map(wire => wire.proven('1', 0)));
  expect(await renew(kept, await issuer.token(claims))).toMatchObject({ renewedUntil: expect.any(String) });
  await happen('land', 'before');
  const end = await left.until(isEnd);
  expect(end).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'TOKEN_EXPIRED', retry: true } }] });
  expect(await left.closed).toEqual({ code: 4401, reason: 'Token expired' });
  // No Complete message follows the Error, and the cursor is that of the last delivery.
  expect(left.frames.filter(isEnd)).toHaveLength(1);
  await happen('land', 'after');
  await kept.until(({ payload }) => payload?.data?.changes.caseNo === 'after');
  expect(casesOf(left)).toEqual(['before', 'before']);
  expect(new Set(casesOf(kept))).toEqual(new Set(['before', 'after']));
});

test('an invalid token, or one of somebody else, renews nothing', async () => {
  const claims = { role: 'clerk', sub: 'careless' };
  const wire = await open(await issuer.token(claims, '2s'));
  wire.subscribe('1', changes);
  const unauthenticated = { code: 'UNAUTHENTICATED', retry: false, reason: expect.any(String) };
  const bad = {
    ...(await issuer.badTokens(claims)),
    'of somebody else': await issuer.token({ ...claims, sub: 'other' }),
  };
  for (const [what, token] of Object.entries(bad)) {
    expect([what, await renew(wire, token)]).toEqual([
      what,
      expect.objectContaining({ errors: [expect.objectContaining({ extensions: unauthenticated })] }),
    ]);
  }
  expect(await wire.closed).toEqual({ code: 4401, reason: 'Token expired' });
});

test('a new token with another role ends boards, and `changes` goes on under the new rights', async () => {
  const claims = { sub: 'moved', host: 'town' };
  const wire = await open(await issuer.token({ ...claims, role: 'clerk' }));
  wire.subscribe('board', board);
  wire.subscribe('changes', changes);
  await Promise.all(['board', 'changes'].map(id => wire.proven(id, 0)));
  await renew(wire, await issuer.token({ ...claims, role: 'officer', agency: 'land' }));
  const { payload } = await wire.until(frame => frame.id === 'board' && frame.type === 'error');
  expect(payload[0].extensions).toEqual({ code: 'RIGHTS_CHANGED', retry: true });
  await happen('police', 'hidden');
  await happen('land', 'own');
  await wire.until(frame => frame.payload?.data?.changes?.caseNo === 'own');
  const seen = wire.frames.flatMap(({ id, type, payload: p }) =>
    id === 'changes' && type === 'next' ? [p.data.changes.caseNo] : [],
  );
  expect(seen).not.toContain('hidden');
});

test('a session that is ended receives nothing more, on any replica, even in the middle of a replay', async () => {
  for (let i = 0; i < 10; i++) {
    const steps = Array.from({ length: 100 }, (_, n) =>
      plainStatement(Approval, `step ${i} ${n}`, { caseNo: `long ${i}` }),
    );
    await stateRecords(t.hub.store, 'land', steps);
  }
  const token = await issuer.token({ role: 'clerk', sub: 'leaving', sid: 'a session' });
  const security = new HallClient(t.hub.url, await issuer.token({ role: 'security-admin', sub: 'security' }));
  const replays = await Promise.all([t.hub, other].map(hub => open(token, undefined, hub)));
  for (const wire of replays) wire.subscribe('1', changes, { oldest: true });
  await Promise.all(replays.map(wire => wire.until(({ type }) => type === 'next')));
  const from = performance.now();
  const { errors } = await security.ask(
    'mutation { endSession(session: "a session", reason: "the device was lost") { until } }',
  );
  expect(errors).toBeUndefined();
  for (const wire of replays) expect([4401, 1006]).toContain((await wire.closed).code);
  expect(performance.now() - from).toBeLessThan(promisedMs);
  expect(await greet(other.url, { authorization: `Bearer ${token}` })).toMatchObject({ code: 4401 });
});

test('what one agency shares with another for a time is sent during that time only', async () => {
  const grant = (state: string, no: number) =>
    stateRecords(t.hub.store, 'town', [
      plainStatement(
        SharingGrant,
        'grant',
        {
          giverCode: 'police',
          takerCode: 'land',
          kinds: 'Approval',
          matterCode: 'M-1',
          validFrom: '2020-01-01',
          validTo: '2099-01-01',
          state,
        },
        no,
      ),
    ]);
  const step = (name: string, no: number) =>
    stateRecords(t.hub.store, 'police', [plainStatement(Approval, 'shared step', { caseNo: 'shared', name }, no)]);
  const token = await issuer.token({ role: 'officer', sub: 'taker', agency: 'land', host: 'town' });
  const steps = 'subscription { approvalUpdates(where: { caseNo: { eq: "shared" } }) { type nodes { name } } }';
  const watch = async () => {
    const wire = await open(token, 'matter:M-1');
    wire.subscribe('1', steps);
    const first = await wire.until(({ type }) => type === 'next');
    return { wire, names: first.payload.data.approvalUpdates.nodes.map(({ name }: { name: string }) => name) };
  };
  const matter = { code: 'M-1', edition: 1, title: 'shared', agencyCode: 'land', hallCode: 'hall', state: 'IN_FORCE' };
  await stateRecords(t.hub.store, 'town', [plainStatement(Matter, 'matter', matter, 1)]);
  await t.hub.purposes.refresh();
  await step('one', 1);
  const before = await watch();
  expect(before.names).toEqual([]);
  await grant('ACTIVE', 1);
  const told = async (wire: Wire) => (await wire.until(isEnd)).payload[0].extensions.code;
  expect(await told(before.wire)).toBe('RIGHTS_CHANGED');
  const during = await watch();
  expect(during.names).toEqual(['one']);
  await step('two', 2);
  await during.wire.until(({ payload }) => payload?.data?.approvalUpdates.nodes[0]?.name === 'two');
  const from = performance.now();
  await grant('REVOKED', 2);
  expect(await told(during.wire)).toBe('RIGHTS_CHANGED');
  expect(performance.now() - from).toBeLessThan(promisedMs + 1_000);
  await step('three', 3);
  const after = await watch();
  expect(after.names).toEqual([]);
  expect(JSON.stringify(during.wire.frames)).not.toContain('three');
});
