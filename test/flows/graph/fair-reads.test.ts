/**
 * Readers share the read connections: each has few statements under way, who waits gets their turn, and what nobody
 * waits for is cancelled. Statements are held by a table that the test has locked.
 */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { GraphqlAnswer } from '../../../src/cli/hall-client.ts';
import { HeldTable } from '../../support/held-table.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { Wire } from '../../support/wire.ts';

let t: TestHub;
let issuer: TokenIssuer;
const connections = 5;
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  t = await startTestHub({
    adapters: [],
    environment: {
      ...issuer.environment,
      HUB_READ_CONNECTIONS: String(connections),
      HUB_STATEMENT_TIMEOUT_MS: '600000',
    },
  });
});
afterAll(() => t?.stop());

let held: HeldTable;
const hold = async () => {
  held = await HeldTable.hold(t.environment.DATABASE_URL!, 'hub_region');
};
afterEach(() => held?.close());

/** A question about the table that is held; those of one size share a statement. */
const question = (size: number) => `{ regions(first: ${size}) { nodes { code } } }`;
let sizes = 0;
const another = () => question(++sizes);

class Reader {
  private readonly leaving = new AbortController();
  private constructor(private readonly token: string) {}
  static async of(name: string): Promise<Reader> {
    return new Reader(await issuer.token({ role: 'clerk', sub: name }));
  }
  async ask(query: string): Promise<GraphqlAnswer> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${this.token}` };
    const asked = { method: 'POST', headers, body: JSON.stringify({ query }), signal: this.leaving.signal };
    return (await (await fetch(`${t.hub.url}/graphql`, asked)).json()) as GraphqlAnswer;
  }
  askAll(count: number): Promise<GraphqlAnswer>[] {
    return Array.from({ length: count }, () => this.ask(another()));
  }
  leave(): void {
    this.leaving.abort();
  }
  socket(): Promise<Wire> {
    return Wire.open(t.hub.url, { token: this.token });
  }
}

test('a reader has two statements under way whatever they ask, and others have theirs at the same time', async () => {
  await hold();
  const [many, few] = [await Reader.of('many'), await Reader.of('few')];
  const asked = many.askAll(12);
  await held.until(2);
  const others = few.askAll(2);
  await held.until(4);
  // There is room for a fifth statement, but nobody who may have one more.
  expect(await held.waiting()).toHaveLength(4);
  await held.release();
  for (const answer of await Promise.all([...asked, ...others])) expect(answer.errors).toBeUndefined();
});

test('equal questions of many readers share a statement, however many ask', async () => {
  await hold();
  const readers = await Promise.all(Array.from({ length: 8 }, (_, i) => Reader.of(`equal${i}`)));
  const asked = readers.map(reader => reader.ask(question(200)));
  await held.until(1);
  await held.release();
  for (const answer of await Promise.all(asked)) expect(answer.errors).toBeUndefined();
});

test('a client who disconnects gives up the places of its questions, and what runs for it is cancelled', async () => {
  await hold();
  const readers = await Promise.all(['gone0', 'gone1', 'gone2'].map(Reader.of));
  const asked = readers.flatMap(reader => reader.askAll(4));
  for (const answer of asked) answer.catch(() => {});
  const before = await held.until(connections);
  const late = await Reader.of('late');
  const answer = late.ask(another());
  for (const reader of readers) reader.leave();
  // Only the question of the one who stayed is left, and not one of those that had waited before it.
  const after = await held.until(1);
  expect(before.map(({ query }) => query)).not.toContain(after[0]!.query);
  await held.release();
  expect((await answer).errors).toBeUndefined();
  await Promise.allSettled(asked);
});

test('a statement that somebody else waits for too goes on when the first one leaves', async () => {
  await hold();
  const [first, second] = [await Reader.of('first'), await Reader.of('second')];
  const asked = Promise.allSettled([first.ask(question(200))]);
  const answer = second.ask(question(200));
  const [statement] = await held.until(1);
  first.leave();
  await asked;
  expect((await held.until(1))[0]!.pid).toBe(statement!.pid);
  await held.release();
  expect((await answer).errors).toBeUndefined();
});

test('eight readers who order a large table wait for one another, and a light question for none of them', async () => {
  await t.hub.store.database.pool.query(`update pg_class set reltuples = 2500000 where relname = 'hub_region'`);
  await t.hub.sizes.refresh();
  await hold();
  const readers = await Promise.all(Array.from({ length: 8 }, (_, i) => Reader.of(`orders${i}`)));
  const ordering = (size: number) => `{ regions(first: ${size}, orderBy: [NAME_ASC]) { nodes { code } } }`;
  const asked = readers.map((reader, i) => reader.ask(ordering(i + 1)));
  await held.until(2);
  const { data } = await (await Reader.of('light')).ask('{ agencies(first: 1) { nodes { code } } }');
  expect(data.agencies.nodes).toEqual([]);
  expect(await held.waiting()).toHaveLength(2);
  await held.release();
  for (const answer of await Promise.all(asked)) expect(answer.errors).toBeUndefined();
});

test('what a socket asked is cancelled when it closes', async () => {
  await hold();
  const wire = await (await Reader.of('socket')).socket();
  wire.subscribe('it', another());
  await held.until(1);
  wire.socket.terminate();
  await held.until(0);
});

test('time-outs are paid for by their time, until the budget is spent', async () => {
  const own = await startTestHub({
    adapters: [],
    environment: { HUB_STATEMENT_TIMEOUT_MS: '500', HUB_BUDGET_FACTOR: '1' },
  });
  held = await HeldTable.hold(own.environment.DATABASE_URL!, 'hub_region');
  const codes: unknown[] = [];
  // The time of a strangers' statement costs ten times what their budget gains in it.
  while (!codes.includes('RATE_LIMITED')) {
    const { errors } = await own.anybody.ask(question(1));
    codes.push(errors?.[0]?.extensions?.code);
  }
  expect(codes.length).toBeGreaterThan(2);
  expect(new Set(codes)).toEqual(new Set(['LIMIT_EXCEEDED', 'RATE_LIMITED']));
  await own.stop();
});
