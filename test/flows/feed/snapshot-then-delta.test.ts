/**
 * Promise 2: a board shows everything as of one moment and follows it; a screen shows what a fresh query would return.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Approval, CaseClosing, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import type { Statement } from '../../../adapters/kit/statement.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { readConfig } from '../../../src/config.ts';
import { type RunningHub, startHub } from '../../../src/hub.ts';
import { BoardScreen, type ScreenPlace } from '../../support/board-screen.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { makeTokenIssuer } from '../../support/token-issuer.ts';

const random = makeRandom(seed, 'snapshot then delta');
const rounds = Number(process.env.FEED_ROUNDS ?? 12);
const agencies = ['police', 'land', 'commerce'];
const villages = ['371482104201', '371482104202'];

let town: TestHub;
/** Two processes of one hub for all practical purposes. */
const hubs: RunningHub[] = [];
const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-feed-'));
let started = 0;
async function startReplica(): Promise<RunningHub> {
  const own = path.join(folder, String(++started));
  const environment = { ...town.environment, HUB_AUDIT_DIR: `${own}/audit`, HUB_AUDIT_ROOTS: `${own}/roots` };
  return startHub(readConfig(environment), environment, await silentAdapters());
}

const caseFields =
  'id caseNo state currentStep windowCode leadAgencyCode regionCode approvals(first: 50) { nodes { id name state handlerName } }';
const stepFields = 'id caseNo stepNo name state handlerName source { agency }';
const board = (field: string, where: string, fields: string) =>
  `subscription Board($where: ${where}, $after: String) { board: ${field}(where: $where, after: $after) {
    type cursor position page removed reason nodes { ${fields} } } }`;
interface Watched extends ScreenPlace {
  readonly title: string;
  /** The query whose answer the screen must show. */
  readonly question: string;
}
let watched: readonly Watched[] = [];

beforeAll(async () => {
  const issuer = await makeTokenIssuer();
  const adapters = await silentAdapters();
  town = await startTestHub({
    adapters,
    environment: { ...issuer.environment, HUB_FRAMES_PER_SECOND: '100000', HUB_SEQUENCER_POLL_MS: '10' },
  });
  hubs.push(town.hub, await startReplica());
  const token = (claims: Record<string, unknown>) => issuer.token(claims);
  const [clerk, officer] = [{ role: 'clerk' }, { role: 'officer', agency: 'land', host: 'town' }];
  const agent = { role: 'village-agent', village: villages[0] };
  const readers = [
    { name: 'a clerk', claims: clerk, purpose: 'task:test' },
    // A purpose that ends closes its streams, so this test leaves out a purpose for one case.
    { name: 'a clerk without a purpose', claims: clerk },
    { name: 'an officer of land', claims: officer },
    { name: 'a village agent', claims: agent },
  ];
  const open = { some: { state: { eq: 'TODO' } } };
  const filters = [
    {},
    { state: { in: ['IN_REVIEW', 'ACCEPTED'] } },
    { leadAgencyCode: { eq: 'land' } },
    { not: { approvals: open } },
  ];
  const places = readers.flatMap(reader => [
    ...filters.map(where => ({
      ...reader,
      title: `${reader.name}, cases ${JSON.stringify(where)}`,
      document: board('caseBoard', 'CaseWhere', caseFields),
      variables: { where },
      question: `query ($where: CaseWhere) { list: cases(where: $where, first: 200) { nodes { ${caseFields} } } }`,
    })),
    {
      ...reader,
      title: `${reader.name}, steps to do`,
      document: board('approvalUpdates', 'ApprovalWhere', stepFields),
      variables: { where: { state: { eq: 'TODO' } } },
      question: `query ($where: ApprovalWhere) { list: approvals(where: $where, first: 200) { nodes { ${stepFields} } } }`,
    },
  ]);
  // Each screen belongs to a reader of its own.
  watched = await Promise.all(
    places.map(async (place, i) => ({ ...place, token: await token({ ...place.claims, sub: `reader ${i}` }) })),
  );
});
afterAll(async () => {
  await hubs[1]?.stop();
  await hubs[0]?.stop();
  await town?.stop();
  rmSync(folder, { recursive: true });
});

