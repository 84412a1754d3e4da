/** Promise 8: the same operations run over server-sent events, for offices whose proxies block WebSockets. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createClient } from 'graphql-sse';
import { CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

let t: TestHub;
let issuer: TokenIssuer;
let clerk: string;
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const environment = { ...issuer.environment, HUB_CLOCK_SKEW_SECONDS: '0', HUB_SOCKET_PING_MS: '100' };
  t = await startTestHub({ adapters: await silentAdapters(), environment });
  clerk = await issuer.token({ role: 'clerk', sub: 'clerk' });
});
afterAll(() => t?.stop());

const changes = `subscription ($caseNo: String, $after: String, $oldest: Boolean) {
  changes(caseNo: $caseNo, kinds: ["CaseReport"], after: $after, oldest: $oldest) { position node { id } } }`;
let version = 0;
async function happen(caseNo: string, count = 1): Promise<void> {
  for (let i = 0; i < count; i++) {
    version += 1;
    const data = { caseNo, windowCode: `window ${version}` };
    await stateRecords(t.hub.store, 'land', [plainStatement(CaseReport, `report of ${caseNo}`, data, version)]);
  }
}

interface Event {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
  readonly comment?: string;
}
/** A browser's EventSource in a few lines, with headers. */
class EventStream {
  readonly events: Event[] = [];
  private readonly abort = new AbortController();
  private text = '';
  private reading: AsyncIterator<Uint8Array> | null = null;
  response: Response | null = null;

  static async open(body: object, headers: Record<string, string> = {}, method = 'POST'): Promise<EventStream> {
    const stream = new EventStream();
    const url = new URL(`${t.hub.url}/graphql/stream`);
    const all = { accept: 'text/event-stream', authorization: `Bearer ${clerk}`, ...headers };
    if (method === 'GET')
      for (const [name, value] of Object.entries(body))
        url.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
    const init =
      method === 'GET'
        ? { headers: all }
        : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...all } };
    stream.response = await fetch(url, { ...init, signal: stream.abort.signal });
    stream.reading = stream.response.body![Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    opened.push(stream);
    return stream;
  }
  /** The first event that fits; throws when the stream ends before. */
  async until(fits: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      if (!(await this.read())) throw new Error(`The stream ended with ${JSON.stringify(this.events.at(-1))}`);
    }
  }
  /** All events up to the end of the stream by the hub. */
  async rest(): Promise<readonly Event[]> {
    while (await this.read());
    return this.events;
  }
  private async read(): Promise<boolean> {
    const { done, value } = await this.reading!.next();
    if (done) return false;
    this.text += Buffer.from(value).toString();
    const blocks = this.text.split('\n\n');
    this.text = blocks.pop()!;
    for (const block of blocks) {
      const lines = block
        .split('\n')
        .map(line => [line.slice(0, line.indexOf(':')) || 'comment', line.slice(line.indexOf(':') + 2)]);
      this.events.push(Object.fromEntries(lines));
    }
    return true;
  }
  leave(): void {
    this.abort.abort();
  }
}
const opened: EventStream[] = [];
afterEach(() => {
  for (const stream of opened.splice(0)) stream.leave();
});
const isNext = ({ event }: Event) => event === 'next';
const positions = ({ events }: EventStream) =>
  events.filter(isNext).map(({ data }) => JSON.parse(data!).data.changes.position);
const codeOf = ({ data }: Event) => JSON.parse(data!).errors[0].extensions.code;

test('a client of graphql-sse follows a board, and sends queries', async () => {
  await happen('board');
  const client = createClient({ url: `${t.hub.url}/graphql/stream`, headers: { authorization: `Bearer ${clerk}` } });
  const told = client.iterate<{ caseBoard: { type: string; nodes: { caseNo: string }[] } }>({
    query: 'subscription { caseBoard(where: { caseNo: { eq: "board" } }) { type nodes { caseNo } } }',
  });
  const next = async () => (await told.next()).value!.data!.caseBoard;
  expect([await next(), await next()]).toEqual([
    { type: 'SNAPSHOT', nodes: [{ caseNo: 'board' }] },
    { type: 'READY', nodes: [] },
  ]);
  await happen('board');
  expect(await next()).toEqual({ type: 'UPSERT', nodes: [{ caseNo: 'board' }] });
  await told.return!();
  const answers = client.iterate({ query: '{ cases(where: { caseNo: { eq: "board" } }) { nodes { caseNo } } }' });
  expect((await answers.next()).value).toEqual({ data: { cases: { nodes: [{ caseNo: 'board' }] } } });
  expect((await answers.next()).done).toBe(true);
  client.dispose();
});

