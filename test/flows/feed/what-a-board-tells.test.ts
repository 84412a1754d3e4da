/**
 * Promise 2 in detail: the order of a board's events, why something leaves it, one moment for all agencies, and its
 * bounds.
 */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Approval, CaseClosing, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import type { Statement } from '../../../adapters/kit/statement.ts';
import { BoardScreen, type ScreenPlace } from '../../support/board-screen.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { Wire } from '../../support/wire.ts';

const village = '371482104201';
let t: TestHub;
let issuer: TokenIssuer;
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const environment = { ...issuer.environment, HUB_FRAMES_PER_SECOND: '100000', HUB_BOARD_ROWS: '300' };
  t = await startTestHub({ adapters: await silentAdapters(), environment });
});
afterAll(() => t?.stop());

const screens: BoardScreen[] = [];
afterEach(async () => {
  for (const screen of screens.splice(0)) await screen.leave();
});

const document = (field: string, where: string, order: string) => `
  subscription ($where: ${where}, $orderBy: [${order}!], $after: String) {
    board: ${field}(where: $where, orderBy: $orderBy, after: $after) {
      type cursor position page removed reason lag { from to } nodes { id ... on Case { caseNo state } ... on Approval { name } } } }`;
const cases = document('caseBoard', 'CaseWhere', 'CaseOrder').replace('... on Approval { name }', '');
const steps = document('approvalUpdates', 'ApprovalWhere', 'ApprovalOrder').replace('... on Case { caseNo state }', '');

let readers = 0;
async function watch(claims: Record<string, unknown>, place: Omit<ScreenPlace, 'token'>): Promise<BoardScreen> {
  const token = await issuer.token({ ...claims, sub: `reader ${++readers}` });
  const screen = new BoardScreen({ token, ...place });
  screens.push(screen);
  // Changes that have no position yet would be sent again.
  const [[last]] = (await t.hub.store.database.read('select count(*) from hub_change', [])) as [[string]];
  await t.hub.tail.more(Number(last) - 1, new AbortController().signal);
  await screen.connect(t.hub.url);
  await screen.wire!.until(({ payload }) => payload?.data?.board.type === 'READY' || payload?.errors);
  screen.take();
  return screen;
}
const state = (agency: string, ...statements: Statement[]) => stateRecords(t.hub.store, agency, statements);
/** Resolves when everything that was stated until now has been sent. */
async function settled(screen: BoardScreen): Promise<BoardScreen> {
  const [[last]] = (await t.hub.store.database.read('select count(*) from hub_change', [])) as [[string]];
  await screen.reach(Number(last));
  return screen;
}
const idOf = (caseNo: string) => `Case:${t.hub.store.identity.ofNoun(t.hub.store.catalog.get('Case'), caseNo)}`;
const report = (caseNo: string, version: number, data: object = {}) =>
  plainStatement(CaseReport, `report of ${caseNo}`, { caseNo, regionCode: village, ...data }, version);
const clerk = { role: 'clerk' };
const officerOf = (agency: string) => ({ role: 'officer', agency, host: 'town' });

test('a board sends an ordered snapshot, then READY, then every change in the order of its position', async () => {
  await state('land', ...[3, 1, 2].map(n => report(`order-${n}`, 1)));
  const where = { caseNo: { startsWith: 'order-' } };
  const screen = await watch(clerk, { document: cases, variables: { where, orderBy: ['CASE_NO_DESC'] } });
  expect(
    screen.told.map(({ type, page, cursor, position }) => [type, page, cursor !== null, position !== null]),
  ).toEqual([
    ['SNAPSHOT', 0, false, false],
    ['READY', null, true, true],
  ]);
  expect(screen.told[0]!.nodes).toMatchObject(['order-3', 'order-2', 'order-1'].map(caseNo => ({ caseNo })));
  await state('land', report('order-4', 1), report('order-1', 2, { acceptedAt: '2026-11-02T09:00:00+08:00' }));
  await settled(screen);
  const updates = screen.told.slice(2);
  expect(updates.map(({ type, nodes }) => [type, nodes.length])).toEqual([
    ['UPSERT', 1],
    ['UPSERT', 1],
  ]);
  const positions = updates.map(({ position }) => position!);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect([...screen.shown.values()]).toContainEqual(expect.objectContaining({ caseNo: 'order-1', state: 'ACCEPTED' }));
});

test('an empty board becomes ready too', async () => {
  const screen = await watch(clerk, { document: cases, variables: { where: { caseNo: { eq: 'nobody' } } } });
  expect(screen.told.map(({ type, nodes }) => [type, nodes])).toEqual([
    ['SNAPSHOT', []],
    ['READY', []],
  ]);
});