const store = () => hubs[0]!.store;
let version = 0;
/** Makes changes in the hall: cases come, go on, go to other agencies and villages, end, and are corrected. */
async function live(): Promise<void> {
  const agency = random.pick(agencies);
  const statements: Statement[] = [];
  for (let i = 1 + random.below(4); i > 0; i--) {
    const caseNo = `NO-${random.below(8)}`;
    version += 1;
    const deleted = random.chance(0.15);
    const kind = random.below(4);
    if (kind === 0) {
      const moments = {
        submittedAt: `2026-11-0${1 + random.below(8)}T09:00:00+08:00`,
        acceptedAt: random.chance(0.7) ? '2026-11-09T09:00:00+08:00' : null,
      };
      const data = { caseNo, windowCode: `window ${version}`, regionCode: random.pick(villages), ...moments };
      statements.push({ ...plainStatement(CaseReport, `report of ${caseNo}`, data, version), deleted });
    } else if (kind === 1 && random.chance(0.4)) {
      statements.push({
        ...plainStatement(CaseClosing, `end of ${caseNo}`, { caseNo }, version),
        deleted: random.chance(0.6),
      });
    } else {
      const sourceId = `step ${random.below(6)} of ${agency}`;
      const state = random.pick(['TODO', 'DONE']);
      const data = { caseNo, type: 'STEP', state, outcome: null, final: false, handlerName: `王${version}` };
      statements.push({ ...plainStatement(Approval, sourceId, data, version), deleted });
    }
  }
  await stateRecords(store(), agency, statements);
}

/** The newest position that any client can have received. */
async function numbered(): Promise<number> {
  for (;;) {
    const [[waiting, last]] = (await store().database.read(
      `select count(*) filter (where first_position is null), coalesce(max(first_position + size - 1), 0) from hub_batch`,
      [],
    )) as [[string, string]];
    if (waiting === '0') return Number(last);
    await hubs[0]!.tail.more(hubs[0]!.tail.position, AbortSignal.timeout(50));
  }
}

async function expectFresh(
  screen: BoardScreen,
  { token, purpose, question, variables, title }: Watched,
): Promise<void> {
  await screen.reach(await numbered());
  const { data, errors } = await new HallClient(hubs[0]!.url, token, purpose ?? null).ask(question, variables);
  expect(errors).toBeUndefined();
  const byId = (nodes: Iterable<object>) => [...nodes].map(node => JSON.stringify(node)).sort();
  expect({ title, shown: byId(screen.shown.values()) }).toEqual({ title, shown: byId(data.list.nodes) });
}

test(`a screen that leaves, returns to any process and lives through restarts shows what a fresh query returns (TEST_SEED=${seed})`, async () => {
  for (let i = 0; i < 20; i++) await live();
  const screens = watched.map(place => ({ place, screen: new BoardScreen(place) }));
  const connect = (screen: BoardScreen) => screen.connect(random.pick(hubs).url);
  await Promise.all(screens.map(({ screen }) => connect(screen)));
  for (let round = 0; round < rounds; round++) {
    for (let i = random.below(8); i > 0; i--) {
      await live();
      if (random.chance(0.3)) await numbered();
      const { screen } = random.pick(screens);
      if (screen.wire && random.chance(0.6)) await screen.leave();
      else if (!screen.wire) await connect(screen);
    }
    if (round === Math.floor(rounds / 2)) {
      for (const { screen } of screens) await screen.leave();
      await hubs[1]!.stop();
      for (let i = 0; i < 5; i++) await live();
      hubs[1] = await startReplica();
    }
    await Promise.all(screens.filter(({ screen }) => !screen.wire).map(({ screen }) => connect(screen)));
    for (const { screen, place } of screens) await expectFresh(screen, place);
  }
  const told = screens.flatMap(({ screen }) => screen.told);
  expect(new Set(told.map(({ type }) => type))).toEqual(new Set(['SNAPSHOT', 'READY', 'UPSERT', 'REMOVE']));
  // No screen began again: one snapshot each, unless it left before the snapshot was complete.
  expect(told.filter(({ type }) => type === 'READY')).toHaveLength(screens.length);
  for (const { screen } of screens) await screen.leave();
});
