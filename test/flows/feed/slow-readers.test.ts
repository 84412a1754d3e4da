/**
 * Promise 5: slow readers lose nothing and harm nobody. FEED_STALLED=1000 makes the crowd larger (the kernel holds some
 * megabytes for each), and prints how long the others wait for an event with and without it.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Approval } from '../../../adapters/kit/hall-kinds.ts';
import police from '../../../adapters/police/adapter.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { freePort } from '../../support/spawned-command.ts';
import { SpawnedHub } from '../../support/spawned-hub.ts';
import { stateRecords } from '../../support/state-records.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { type Frame, Wire } from '../../support/wire.ts';

const crowd = Number(process.env.FEED_STALLED ?? 40);
const stepName = '同意'.repeat(2_000);
/** More events than the kernel and the hub together buffer for any client. */
const many = 120;
/** The last ones of them, sent when all clients that do not read are detached. */
const late = 50;

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
    HUB_SOCKETS: '5000',
    HUB_SOCKETS_PER_ADDRESS: '5000',
    // A stalled client does not answer pings either, so they must not close it.
    HUB_SOCKET_PING_MS: '600000',
    HUB_RELAPSES: '1',
    HUB_DRAIN_MS: '0',
  });
});
afterAll(async () => {
  await hub?.stop();
  await opened?.close();
});

/** @param times how often the name of the step appears in an event, at 12 KB each */
const queryOf = (
  times: number,
) => `subscription ($caseNo: String, $after: String) { changes(kinds: ["Approval"], caseNo: $caseNo, after: $after) {
  cursor position at node { id ... on Approval { ${Array.from({ length: times }, (_, i) => `o${i}: name`).join(' ')} } } } }`;
const query = queryOf(5);
/** The kernel gives a client that has read well more buffer: some forty megabytes. */
const [heavy, heavyMany] = [queryOf(90), 50];
let steps = 0;
const happen = (caseNo: string, data: object = { name: stepName }) =>
  stateRecords(opened.store, 'police', [plainStatement(Approval, `step ${++steps}`, { caseNo, ...data })]);
async function happenOften(caseNo: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await happen(caseNo);
}

/** Milliseconds from the commit of an event until all of these readers have it, for this many events. */
async function waits(caseNo: string, readers: readonly Wire[], had: number, count: number): Promise<number[]> {
  const waited: number[] = [];
  for (let i = 1; i <= count; i++) {
    await happen(caseNo);
    const since = performance.now();
    await Promise.all(readers.map(wire => received(wire, had + i)));
    waited.push(performance.now() - since);
  }
  return waited.sort((a, b) => a - b);
}
const inWords = (waited: readonly number[]) =>
  [0.5, 0.99].map(share => `p${share * 100} ${waited[Math.floor(waited.length * share)]!.toFixed(1)} ms`).join(', ');

let readers = 0;
/** Opens ten sockets for each reader. */
async function open(count: number, variables: object, document = query): Promise<Wire[]> {
  const wires: Wire[] = [];
  for (let i = 0; i < count; i++) {
    if (i % 10 === 0) readers += 1;
    const token = await issuer.token({ role: 'clerk', sub: `clerk ${readers}` });
    const wire = await Wire.open(hub.url, { token });
    // Nodes exist only to be large, and a crowd of clients that kept them would need gigabytes.
    wire.socket.on('message', () => forgetNode(wire.frames.at(-1)!));
    wire.subscribe('1', document, { ...variables });
    wires.push(wire);
  }
  await Promise.all(wires.map(wire => wire.proven('1', 0)));
  return wires;
}
function forgetNode({ payload }: Frame): void {
  if (payload?.data?.changes) payload.data.changes.node = null;
}
const events = ({ frames }: Wire) => frames.filter(({ type }) => type === 'next');
const positionsOf = (wire: Wire): number[] => events(wire).map(({ payload }) => payload.data.changes.position);
const received = (wire: Wire, count: number) => wire.until(() => events(wire).length >= count);
const isLagged = ({ payload }: Frame) => Boolean(payload?.extensions?.lagged);

test(`${crowd} readers who stop reading cost little memory, delay nobody, and miss nothing when they read again`, async () => {
  const caseNo = 'crowd';
  const [stalled, well] = [await open(crowd, { caseNo }), await open(10, { caseNo })];
  await happenOften(caseNo, 5);
  await Promise.all([...stalled, ...well].map(wire => received(wire, 5)));
  for (const { socket } of stalled) socket.pause();
  const before = hub.memory;
  await happenOften(caseNo, many - late);
  await Promise.all(well.map(wire => received(wire, 5 + many - late)));
  const beside = await waits(caseNo, well, 5 + many - late, late);
  const grown = hub.memory - before;
  // If the hub had buffered what each of them did not read, it would be many times that.
  const allowed = crowd * 3 * 65_536 + 150_000_000;
  expect({ grown, isLittle: grown < allowed }).toEqual({ grown, isLittle: true });
  const expected = positionsOf(well[0]!);
  for (const wire of well)
    expect({ positions: positionsOf(wire), lagged: wire.frames.some(isLagged) }).toEqual({
      positions: expected,
      lagged: false,
    });

  for (const { socket } of stalled) socket.resume();
  await Promise.all(stalled.map(wire => received(wire, 5 + many)));
  for (const wire of stalled) await wire.leave();
  if (process.env.FEED_STALLED) {
    const alone = await waits(caseNo, well, 5 + many, late);
    const growth = `${(grown / 1e6).toFixed(0)} MB more`;
    console.log(`Ten readers beside ${crowd} stalled ones: ${inWords(beside)}, ${growth}; alone: ${inWords(alone)}`);
  }
  for (const wire of stalled) expect(positionsOf(wire)).toEqual(expected);
  // Detached readers received the range that they missed.
  const behind = stalled.flatMap(wire => wire.frames.filter(isLagged));
  expect(behind.length).toBeGreaterThan(0);
  for (const { payload } of behind) {
    const { from, to } = payload.extensions.lagged;
    expect(expected).toContain(from);
    expect(payload.data.changes.position).toBe(expected[expected.indexOf(from) + 1]);
    expect(to).toBeGreaterThan(from);
  }
  for (const wire of well) await wire.leave();
}, 600_000);

test('a reader who falls behind again and again is ended with their cursor, and resumes there', async () => {
  const caseNo = 'relapse';
  const [wire] = (await open(1, { caseNo }, heavy)) as [Wire];
  let total = 0;
  const ended = wire.until(({ type }) => type === 'error');
  let isEnded = false;
  ended.then(() => {
    isEnded = true;
  });
  while (!isEnded) {
    wire.socket.pause();
    await happenOften(caseNo, heavyMany);
    total += heavyMany;
    wire.socket.resume();
    await Promise.race([received(wire, total), ended]);
  }
  const { payload } = await ended;
  expect(payload[0].extensions).toMatchObject({ code: 'READER_TOO_SLOW', retry: true, cursor: expect.any(String) });
  expect(wire.frames.filter(({ type }) => type === 'complete')).toEqual([]);
  const had = positionsOf(wire);
  expect(payload[0].extensions.position).toBe(had.at(-1));
  wire.subscribe('2', heavy, { caseNo, after: payload[0].extensions.cursor });
  await wire.until(() => events(wire).length >= total);
  const all = positionsOf(wire);
  expect(all).toHaveLength(total);
  expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
  await wire.leave();
});
