/**
 * Promise 3: a cursor resumes right after its event on any replica, for its reader and operation only, or the error
 * says why not.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Client, createClient } from 'graphql-ws';
import { type CursorStore, resumable } from 'outpost-hub/client';
import WebSocket from 'ws';
import { CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import { readConfig } from '../../../src/config.ts';
import { forgetOld } from '../../../src/feed/retention.ts';
import { type RunningHub, startHub } from '../../../src/hub.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { type Frame, Wire } from '../../support/wire.ts';

let t: TestHub;
let other: RunningHub;
let issuer: TokenIssuer;
let clerk: string;
const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-resume-'));
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const settings = { ...issuer.environment, HUB_FRAMES_PER_SECOND: '100000', HUB_FEED_KEPT: '100' };
  t = await startTestHub({ adapters: await silentAdapters(), environment: settings });
  const environment = { ...t.environment, HUB_AUDIT_DIR: `${folder}/audit`, HUB_AUDIT_ROOTS: `${folder}/roots` };
  other = await startHub(readConfig(environment), environment, await silentAdapters());
  clerk = await issuer.token({ role: 'clerk', sub: 'clerk' });
});
afterAll(async () => {
  await other?.stop();
  await t?.stop();
  rmSync(folder, { recursive: true });
});

const changes = `subscription Changes($caseNo: String, $after: String, $oldest: Boolean) {
  changes(caseNo: $caseNo, kinds: ["CaseReport"], after: $after, oldest: $oldest) { cursor position } }`;
const board = `subscription Board($after: String) { caseBoard(after: $after) { type page cursor position nodes { id } } }`;
let version = 0;
async function happen(caseNo = 'one', count = 1): Promise<void> {
  for (let i = 0; i < count; i++) {
    version += 1;
    await stateRecords(t.hub.store, 'land', [
      plainStatement(CaseReport, `report of ${caseNo}`, { caseNo, windowCode: `window ${version}` }, version),
    ]);
  }
}

const wires: Wire[] = [];
async function open(url: string, token = clerk): Promise<Wire> {
  const wire = await Wire.open(url, { token });
  wires.push(wire);
  return wire;
}
afterEach(async () => {
  for (const wire of wires.splice(0)) await wire.leave();
});
const isNext = ({ type, payload }: Frame) => type === 'next' && Boolean(payload.data);
const codeOf = async (wire: Wire, id = '1') => {
  const { payload } = await wire.until(frame => frame.id === id);
  return payload.errors?.[0].extensions;
};
/** A cursor of a stream, and the position after which it resumes. */
async function someCursor(
  query: string,
  variables: object = {},
  token = clerk,
): Promise<{ cursor: string; position: number }> {
  const wire = await open(t.hub.url, token);
  wire.subscribe('1', query, { ...variables });
  await wire.proven('1', 0);
  await happen();
  const frame = await wire.until(
    f => isNext(f) && Object.values<{ cursor: string }>(f.payload.data)[0]!.cursor !== null,
  );
  return Object.values<{ cursor: string; position: number }>(frame.payload.data)[0]!;
}

test('a cursor resumes right after its change, on any replica and in a process that starts later', async () => {
  await happen('one', 6);
  const wire = await open(t.hub.url);
  wire.subscribe('1', changes, { caseNo: 'one', oldest: true });
  await wire.until(() => wire.frames.filter(isNext).length >= 6);
  const all = wire.frames
    .filter(isNext)
    .map(({ payload }) => payload.data.changes as { cursor: string; position: number });
  expect(all.length).toBeGreaterThanOrEqual(6);
  for (const url of [t.hub.url, other.url]) {
    for (const [i, { cursor }] of all.slice(0, -1).entries()) {
      const again = await open(url);
      again.subscribe('1', changes, { caseNo: 'one', after: cursor });
      await again.until(f => f.payload?.data?.changes.position === all.at(-1)!.position);
      const rest = again.frames.filter(isNext).map(({ payload }) => payload.data.changes.position);
      expect(rest).toEqual(all.slice(i + 1).map(({ position }) => position));
    }
  }
});

describe('a cursor is refused with a typed error, and the stream does not restart by itself', () => {
  test('when it is of another reader, another operation, other variables or another document', async () => {
    const { cursor } = await someCursor(changes, { caseNo: 'one' });
    const strange: [string, object, string?][] = [
      [changes, { caseNo: 'one', after: cursor }, await issuer.token({ role: 'clerk', sub: 'another clerk' })],
      [changes, { caseNo: 'one', after: cursor }, await issuer.token({ role: 'analyst', sub: 'clerk' })],
      [changes, { caseNo: 'two', after: cursor }],
      [`${changes} `, { caseNo: 'one', after: cursor }],
      [board, { after: cursor }],
    ];
    for (const [query, variables, token] of strange) {
      const wire = await open(t.hub.url, token ?? clerk);
      wire.subscribe('1', query, { ...variables });
      expect(await codeOf(wire)).toMatchObject({ code: 'CURSOR_FOREIGN', retry: false });
      expect(wire.frames.filter(isNext)).toEqual([]);
    }
  });

  test('when it is of a board and the reader now has other rights', async () => {
    const officer = { role: 'officer', sub: 'officer', agency: 'land' };
    const { cursor } = await someCursor(board, {}, await issuer.token({ ...officer, host: 'town' }));
    const wire = await open(t.hub.url, await issuer.token({ ...officer, agency: 'police', host: 'town' }));
    wire.subscribe('1', board, { after: cursor });
    expect(await codeOf(wire)).toMatchObject({ code: 'CURSOR_FOREIGN' });
  });

  test('when no hub of this installation made it', async () => {
    const { cursor } = await someCursor(changes);
    const forged = [
      'x',
      '',
      'A'.repeat(36),
      `${cursor}=`,
      cursor.toLowerCase(),
      `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`,
    ];
    for (const after of forged.filter(Boolean)) {
      const wire = await open(t.hub.url);
      wire.subscribe('1', changes, { after });
      expect(await codeOf(wire)).toMatchObject({ code: 'CURSOR_MALFORMED' });
    }
  });

  test('when the log after it is no longer kept; the error holds the oldest position that is', async () => {
    const { cursor, position } = await someCursor(changes);
    // This is more than any process keeps in memory.
    await happen('many', 80);
    const client = await t.hub.store.database.pool.connect();
    await forgetOld(client, 0);
    client.release();
    const oldestPosition = await t.hub.tail.oldest();
    expect(oldestPosition).toBeGreaterThan(position + 1);
    const wire = await open(other.url);
    wire.subscribe('1', changes, { after: cursor });
    expect(await codeOf(wire)).toMatchObject({ code: 'CURSOR_EXPIRED', oldestPosition });
  });
});

