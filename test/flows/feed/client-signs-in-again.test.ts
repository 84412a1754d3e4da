/** The bundled client fetches a fresh token when the hub refuses the one that it has, and gives up when it refuses both. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Client, createClient } from 'graphql-ws';
import { resumable } from 'outpost-hub/client';
import WebSocket from 'ws';
import { CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

let t: TestHub;
let issuer: TokenIssuer;
let expired: string;
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  t = await startTestHub({ adapters: await silentAdapters(), environment: issuer.environment });
  expired = (await issuer.badTokens({ role: 'clerk' })).expired!;
});
afterAll(() => t?.stop());

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose();
});

let changed = 0;
const happen = () =>
  stateRecords(t.hub.store, 'land', [
    plainStatement(CaseReport, `report ${++changed}`, { caseNo: `case ${changed}` }, changed),
  ]);

/** An application whose token is what `current` says; it counts how often it is asked for a fresh one. */
function application(current: string, fresh: (() => Promise<string>) | null) {
  const told = { token: current, renewals: 0, greetings: 0, closings: [] as number[] };
  const client = createClient({
    url: `${t.hub.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 100,
    retryWait: async () => {},
    connectionParams: () => {
      told.greetings += 1;
      return { authorization: `Bearer ${told.token}` };
    },
  });
  client.on('closed', event => void told.closings.push((event as { code: number }).code));
  clients.push(client);
  const renewToken = async () => {
    told.renewals += 1;
    told.token = await fresh!();
  };
  return Object.assign(told, { client: resumable(client, fresh ? { renewToken } : {}) });
}
/** The cases that a stream tells, and the error by which it ends. */
function follow(client: Client) {
  const cases: string[] = [];
  let heard = () => {};
  const ended = new Promise<unknown>(resolve => {
    client.subscribe<{ changes: { caseNo: string } }>(
      {
        query:
          'subscription Changes($after: String) { changes(after: $after, kinds: ["CaseReport"]) { caseNo cursor position } }',
      },
      {
        next: ({ data }) => {
          cases.push(data!.changes.caseNo);
          heard();
        },
        error: resolve,
        complete: () => resolve(null),
      },
    );
  });
  const until = async (caseNo: string) => {
    while (!cases.includes(caseNo)) await new Promise<void>(resolve => (heard = resolve));
  };
  return { cases, ended, until };
}
/** Changes happen until the stream tells one: from then on it misses none. */
async function followed(stream: ReturnType<typeof follow>): Promise<void> {
  while (!stream.cases.length) {
    await happen();
    await Promise.race([stream.until(`case ${changed}`), new Promise(resolve => setImmediate(resolve))]);
  }
}
const clerk = (more: object = {}, lasts?: string) => issuer.token({ role: 'clerk', sub: 'clerk', ...more }, lasts);
const refused = { code: 4401, reason: 'UNAUTHENTICATED: the token has expired' };

test('a token that is refused at the beginning is replaced by a fresh one', async () => {
  const app = application(expired, () => clerk());
  const stream = follow(app.client);
  await followed(stream);
  expect(app).toMatchObject({ renewals: 1, greetings: 2, closings: [4401] });
});

test('a fresh token that is refused as well is final, for every stream on the socket', async () => {
  const app = application(expired, async () => expired);
  const streams = [follow(app.client), follow(app.client), follow(app.client)];
  expect(await Promise.all(streams.map(({ ended }) => ended))).toMatchObject([refused, refused, refused]);
  expect(app).toMatchObject({ renewals: 1, greetings: 2 });
  // What the application does later may succeed.
  app.token = await clerk();
  await followed(follow(app.client));
});

test('without a way to a fresh token the parameters are asked once more, and then it is final', async () => {
  const app = application(expired, null);
  expect(await follow(app.client).ended).toMatchObject(refused);
  expect(app.greetings).toBe(2);
});

test('a fresh token that cannot be fetched ends the stream with the reason', async () => {
  const app = application(expired, () => Promise.reject(new Error('The sign-in page is closed')));
  expect(await follow(app.client).ended).toMatchObject({ message: 'The sign-in page is closed' });
});

test('a token that runs out under open streams is replaced, and they miss nothing', async () => {
  const app = application(await clerk({}, '2s'), () => clerk());
  const streams = [follow(app.client), follow(app.client)];
  for (const stream of streams) await followed(stream);
  const from = changed;
  while (app.renewals === 0) await happen();
  await happen();
  for (const stream of streams) {
    await stream.until(`case ${changed}`);
    const wanted = Array.from({ length: changed - from }, (_, i) => `case ${from + i + 1}`);
    expect(stream.cases.filter(caseNo => wanted.includes(caseNo))).toEqual(wanted);
  }
  expect(app.renewals).toBe(1);
});

test('a session that is ended goes on with another one, or ends for good', async () => {
  const end = async (session: string) => {
    const security = new HallClient(t.hub.url, await issuer.token({ role: 'security-admin', sub: 'security' }));
    const ending =
      'mutation ($session: String, $reason: String!) { endSession(session: $session, reason: $reason) { until } }';
    const { errors } = await security.ask(ending, { session, reason: 'the computer of the window was lost' });
    expect(errors).toBeUndefined();
  };
  const app = application(await clerk({ sid: 'first' }), () => clerk({ sid: 'second' }));
  const stream = follow(app.client);
  await followed(stream);
  await end('first');
  while (app.greetings < 2) await happen();
  await happen();
  await stream.until(`case ${changed}`);
  await end('second');
  expect(await stream.ended).toMatchObject({ code: 4401, reason: expect.stringMatching(/session/) });
  expect(app.renewals).toBe(2);
});
