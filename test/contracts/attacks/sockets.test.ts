/**
 * WebSockets in masses, sockets that send nothing, too much or too large frames, and streams that always start at the
 * beginning.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { AttackedHub } from './attacked-hub.ts';

const perAddress = 12;
let hub: AttackedHub;
let clerk: string;
beforeAll(async () => {
  hub = await AttackedHub.start({
    HUB_SOCKETS: '20',
    HUB_SOCKETS_PER_ADDRESS: String(perAddress),
    HUB_SOCKET_INIT_MS: '3000',
    HUB_SOCKET_PING_MS: '3000',
    HUB_FRAMES_PER_SECOND: '100',
    HUB_FRAME_BYTES: '20000',
  });
  clerk = await hub.issuer.token({ role: 'clerk', sub: 'attacker' });
});
afterAll(() => hub?.stop());

interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A client of the WebSocket protocol that keeps what it received. */
class Wire {
  readonly frames: Frame[] = [];
  readonly closed: Promise<number>;
  private heard: () => void = () => {};

  constructor(readonly socket: WebSocket) {
    socket.on('message', text => {
      this.frames.push(JSON.parse(String(text)) as Frame);
      this.heard();
    });
    socket.on('error', () => {});
    this.closed = new Promise(resolve => socket.on('close', code => resolve(code)));
  }

