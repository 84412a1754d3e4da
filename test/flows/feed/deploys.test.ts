/** Promise 7: a deploy loses and repeats nothing, and does not make all clients reconnect at the same moment. */
import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Client, createClient } from 'graphql-ws';
import { resumable } from 'outpost-hub/client';
import WebSocket from 'ws';
import { Approval, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import police from '../../../adapters/police/adapter.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { freePort } from '../../support/spawned-command.ts';
import { SpawnedHub } from '../../support/spawned-hub.ts';
import { stateRecords } from '../../support/state-records.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { Wire } from '../../support/wire.ts';

const random = makeRandom(seed, 'deploys');
const screens = 16;
const drainMs = 400;

let opened: TestStore;
let issuer: TokenIssuer;
let settings: Readonly<Record<string, string>>;
const hubs: SpawnedHub[] = [];
const ports: number[] = [];
let proxy: Server;
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  opened = await openTestStore('hub_pol', [police]);
  settings = {
    ...issuer.environment,
    DATABASE_URL: opened.url,
    HUB_SEQUENCER_POLL_MS: '10',
    HUB_DRAIN_MS: String(drainMs),
  };
  for (let i = 0; i < 2; i++) {
    ports.push(await freePort());
    hubs.push(await SpawnedHub.start(ports[i]!, settings));
  }
  proxy = await proxyBefore(ports);
});
afterAll(async () => {
  proxy?.close();
  await Promise.all(hubs.map(hub => hub.stop()));
  await opened?.close();
});