describe('the client helper', () => {
  const clients: Client[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.dispose();
  });
  function connect(url: string, options?: Parameters<typeof resumable>[1]): Client {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 100,
      retryWait: async () => {},
      connectionParams: { authorization: `Bearer ${clerk}` },
    });
    clients.push(client);
    return resumable(client, options);
  }
  type Event = { readonly position: number; readonly type?: string; readonly page?: number | null };
  /** What the application receives. */
  function inbox(client: Client, query: string, variables: object) {
    const events: Event[] = [];
    const errors: unknown[] = [];
    let heard = () => {};
    const leave = client.subscribe<Record<string, Event>>(
      { query, variables: { ...variables } },
      {
        next: ({ data }) => {
          events.push(Object.values(data!)[0]!);
          heard();
        },
        error: error => {
          errors.push(error);
          heard();
        },
        complete: () => {},
      },
    );
    const until = async (reached: () => boolean) => {
      while (!reached()) await new Promise<void>(resolve => (heard = resolve));
    };
    return { events, errors, leave, until };
  }

  test('resumes by itself when connections break again and again, and delivers nothing twice', async () => {
    const caseNo = 'helped';
    const client = connect(t.hub.url);
    const { events, errors, until } = inbox(client, changes, { caseNo });
    await happen(caseNo);
    await until(() => events.length > 0).catch(() => {});
    for (let i = 0; i < 10; i++) {
      if (i % 2) client.terminate();
      await happen(caseNo, 2);
    }
    const rows = await t.hub.store.database.read(
      `select b.first_position + c.ordinal from hub_batch b join hub_change c on c.batch_id = b.id
       where c.case_no = $1 and c.kind = 'CaseReport' and b.first_position + c.ordinal >= $2 order by 1`,
      [caseNo, events[0]!.position],
    );
    await until(() => events.length >= rows.length);
    expect(events.map(({ position }) => position)).toEqual(rows.map(([position]) => Number(position)));
    expect(errors).toEqual([]);
  });

  test('stores the cursor where it is configured to, and resumes there after the page is reloaded', async () => {
    const kept = new Map<string, string | null>();
    const cursors: CursorStore = { read: name => kept.get(name), write: (name, cursor) => void kept.set(name, cursor) };
    const first = inbox(connect(t.hub.url, { cursors }), changes, { caseNo: 'kept', oldest: true });
    await happen('kept', 2);
    await first.until(() => first.events.length === 2);
    first.leave();
    await happen('kept', 2);
    const second = inbox(connect(other.url, { cursors }), changes, { caseNo: 'kept', oldest: true });
    await second.until(() => second.events.length === 2);
    const positions = [...first.events, ...second.events].map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
  });

  test('notifies the application when a stream cannot resume, or restarts where that is allowed', async () => {
    const after = 'A'.repeat(36);
    const told = inbox(connect(t.hub.url), board, { after });
    await told.until(() => told.errors.length > 0);
    expect(told.errors).toMatchObject([[{ extensions: { code: 'CURSOR_MALFORMED' } }]]);
    const anew = inbox(connect(t.hub.url, { beginAnew: () => true }), board, { after });
    await anew.until(() => anew.events.some(({ type }) => type === 'READY'));
    expect(anew.events[0]).toMatchObject({ type: 'SNAPSHOT', page: 0 });
    expect(anew.errors).toEqual([]);
  });

  test('notices by a ping that a message is missing, and fetches it', async () => {
    const gaps: true[] = [];
    const onGap = () => void gaps.push(true);
    const client = connect(t.hub.url, { onGap });
    const caseNo = 'missing';
    const { events, until } = inbox(client, changes, { caseNo, oldest: true });
    await happen(caseNo);
    await until(() => events.length === 1);
    // The ping pretends that one more message had been sent and lost.
    const listeners: ((isReceived: boolean, payload: unknown) => void)[] = [];
    const on = (name: string, listener: never) => {
      if (name === 'ping') listeners.push(listener);
      return () => {};
    };
    resumable({ ...client, on } as Client, { onGap });
    listeners[0]!(true, { streams: { any: { sequence: 5 } } });
    expect(gaps).toHaveLength(1);
    await happen(caseNo);
    await until(() => events.length === 2);
  });
});