  static async open(options: WebSocket.ClientOptions = {}): Promise<Wire> {
    const socket = new WebSocket(`${hub.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', options);
    const wire = new Wire(socket);
    open.push(wire);
    await Promise.race([once(socket, 'open'), wire.closed]);
    return wire;
  }

  say(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  async ready(token: string | null = clerk): Promise<this> {
    this.say({
      type: 'connection_init',
      payload: token ? { authorization: `Bearer ${token}`, purpose: 'task:test' } : {},
    });
    await this.until(frame => frame.type === 'connection_ack');
    return this;
  }

  async until(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found) return found;
      const ended = await Promise.race([
        new Promise<null>(resolve => {
          this.heard = () => resolve(null);
        }),
        this.closed,
      ]);
      if (ended !== null) throw new Error(`The hub closed the socket with ${ended}`);
    }
  }

  ask(id: string, query: string, variables: Readonly<Record<string, unknown>> = {}): void {
    this.say({ type: 'subscribe', id, payload: { query, variables } });
  }
}
const open: Wire[] = [];
afterEach(async () => {
  for (const wire of open.splice(0)) {
    wire.socket.terminate();
    await wire.closed;
  }
  await everybodyLeft();
});

/** The hub notices a disconnect a moment after the client, so this waits until all places are free again. */
async function everybodyLeft(): Promise<void> {
  for (;;) {
    const wires = await Promise.all(Array.from({ length: perAddress }, () => Wire.open()));
    const all = wires.every(({ socket }) => socket.readyState === WebSocket.OPEN);
    for (const { socket } of wires) socket.terminate();
    await Promise.all(wires.map(({ closed }) => closed));
    open.length = 0;
    if (all) return;
  }
}

const codeOf = ({ payload }: Frame) => (payload as { extensions?: { code?: string } }[])[0]?.extensions?.code;
const changes =
  'subscription($after: String, $oldest: Boolean) { changes(after: $after, oldest: $oldest) { cursor position } }';
const fromZero = { oldest: true };

test('sockets beyond the number of one address are not opened', async () => {
  const wires = await Promise.all(Array.from({ length: 60 }, () => Wire.open()));
  const opened = wires.filter(({ socket }) => socket.readyState === WebSocket.OPEN);
  expect(opened).toHaveLength(perAddress);
});

test('brackets in brackets close the socket before they are parsed', async () => {
  const wire = await (await Wire.open()).ready();
  wire.socket.send(`{"type":"subscribe","id":"1","payload":${'['.repeat(15_000)}`);
  expect(await wire.closed).toBe(4400);
});

test.each(['https://elsewhere.example', 'null', 'http://localhost'])(
  'a page of the origin %s opens no socket',
  async origin => {
    const { socket, closed } = await Wire.open({ origin });
    expect([await closed, socket.readyState]).toEqual([1006, WebSocket.CLOSED]);
  },
);

test('sockets beyond the number of one reader are closed', async () => {
  for (let i = 0; i < 10; i++) await (await Wire.open()).ready();
  const eleventh = await Wire.open();
  eleventh.say({ type: 'connection_init', payload: { authorization: `Bearer ${clerk}` } });
  expect(await eleventh.closed).toBe(1013);
});

test('a socket that says nothing is closed', async () => {
  expect(await (await Wire.open()).closed).toBe(4408);
});

test('a greeting that comes byte by byte is cut off, many of them at once too', async () => {
  const drips = Array.from({ length: perAddress }, async () => {
    const socket = await upgraded();
    // The head of a masked text frame of a hundred bytes is sent first, and then one byte at a time.
    socket.write(Buffer.from([0x81, 0x80 | 100, 1, 2, 3, 4]));
    const drip = setInterval(() => socket.writable && socket.write('x'), 50);
    await once(socket, 'close');
    clearInterval(drip);
  });
  await Promise.all(drips);
});

test('a second greeting closes the socket', async () => {
  const wire = await (await Wire.open()).ready();
  for (let i = 0; i < 50; i++) wire.say({ type: 'connection_init' });
  expect(await wire.closed).toBe(4429);
});

test('a question before the greeting closes the socket', async () => {
  const wire = await Wire.open();
  wire.ask('1', changes);
  expect(await wire.closed).toBe(4401);
});

test.each([
  ['is no JSON', 'x'],
  ['is no message', '{"type": "drop tables"}'],
  ['is empty', ''],
  ['holds brackets only', '['.repeat(10_000)],
])('a frame that %s closes the socket', async (_name, frame) => {
  const wire = await (await Wire.open()).ready();
  wire.socket.send(frame);
  expect(await wire.closed).toBe(4400);
});

test('a frame that is too large closes the socket before it is read', async () => {
  const wire = await (await Wire.open()).ready();
  wire.socket.send('x'.repeat(200_000));
  expect([1009, 1006]).toContain(await wire.closed);
});

test('frames faster than anybody types close the socket', async () => {
  const wire = await (await Wire.open()).ready();
  for (let i = 0; i < 5_000; i++) wire.say({ type: 'ping' });
  expect([1008, 1006]).toContain(await wire.closed);
  expect(wire.frames.filter(({ type }) => type === 'pong').length).toBeLessThan(1_000);
});

test('pings of the socket itself are counted too', async () => {
  const wire = await (await Wire.open()).ready();
  for (let i = 0; i < 5_000; i++) wire.socket.ping();
  expect([1008, 1006]).toContain(await wire.closed);
});

test('a client that does not answer to pings is let go', async () => {
  const wire = await (await Wire.open({ autoPong: false })).ready();
  expect(await wire.closed).toBe(1006);
});

test('a client that does not answer to the closing is cut off', async () => {
  await once(await upgraded(), 'close');
});

/** A socket without the protocol: it receives, and answers nothing. */
async function upgraded(): Promise<Socket> {
  const socket = connect(Number(new URL(hub.url).port), 'localhost');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(
    'GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  return socket.resume();
}

test('subscriptions beyond the number of one reader are refused, on all of its sockets', async () => {
  const [one, other] = [await (await Wire.open()).ready(), await (await Wire.open()).ready()];
  for (let i = 0; i < 50; i++) (i % 2 ? one : other).ask(`s${i}`, changes);
  // A socket's frames are handled in order, so after the pong all subscriptions are known.
  other.say({ type: 'ping' });
  await other.until(({ type }) => type === 'pong');
  one.ask('behind', '{ __typename }');
  const refused = await one.until(({ id }) => id === 'behind');
  expect({ type: refused.type, code: codeOf(refused) }).toEqual({ type: 'error', code: 'LIMIT_EXCEEDED' });
});

test('documents are held to the same limits as over HTTP', async () => {
  const wire = await (await Wire.open()).ready();
  const list = 'nodes { cases(first: 200) { nodes { approvals(first: 200) { nodes { name } } } } }';
  wire.ask('dear', `{ persons(first: 200) { ${list} } }`);
  wire.ask('deep', `{ agencies(where: ${'{not: '.repeat(150)}{}${'}'.repeat(150)}) { nodes { code } } }`);
  wire.ask('long', `{ agencies { nodes { ${'code '.repeat(3_500)} } } }`);
  wire.ask('torn', '{ agencies {');
  wire.ask('unknown', '{ agencees }');
  const codes: Record<string, string | undefined> = {};
  for (const id of ['dear', 'deep', 'long', 'torn', 'unknown']) codes[id] = codeOf(await wire.until(f => f.id === id));
  expect(codes).toEqual({
    dear: 'COST_EXCEEDED',
    deep: 'LIMIT_EXCEEDED',
    long: 'LIMIT_EXCEEDED',
    torn: 'GRAPHQL_PARSE_FAILED',
    unknown: 'GRAPHQL_VALIDATION_FAILED',
  });
});

test('readers who always begin at the beginning read from memory, not from tables', async () => {
  const wire = await (await Wire.open()).ready();
  const budget = hub.budget();
  for (let i = 0; i < 40; i++) wire.ask(`r${i}`, changes, fromZero);
  await wire.until(({ id, type }) => id === 'r39' && type === 'next');
  expect(budget.databaseBytes).toBeLessThan(5_000_000);
});

test('a stranger who begins at the beginning again and again is refused', async () => {
  const wire = await (await Wire.open()).ready(null);
  for (let i = 0; i < 5; i++) wire.ask(`r${i}`, changes, fromZero);
  expect(codeOf(await wire.until(({ type }) => type === 'error'))).toBe('LIMIT_EXCEEDED');
});

test('a cursor that was not made here is refused, the socket stays', async () => {
  const wire = await (await Wire.open()).ready();
  const forged = [
    'change:-1',
    'change:1e9',
    'change:99999999999999999999',
    "change:0'; drop table hub_change; --",
    'x',
  ];
  for (const [i, text] of forged.entries()) {
    wire.ask(`f${i}`, changes, { after: Buffer.from(text).toString('base64url') });
    const frame = await wire.until(({ id }) => id === `f${i}`);
    expect(JSON.stringify(frame)).toContain('CURSOR_MALFORMED');
  }
  wire.ask('well', '{ agencies(first: 1) { nodes { code } } }');
  expect(await wire.until(({ id }) => id === 'well')).toMatchObject({ type: 'next' });
});

test('afterwards the hub is healthy', async () => {
  expect(await hub.stillWell()).toMatchObject({ alive: true, leaked: [] });
});