test('the head of the response is sent immediately, with a type that proxies do not buffer', async () => {
  const { response } = await EventStream.open({ query: changes, variables: { caseNo: 'nobody' } });
  expect(response!.status).toBe(200);
  expect(Object.fromEntries(response!.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
});

test.each(['POST', 'GET'])(
  'Last-Event-ID is the cursor: a client that returns with it resumes exactly there (%s)',
  async method => {
    const caseNo = `resumed ${method}`;
    await happen(caseNo, 4);
    const first = await EventStream.open({ query: changes, variables: { caseNo, oldest: true } }, {}, method);
    await first.until(() => positions(first).length === 4);
    const ids = first.events.filter(isNext).map(({ id }) => id!);
    for (const [i, id] of ids.slice(0, -1).entries()) {
      const again = await EventStream.open(
        { query: changes, variables: { caseNo, oldest: true } },
        { 'last-event-id': id },
        method,
      );
      await again.until(() => positions(again).length === 3 - i);
      expect(positions(again)).toEqual(positions(first).slice(i + 1));
    }
  },
);

test('in the middle of a snapshot there is no id to resume from', async () => {
  const stream = await EventStream.open({ query: 'subscription { caseBoard { type } }' });
  await stream.until(({ data }) => Boolean(data?.includes('READY')));
  const [snapshot, ready] = stream.events.filter(isNext);
  expect([snapshot!.id, ready!.id!.length]).toEqual(['', 36]);
});

test.each([
  ['a cursor that nobody made', { query: changes, variables: { after: 'x' } }, 'CURSOR_MALFORMED'],
  ['a document that does not fit', { query: 'subscription { nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
  ['a torn document', { query: 'subscription {' }, 'GRAPHQL_PARSE_FAILED'],
  [
    'a mutation',
    { query: 'mutation { endSession(session: "a", reason: "the device was lost") { until } }' },
    'BAD_USER_INPUT',
  ],
  ['nothing', {}, 'BAD_USER_INPUT'],
  ['variables that are a text', { query: changes, variables: '{}' }, 'BAD_USER_INPUT'],
  [
    'several operations and no name',
    { query: `query A { __typename } query B { __typename }` },
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'a name that no operation has',
    { query: 'query A { __typename }', operationName: 'B' },
    'OPERATION_RESOLUTION_FAILURE',
  ],
])('%s is answered with a typed error, and the stream is complete', async (_what, body, code) => {
  const events = (await (await EventStream.open(body)).rest()).filter(({ event }) => event);
  expect(events.map(({ event }) => event)).toEqual(['next', 'complete']);
  expect(codeOf(events[0]!)).toBe(code);
});

test('comments report the position while nothing happens', async () => {
  const stream = await EventStream.open({ query: changes, variables: { caseNo: 'quiet' } });
  const { comment } = await stream.until(event => event.comment?.startsWith('{') === true);
  expect(JSON.parse(comment!)).toEqual({
    position: t.hub.tail.position,
    at: expect.stringMatching(/^\d{4}-/),
    stream: { sequence: 0, position: t.hub.tail.position, cursor: expect.any(String) },
  });
});

test('a token that expires ends the stream with its cursor', async () => {
  const token = await issuer.token({ role: 'clerk', sub: 'short' }, '4s');
  const stream = await EventStream.open({ query: changes }, { authorization: `Bearer ${token}` });
  const end = await stream.until(({ event }) => event === 'next');
  expect([codeOf(end), end.id]).toEqual(['TOKEN_EXPIRED', JSON.parse(end.data!).errors[0].extensions.cursor]);
  expect((await stream.rest()).at(-1)!.event).toBe('complete');
});

test('a client that disconnects leaves nothing behind', async () => {
  const stream = await EventStream.open({ query: changes });
  await stream.until(event => event.comment?.includes('sequence') === true);
  expect(t.hub.feed.streamCount).toBe(1);
  stream.leave();
  for (let round = 0; round < 500 && t.hub.feed.streamCount; round++)
    await t.anybody.ask('{ agencies { totalCount } }');
  expect(t.hub.feed.streamCount).toBe(0);
});

test('a hub that stops ends its streams with their cursor and the time to reconnect', async () => {
  const stream = await EventStream.open({ query: changes });
  await stream.until(event => event.comment?.includes('sequence') === true);
  await t.stopHub();
  const end = (await stream.rest()).find(isNext)!;
  expect(codeOf(end)).toBe('GOING_AWAY');
  expect({ id: end.id?.length, retry: end.retry }).toEqual({ id: 36, retry: expect.stringMatching(/^\d+$/) });
});
