import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { ProviderProcess } from '../../../seeds/identity-provider/provider-process.ts';
import { signIn } from '../../../seeds/identity-provider/sign-in.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { freePort, HubProcess } from '../../support/hub-process.ts';
import { trusting } from '../../support/identity-provider.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

/** Two operating-system processes work over one database, and the provider is a third process. */
const promisedMs = 2_000;
const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-two-'));
let provider: ProviderProcess;
let t: TestHub;
let other: HubProcess;
let urls: readonly [here: string, there: string];

beforeAll(async () => {
  provider = await ProviderProcess.start();
  const environment = { ...trusting(provider.issuer), HUB_CLOCK_SKEW_SECONDS: '0' };
  t = await startTestHub({ agencies: ['commerce'], population: 200, faultless: true, environment });
  await t.synchronised();
  const port = await freePort();
  other = HubProcess.start({
    ...t.environment,
    HUB_AGENCIES: 'commerce',
    HUB_PORT: String(port),
    HUB_AUDIT_DIR: path.join(folder, 'log'),
    HUB_AUDIT_ROOTS: path.join(folder, 'roots'),
  });
  urls = [t.hub.url, `http://localhost:${port}`];
  await other.during(opened(urls[1]));
});
afterAll(async () => {
  await other?.kill();
  await t?.stop();
  await provider?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function opened(url: string): Promise<void> {
  while (!(await fetch(`${url}/readyz`).catch(() => null))?.ok) await delay(50);
}
const question = '{ persons(first: 1) { nodes { id name } } }';
const ask = async (url: string, token: string) => {
  const { errors } = await new HallClient(url, token).ask(question);
  return errors ? errors[0]!.extensions?.reason : 'answered';
};

test.each([0, 1] as const)('a session that is ended in process %i ends in both, within 2 s', async at => {
  const token = await signIn(provider.issuer, 'clerk-1');
  const security = new HallClient(urls[at], await signIn(provider.issuer, 'security-admin-1'));
  const inboxes = await Promise.all(
    urls.map(url => new HallClient(url, token).subscribe('subscription { changes { kind } }')),
  );
  for (const url of urls) expect(await ask(url, token)).toBe('answered');
  const from = performance.now();
  await security.ask('mutation ($sid: String) { endSession(session: $sid, reason: "the device was lost") { until } }', {
    sid: decodeJwt(token).sid,
  });
  for (const inbox of inboxes)
    await expect(inbox.next()).rejects.toMatchObject({ code: 4401, reason: 'Session ended' });
  for (const url of urls) expect(await ask(url, token)).toBe('the session of the token was ended, sign in again');
  expect(performance.now() - from).toBeLessThan(promisedMs);
});

test('what is unmasked in one process is whole in the other, until the grant ends', async () => {
  const token = await signIn(provider.issuer, 'clerk-2');
  const { read } = t.hub.store.database;
  const [open] = await read(`select case_no from hub_case where not deleted order by id limit 1`, []);
  // A small town may have no open case.
  await read(`update hub_case set state = 'ACCEPTED' where case_no = $1`, [open![0]]);
  const [here, there] = urls.map(url => new HallClient(url, token, `case:${open![0]}`));
  const [person] = (await here!.ask('{ persons(first: 50) { nodes { id name } } }')).data.persons.nodes.filter(
    ({ name }: { name: string | null }) => name && name.length > 2 && name.includes('*'),
  );
  const name = async () => {
    const { data } = await there!.ask('query ($id: ID!) { node(id: $id) { ... on Person { name } } }', person);
    return data.node.name as string;
  };
  const becomes = async (masked: boolean) => {
    for (const from = performance.now(); (await name()).includes('*') !== masked; await delay(20))
      expect(performance.now() - from).toBeLessThan(promisedMs);
  };
  const text = 'mutation ($id: ID!) { requestUnmask(id: $id, reason: "the register is asked", minutes: 1) { grant } }';
  const { data, errors } = await here!.ask(text, person);
  expect(errors).toBeUndefined();
  await becomes(false);
  const shorten = `update hub_unmask_grant set until = now() + interval '200 milliseconds' where id = $1`;
  await t.hub.store.database.read(shorten, [data.requestUnmask.grant]);
  await becomes(true);
});
