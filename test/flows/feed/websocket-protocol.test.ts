/**
 * Promise 8: the hub keeps to GraphQL over WebSocket, as raw sockets show, and nothing that a client sends ends the
 * process.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Approval } from '../../../adapters/kit/hall-kinds.ts';
import police from '../../../adapters/police/adapter.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { opcodes, RawSocket } from '../../support/raw-socket.ts';
import { freePort } from '../../support/spawned-command.ts';
import { SpawnedHub } from '../../support/spawned-hub.ts';
import { stateRecords } from '../../support/state-records.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

const random = makeRandom(seed, 'frames');
let opened: TestStore;
let hub: SpawnedHub;
let issuer: TokenIssuer;
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  opened = await openTestStore('hub_pol', [police]);
  hub = await SpawnedHub.start(await freePort(), {
    ...issuer.environment,
    DATABASE_URL: opened.url,
    HUB_SEQUENCER_POLL_MS: '10',
    HUB_SOCKET_INIT_MS: '3000',
    HUB_SOCKETS_PER_ADDRESS: '5000',
    HUB_DRAIN_MS: '0',
  });
});
afterAll(async () => {
  await hub?.stop();
  await opened?.close();
});

const sockets: RawSocket[] = [];
async function open(protocol?: string): Promise<RawSocket> {
  const raw = await RawSocket.open(hub.url, protocol);
  sockets.push(raw);
  return raw;
}
let readers = 0;
const greeted = async () => (await open()).greet(await issuer.token({ role: 'clerk', sub: `reader ${++readers}` }));
afterEach(() => {
  for (const raw of sockets.splice(0)) raw.leave();
});
let steps = 0;
const happen = () =>
  stateRecords(opened.store, 'police', [
    plainStatement(Approval, `step ${++steps}`, { caseNo: 'a case', name: `${steps}` }),
  ]);

const changes = 'subscription { changes { position } }';
const subscribe = (id: unknown, query = changes, variables?: unknown) => ({
  type: 'subscribe',
  id,
  payload: { query, variables },
});
const of = (raw: RawSocket, id: string) => raw.messages.filter(message => message.id === id);
const typesOf = (raw: RawSocket, id: string) => of(raw, id).map(({ type }) => type);

describe('a socket is closed with the code of the protocol', () => {
  test('4408 when the client does not greet in time', async () => {
    expect(await (await open()).over).toBe(4408);
  });
  test('4429 when it greets twice, also concurrently', async () => {
    const raw = await open();
    for (let i = 0; i < 3; i++) raw.say({ type: 'connection_init' });
    expect(await raw.over).toBe(4429);
  });
  test('4401 when it subscribes before it is acknowledged', async () => {
    const raw = await open();
    raw.say(subscribe('1'));
    expect(await raw.over).toBe(4401);
  });
  test('4406 when it speaks another protocol', async () => {
    expect(await (await open('graphql-ws')).over).toBe(4406);
  });
  test('4409 when an id is used twice, but not after its operation has ended', async () => {
    const raw = await greeted();
    raw.say(subscribe('1', '{ agencies { totalCount } }'));
    await raw.until(() => typesOf(raw, '1').includes('complete'));
    raw.say(subscribe('1'));
    await raw.settled();
    raw.say(subscribe('1'));
    expect(await raw.over).toBe(4409);
  });
  test.each([
    ['no JSON', '{'],
    ['no object', '[1]'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"start"}'],
    ['a subscription without an id', JSON.stringify({ type: 'subscribe', payload: { query: changes } })],
    ['a subscription with an empty id', JSON.stringify(subscribe(''))],
    ['a subscription whose id is a number', JSON.stringify(subscribe(1))],
    ['a subscription without a payload', '{"type":"subscribe","id":"1"}'],
    ['a query that is no text', JSON.stringify(subscribe('1', 7 as never))],
    ['variables that are a list', JSON.stringify(subscribe('1', changes, [1]))],
    ['what only a server says', '{"type":"connection_ack"}'],
    ['an answer', JSON.stringify({ type: 'next', id: '1', payload: { data: {} } })],
    ['a complete without an id', '{"type":"complete"}'],
    ['a ping with a payload that is no object', '{"type":"ping","payload":1}'],
  ])('4400 for a message that is %s', async (_what, text) => {
    const raw = await greeted();
    raw.say(text);
    expect(await raw.over).toBe(4400);
  });
});

test('a ping is answered immediately, before and after the greeting', async () => {
  const raw = await open();
  raw.say({ type: 'ping' });
  await raw.until(() => raw.messages.some(({ type }) => type === 'pong'));
  await raw.greet();
  await raw.settled();
});

test('a client that completes an operation receives nothing more of it, at any time', async () => {
  const raw = await greeted();
  for (let round = 0; round < 20; round++) {
    const id = `race ${round}`;
    raw.say(subscribe(id));
    if (round % 3) await raw.settled();
    const happening = happen();
    if (round % 2) await happening;
    raw.say({ type: 'complete', id });
    await raw.settled();
    const heard = of(raw, id).length;
    await happening;
    await happen();
    await raw.settled();
    expect([id, of(raw, id).length, typesOf(raw, id).includes('complete')]).toEqual([id, heard, false]);
    // Its id is free again, even if the client completes the ended operation twice.
    raw.say({ type: 'complete', id });
  }
  raw.say(subscribe('race 0'));
  await raw.settled();
  await happen();
  await raw.until(() => typesOf(raw, 'race 0').includes('next'));
});

test('no Complete follows an Error, and a refused operation can be sent again under its id', async () => {
  const raw = await greeted();
  for (const query of ['subscription { nothing }', '{', '{ agencies { nodes { nothing } } }']) {
    raw.say(subscribe('1', query));
    const before = of(raw, '1').length;
    await raw.until(() => of(raw, '1').length > before);
    await raw.settled();
    expect(typesOf(raw, '1').slice(before)).toEqual(['error']);
  }
  raw.say(subscribe('1', '{ agencies { totalCount } }'));
  await raw.until(() => typesOf(raw, '1').includes('complete'));
  expect(typesOf(raw, '1')).toEqual(['error', 'error', 'error', 'next', 'complete']);
});

test('a stream that cannot begin reports why and completes', async () => {
  const raw = await greeted();
  raw.say(subscribe('1', 'subscription ($a: String) { changes(after: $a) { position } }', { a: 'x' }));
  await raw.until(() => typesOf(raw, '1').includes('complete'));
  expect(typesOf(raw, '1')).toEqual(['next', 'complete']);
});

/** A message that a malicious client might send. */
function anyMessage(): string {
  const words = [
    'connection_init',
    'subscribe',
    'complete',
    'ping',
    'pong',
    'next',
    'error',
    'x',
    '__proto__',
    'constructor',
  ];
  const pick = (): unknown =>
    random.pick<unknown>([
      null,
      1,
      -1,
      1e308,
      true,
      '',
      'x',
      [],
      {},
      { __proto__: 1 },
      '\u0000',
      '𠮷'.repeat(50),
      changes,
      { query: changes },
      { query: '{', variables: {} },
      { query: `{ ${'a '.repeat(50)}}`, extensions: { persistedQuery: { sha256Hash: 'x' } } },
    ]);
  const message = {
    type: random.pick(words),
    ...(random.chance(0.7) && {
      id: random.chance(0.7) ? random.pick(['1', '__proto__', 'constructor', 'toString']) : pick(),
    }),
    ...(random.chance(0.7) && { payload: pick() }),
  };
  const text = JSON.stringify(message);
  return random.chance(0.2) ? text.slice(0, random.below(text.length)) : text;
}
function anyFrame(raw: RawSocket): void {
  const body = random.chance(0.7)
    ? anyMessage()
    : Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)));
  if (random.chance(0.5)) raw.frame(opcodes.text, body);
  else
    raw.frame(random.below(16), body, {
      fin: random.chance(0.8),
      rsv: random.chance(0.8) ? 0 : random.below(8),
      masked: random.chance(0.9),
      length: random.chance(0.8) ? -1 : random.pick([0, 125, 126, 65_535, 65_536, 2 ** 40]),
    });
}

test(`the process survives any frames and serves the other clients (TEST_SEED=${seed})`, async () => {
  const well = await greeted();
  well.say(subscribe('well'));
  await well.settled();
  for (let round = 0; round < 300; round++) {
    const raw = await open();
    if (random.chance(0.5)) await raw.greet().catch(() => {});
    for (let i = 1 + random.below(6); i > 0; i--) anyFrame(raw);
    if (random.chance(0.3)) raw.bytes(Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256))));
    if (random.chance(0.5)) raw.leave();
    else raw.socket.end();
    if (round % 100 === 0) await happen();
  }
  await happen();
  await well.until(() => typesOf(well, 'well').length === 4);
  expect((await fetch(`${hub.url}/livez`)).status).toBe(200);
  expect(hub.log).not.toMatch(/could not be handled|uncaught|unhandled/i);
});
