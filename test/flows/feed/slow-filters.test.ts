/**
 * Promise 2: a filter that the database cannot test in time concerns its own readers only, and is tested for nobody
 * when they are gone. The slow filters here need a table that the test has locked.
 */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import { HeldTable } from '../../support/held-table.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { Wire } from '../../support/wire.ts';

const hubs: TestHub[] = [];
const hubWith = async (environment: Record<string, string>): Promise<TestHub> => {
  const hub = await startTestHub({ adapters: await silentAdapters(), environment });
  hubs.push(hub);
  return hub;
};
let impatient: TestHub;
let patient: TestHub;
beforeAll(async () => {
  impatient = await hubWith({ HUB_FILTER_TIMEOUT_MS: '300' });
  patient = await hubWith({ HUB_FILTER_TIMEOUT_MS: '600000' });
});
afterAll(() => Promise.all(hubs.map(hub => hub.stop())));

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});
async function hold(t: TestHub): Promise<HeldTable> {
  const held = await HeldTable.hold(t.environment.DATABASE_URL!, 'hub_licence');
  endings.push(() => held.close());
  return held;
}

const board = `subscription ($where: CaseWhere) { board: caseBoard(where: $where) {
  type cursor position nodes { caseNo } } }`;
const state = (t: TestHub, caseNo: string) =>
  stateRecords(t.hub.store, 'land', [plainStatement(CaseReport, `report of ${caseNo}`, { caseNo })]);
/** As many tests of licences; none of them fits. */
const licences = (tests: number) => ({
  or: [
    { caseNo: { startsWith: 'case-' } },
    ...Array.from({ length: tests }, (_, i) => ({ licences: { some: { number: { eq: `none-${i}` } } } })),
  ],
});

interface Following {
  readonly wire: Wire;
  /** Resolves when the case is on the board. */
  shows(caseNo: string): Promise<unknown>;
  /** Resolves with the error that ends the stream. */
  ended(): Promise<{ readonly extensions: Record<string, unknown>; readonly message: string }>;
}
async function follow(t: TestHub, where: object): Promise<Following> {
  const wire = await Wire.open(t.hub.url, { token: t.tokens.clerk });
  endings.push(async () => wire.socket.terminate());
  wire.subscribe('it', board, { where });
  await wire.until(({ payload }) => payload?.data?.board.type === 'READY');
  return {
    wire,
    shows: caseNo =>
      wire.until(({ payload }) =>
        payload?.data?.board.nodes.some((node: { caseNo: string }) => node.caseNo === caseNo),
      ),
    ended: async () => (await wire.until(({ type }) => type === 'error')).payload[0],
  };
}

test('boards go on while a heavy filter waits, which ends with its cursor after its time-out', async () => {
  const slow = await follow(impatient, licences(5));
  const plain = await follow(impatient, { caseNo: { startsWith: 'case-' } });
  await state(impatient, 'case-before');
  await Promise.all([slow.shows('case-before'), plain.shows('case-before')]);
  await hold(impatient);
  await state(impatient, 'case-meanwhile');
  await plain.shows('case-meanwhile');
  const { extensions, message } = await slow.ended();
  expect(extensions).toMatchObject({
    code: 'LIMIT_EXCEEDED',
    cursor: expect.any(String),
    position: expect.any(Number),
  });
  expect(message).toMatch(/narrow `where`/);
  await state(impatient, 'case-after');
  await plain.shows('case-after');
});

test('light filters are tested together until they run into the time-out; then each goes on alone', async () => {
  const [one, other] = [await follow(impatient, licences(1)), await follow(impatient, licences(2))];
  const plain = await follow(impatient, { caseNo: { startsWith: 'case-' } });
  const held = await hold(impatient);
  await state(impatient, 'case-together');
  await plain.shows('case-together');
  for (const light of [one, other]) expect((await light.ended()).extensions.code).toBe('LIMIT_EXCEEDED');
  await held.release();
  expect(plain.wire.frames.some(({ type }) => type === 'error')).toBe(false);
});

test('a snapshot that cannot be read in time ends with an error, and the next one is shown', async () => {
  const held = await hold(impatient);
  const wire = await Wire.open(impatient.hub.url, { token: impatient.tokens.clerk });
  endings.push(async () => wire.socket.terminate());
  wire.subscribe('late', board, { where: licences(1) });
  const { payload } = await wire.until(({ type }) => type === 'error');
  expect(payload[0].extensions.code).toBe('LIMIT_EXCEEDED');
  await held.release();
  wire.subscribe('again', board, { where: licences(1) });
  await wire.until(({ id, payload }) => id === 'again' && payload?.data?.board.type === 'READY');
});

test('when its socket closes, the statement of a filter is cancelled, and its connection serves others', async () => {
  const slow = await follow(patient, licences(5));
  const other = await follow(patient, licences(6));
  const held = await hold(patient);
  await state(patient, 'case-closed');
  await held.until(2);
  slow.wire.socket.terminate();
  await held.until(1);
  other.wire.socket.terminate();
  await held.until(0);
  await held.release();
  const next = await follow(patient, licences(7));
  await state(patient, 'case-next');
  await next.shows('case-next');
});

test('what one of several readers of a filter leaves is tested for the others', async () => {
  const [leaving, staying] = [await follow(patient, licences(5)), await follow(patient, licences(5))];
  const held = await hold(patient);
  await state(patient, 'case-shared');
  const [statement] = await held.until(1);
  leaving.wire.socket.terminate();
  await leaving.wire.closed;
  expect((await held.until(1))[0]!.pid).toBe(statement!.pid);
  await held.release();
  await staying.shows('case-shared');
});

test('the snapshot of a board whose reader has gone is cancelled', async () => {
  const held = await hold(patient);
  const wire = await Wire.open(patient.hub.url, { token: patient.tokens.clerk });
  wire.subscribe('it', board, { where: licences(1) });
  await held.until(1);
  wire.socket.terminate();
  await held.until(0);
});