test('a row that leaves a board is sent with the reason and without any of its fields', async () => {
  const where = { caseNo: { startsWith: 'why-' }, state: { eq: 'SUBMITTED' } };
  const cases4 = ['why-deleted', 'why-moved', 'why-reassigned', 'why-hidden'];
  await state('land', ...cases4.map(caseNo => report(caseNo, 1)));
  const leaves = async (screen: BoardScreen) => {
    const { told } = await settled(screen);
    const removed = told.filter(({ type }) => type === 'REMOVE');
    for (const event of removed) expect(event).toMatchObject({ nodes: [], page: null, lag: null });
    return removed.map(event => [event.removed, event.reason]);
  };
  const own = await watch(officerOf('land'), { document: cases, variables: { where } });
  const agent = await watch({ role: 'village-agent', village }, { document: cases, variables: { where } });
  const all = await watch(clerk, { document: cases, variables: { where } });
  expect(own.shown.size).toBe(4);

  await state('land', { ...report('why-deleted', 2), deleted: true, data: null });
  await state('land', report('why-moved', 2, { acceptedAt: '2026-11-02T09:00:00+08:00' }));
  // The police report an earlier application, so they lead the case, and the officer of land has no part in it.
  await state('police', report('why-reassigned', 1, { submittedAt: '2025-01-01T09:00:00+08:00' }));
  await state('land', report('why-hidden', 2, { regionCode: '371482104202' }));

  expect(await leaves(own)).toEqual([
    [idOf('why-deleted'), 'DELETED'],
    [idOf('why-moved'), 'MOVED'],
    [idOf('why-reassigned'), 'REASSIGNED'],
  ]);
  expect(await leaves(agent)).toEqual([
    [idOf('why-deleted'), 'DELETED'],
    [idOf('why-moved'), 'MOVED'],
    [idOf('why-hidden'), 'NO_LONGER_AUTHORISED'],
  ]);
  expect(await leaves(all)).toEqual([
    [idOf('why-deleted'), 'DELETED'],
    [idOf('why-moved'), 'MOVED'],
  ]);
});

test('rows that a reader has never been able to see are not mentioned', async () => {
  const screen = await watch(officerOf('land'), { document: cases, variables: { where: {} } });
  const before = screen.told.length;
  await state('police', report('strange-1', 1));
  await state('police', report('strange-1', 2, { acceptedAt: '2026-11-02T09:00:00+08:00' }));
  await state('police', plainStatement(CaseClosing, 'end of strange-1', { caseNo: 'strange-1' }));
  await state('police', { ...report('strange-1', 3), deleted: true, data: null });
  expect((await settled(screen)).told.slice(before)).toEqual([]);
});

test('a snapshot of several pages is as of one moment, over all agencies', async () => {
  const step = (n: number, name: string, version: number) =>
    plainStatement(Approval, `cut ${n}`, { caseNo: `cut-${n}`, name, stepNo: String(1000 + n) }, version);
  const last = 249;
  await state('land', ...Array.from({ length: last + 1 }, (_, n) => step(n, '0', 1)));
  const leaving = new AbortController();
  // First the case on the first page changes, then, at another agency, the case on the last page.
  const writing = (async () => {
    for (let round = 1; !leaving.signal.aborted; round++) {
      await state('land', step(0, String(round), 1 + round));
      await state('police', step(last, String(round), 1 + round));
    }
  })();
  await state('police', step(last, '0', 1));
  await state('land', { ...step(last, '0', 2), deleted: true, data: null });
  for (let i = 0; i < 8; i++) {
    const where = { stepNo: { in: ['1000', String(1000 + last)] } };
    const wide = { caseNo: { startsWith: 'cut-' } };
    const screen = await watch(clerk, {
      document: steps,
      variables: { where: i % 2 ? wide : where, orderBy: ['STEP_NO_ASC'] },
    });
    const pages = screen.told.filter(({ type }) => type === 'SNAPSHOT');
    expect(pages).toHaveLength(i % 2 ? 2 : 1);
    const names = pages.flatMap(({ nodes }) => nodes as unknown as { name: string }[]).map(({ name }) => Number(name));
    const [first, second] = [names[0]!, names.at(-1)!];
    expect([first, first - 1]).toContain(second);
  }
  leaving.abort();
  await writing;
});

test('a board that would be too large, or whose filter the reader may not use, is refused with the reason', async () => {
  await state('land', ...Array.from({ length: 301 }, (_, n) => report(`large-${n}`, 1)));
  const refused = async (claims: Record<string, unknown>, query: string, variables: object) => {
    const wire = await Wire.open(t.hub.url, { token: await issuer.token({ ...claims, sub: `reader ${++readers}` }) });
    wire.subscribe('1', query, { ...variables });
    const { type, payload } = await wire.until(frame => frame.id === '1');
    await wire.leave();
    return [type, (type === 'error' ? payload : payload.errors)[0].extensions.code];
  };
  expect(await refused(clerk, cases, { where: { caseNo: { startsWith: 'large-' } } })).toEqual([
    'error',
    'LIMIT_EXCEEDED',
  ]);
  const masked = { where: { applicantId: { startsWith: '3714' } } };
  expect(await refused({ role: 'analyst' }, cases, masked)).toEqual(['next', 'FILTER_FORBIDDEN']);
  const auditor = await refused({ role: 'auditor' }, cases, {});
  expect(auditor).toEqual(['next', 'FORBIDDEN']);
});

test('concurrent screens share one subscription group, whatever they filter by', async () => {
  const filters = ['SUBMITTED', 'ACCEPTED', 'IN_REVIEW'].map(eq => ({
    caseNo: { startsWith: 'share-' },
    state: { eq },
  }));
  await state('land', report('share-1', 1));
  const together = await Promise.all(
    filters.flatMap(where => [1, 2, 3].map(() => watch(clerk, { document: cases, variables: { where } }))),
  );
  expect([t.hub.feed.streamCount, t.hub.feed.groupCount]).toEqual([9, 1]);
  await state('land', report('share-1', 2, { acceptedAt: '2026-11-02T09:00:00+08:00' }));
  for (const [i, screen] of together.entries()) {
    await settled(screen);
    expect(screen.told.slice(2).map(({ type }) => type)).toEqual([['REMOVE'], ['UPSERT'], []][Math.floor(i / 3)]);
  }
});