/** Passes each connection to the next replica that accepts it, like a load balancer. */
async function proxyBefore(targets: readonly number[]): Promise<Server> {
  let next = 0;
  const server = createServer(client => {
    client.on('error', () => client.destroy());
    const attempt = (left: number) => {
      const upstream = connect(targets[next++ % targets.length]!, '127.0.0.1');
      upstream.once('connect', () => client.pipe(upstream).pipe(client));
      upstream.on('error', () => (upstream.connecting && left ? attempt(left - 1) : client.destroy()));
      upstream.on('close', () => upstream.bytesRead && client.destroy());
      client.on('close', () => upstream.destroy());
    };
    attempt(targets.length);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

let steps = 0;
function happen(): Promise<number> {
  const caseNo = `case ${random.below(10)}`;
  steps += 1;
  const step = plainStatement(Approval, `step ${random.below(30)}`, { caseNo, name: `name ${steps}` }, steps);
  const report = plainStatement(CaseReport, `report of ${caseNo}`, { caseNo, windowCode: `window ${steps}` }, steps);
  return stateRecords(opened.store, 'police', [step, report]);
}

const changes = 'subscription Changes($after: String) { changes(after: $after) { cursor position kind } }';
const board = `subscription Board($after: String) { caseBoard(after: $after) {
  type page cursor position removed nodes { id caseNo windowCode approvals(first: 50) { nodes { id name } } } } }`;

/** What a screen's application has processed. */
class Screen {
  readonly positions: number[] = [];
  readonly shown = new Map<string, object>();
  readonly faults: unknown[] = [];
  snapshots = 0;
  last = 0;
  private waiting: (() => void)[] = [];

  constructor(client: Client, query: string) {
    client.subscribe<Record<string, never>>(
      { query },
      {
        next: ({ data, errors }) => {
          if (errors) this.faults.push(errors);
          this.take(Object.values(data!)[0]!);
          for (const wake of this.waiting.splice(0)) wake();
        },
        error: error => this.faults.push(error),
        complete: () => this.faults.push('it was over'),
      },
    );
  }
  private take({
    type,
    page,
    position,
    nodes,
    removed,
  }: {
    type?: string;
    page?: number;
    position: number;
    nodes?: { id: string }[];
    removed?: string;
  }) {
    if (type === 'SNAPSHOT' && page === 0) {
      this.shown.clear();
      this.snapshots += 1;
    }
    for (const node of nodes ?? []) this.shown.set(node.id, node);
    if (removed) this.shown.delete(removed);
    if (type !== 'SNAPSHOT') this.last = position;
    if (!type) this.positions.push(position);
  }
  async until(reached: () => boolean): Promise<void> {
    while (!reached()) await new Promise<void>(resolve => this.waiting.push(resolve));
  }
}

test(`after a rolling restart of two replicas under load every screen has everything once (TEST_SEED=${seed})`, async () => {
  const { port } = proxy.address() as { port: number };
  const clients = await Promise.all(
    Array.from({ length: screens }, async (_, i) => {
      const token = await issuer.token({ role: 'clerk', sub: `clerk ${i}` });
      const client = createClient({
        url: `ws://127.0.0.1:${port}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 1_000,
        retryWait: () => new Promise(resolve => setTimeout(resolve, 20)),
        shouldRetry: () => true,
        connectionParams: { authorization: `Bearer ${token}` },
      });
      return resumable(client);
    }),
  );
  await happen();
  const followers = clients.map((client, i) => new Screen(client, i % 4 ? changes : board));
  const [boards, streams] = [followers.filter((_, i) => i % 4 === 0), followers.filter((_, i) => i % 4)];
  await Promise.all(boards.map(screen => screen.until(() => screen.last > 0)));
  // A stream without a cursor begins when it opens, so the first change it sends is the first to check.
  while (!streams.every(({ positions }) => positions.length)) await happen();

  let restarting = true;
  const load = (async () => {
    while (restarting) await happen();
  })();
  for (const [i, port] of ports.entries()) {
    expect(await hubs[i]!.stop()).toBe(0);
    hubs[i] = await SpawnedHub.start(port, settings);
  }
  restarting = false;
  await load;
  await happen();
  const rows = await opened.store.database.read(
    `select b.first_position + c.ordinal from hub_batch b join hub_change c on c.batch_id = b.id order by 1`,
    [],
  );
  const end = rows.length;
  await Promise.all(streams.map(screen => screen.until(() => screen.positions.at(-1) === end)));
  for (const { positions, faults } of streams) {
    const all = Array.from({ length: end - positions[0]! + 1 }, (_, i) => positions[0]! + i);
    expect({ positions, faults }).toEqual({ positions: all, faults: [] });
  }
  await Promise.all(boards.map(screen => screen.until(() => screen.last === end)));
  const token = await issuer.token({ role: 'clerk', sub: 'asker' });
  const { data } = await new HallClient(hubs[0]!.url, token).ask(
    '{ cases(first: 50) { nodes { id caseNo windowCode approvals(first: 50) { nodes { id name } } } } }',
  );
  const sorted = (nodes: Iterable<object>) => [...nodes].map(node => JSON.stringify(node)).sort();
  for (const { shown, faults, snapshots } of boards) {
    expect({ shown: sorted(shown.values()), faults, snapshots }).toEqual({
      shown: sorted(data.cases.nodes),
      faults: [],
      snapshots: 1,
    });
  }
  await Promise.all(clients.map(client => client.dispose()));
});

test('a process that stops accepts nothing new and closes its sockets one by one, with cursors', async () => {
  const hub = hubs[0]!;
  const token = await issuer.token({ role: 'clerk', sub: 'leaving' });
  const wires = await Promise.all(Array.from({ length: 8 }, () => Wire.open(hub.url, { token })));
  for (const wire of wires) wire.subscribe('1', changes);
  await Promise.all(wires.map(wire => wire.proven('1', 0)));
  const closings: number[] = [];
  for (const wire of wires) wire.closed.then(() => closings.push(performance.now()));
  const [stopped, last] = [hub.stop(), wires.at(-1)!];
  await wires[0]!.closed;
  expect((await fetch(`${hub.url}/readyz`)).status).toBe(503);
  last.subscribe('2', changes);
  const refused = await last.until(({ id, type }) => id === '2' && type === 'error');
  expect(refused.payload[0].extensions).toMatchObject({ code: 'GOING_AWAY', retry: true });
  for (const wire of wires) {
    const { code } = await wire.closed;
    const end = wire.frames.find(({ id, type }) => id === '1' && type === 'error');
    expect({ code, end: end?.payload[0].extensions }).toEqual({
      code: 1012,
      end: {
        code: 'GOING_AWAY',
        retry: true,
        reconnectAfterMs: expect.any(Number),
        cursor: expect.any(String),
        position: expect.any(Number),
      },
    });
  }
  expect(await stopped).toBe(0);
  expect(closings.at(-1)! - closings[0]!).toBeGreaterThan(drainMs / 2);
  hubs[0] = await SpawnedHub.start(ports[0]!, settings);
  const again = await Wire.open(hubs[0].url, { token });
  again.subscribe('1', changes, {
    after: wires[0]!.frames.find(({ type }) => type === 'error')!.payload[0].extensions.cursor,
  });
  await happen();
  await again.until(({ type }) => type === 'next');
  await again.leave();
});
