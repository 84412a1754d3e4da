import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Approval, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import type { Inbox } from '../../../src/cli/hall-client.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const random = makeRandom(seed, 'updates');
const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
let t: TestHub;

beforeAll(async () => {
  const adapters = (await findAdapters()).map(adapter => ({ ...adapter, pollEveryMs: 50 }));
  const environment = { HUB_SEQUENCER_POLL_MS: '20' };
  t = await startTestHub({ agencies, adapters, population: 150, seed: seed % 1000, environment });
  await t.synchronised();
});
afterAll(() => t?.stop());

/** A change as the log holds it. */
interface Logged {
  readonly position: number;
  readonly kind: string;
  readonly agency: string;
  readonly caseNo: string | null;
  readonly deleted: boolean;
}
interface Told extends Logged {
  readonly cursor: string;
  readonly node: { readonly id: string; readonly [field: string]: unknown } | null;
}
const fields = `cursor position kind agency caseNo deleted at node { __typename id
  ... on Case { caseNo caseState: state approvals(first: 200) { totalCount } }
  ... on Approval { caseNo approvalState: state } }`;
const subscription = `subscription ($agencies: [String!], $kinds: [String!], $caseNo: String, $after: String, $oldest: Boolean) {
  changes(agencies: $agencies, kinds: $kinds, caseNo: $caseNo, after: $after, oldest: $oldest) { ${fields} } }`;
const open: Inbox[] = [];
async function follow(variables: Record<string, unknown> = {}): Promise<Inbox> {
  const inbox = await t.clerk.subscribe(subscription, variables);
  open.push(inbox);
  return inbox;
}
afterEach(async () => {
  for (const inbox of open.splice(0)) await inbox.close();
});
async function nextOf(inbox: Inbox): Promise<Told> {
  const { data, errors } = await inbox.next();
  expect(errors).toBeUndefined();
  return data.changes;
}

const read = (text: string, values: unknown[] = []) => t.hub.store.database.read(text, values);
async function log(after = 0): Promise<Logged[]> {
  const rows = await read(
    `select b.first_position + c.ordinal, c.kind, c.agency, c.case_no, c.deleted
     from hub_batch b join hub_change c on c.batch_id = b.id where b.first_position + c.ordinal > $1 order by 1`,
    [after],
  );
  return rows.map(([position, kind, agency, caseNo, deleted]) => ({
    position: Number(position),
    kind: kind!,
    agency: agency!,
    caseNo: caseNo!,
    deleted: deleted === 't',
  }));
}
const logged = ({ position, kind, agency, caseNo, deleted }: Told): Logged => ({
  position,
  kind,
  agency,
  caseNo,
  deleted,
});

describe('an update that is made at', () => {
  test.each(agencies)('%s is seen, with the state that it brought', async agency => {
    const before = t.hub.tail.position;
    const inbox = await follow();
    const { kind, sourceId, caseNo } = await t.systems.get(agency)!.touch();
    const id = `${kind}:${t.hub.store.identity.ofRecord(kind, agency, sourceId)}`;
    const told: Told[] = [];
    while (!told.some(change => change.node?.id === id)) told.push(await nextOf(inbox));
    const change = told.find(one => one.node?.id === id)!;
    expect(change).toMatchObject({ kind, agency, caseNo, deleted: false, node: { __typename: kind, id } });
    expect(change.position).toBeGreaterThan(before);
    if (caseNo) {
      const ofCase = () => told.findLast(one => one.kind === 'Case' && one.caseNo === caseNo);
      while (!ofCase()) told.push(await nextOf(inbox));
      const [[state]] = (await read('select state from hub_case where case_no = $1', [caseNo])) as [[string]];
      while (ofCase()!.node!.caseState !== state) told.push(await nextOf(inbox));
      expect(ofCase()).toMatchObject({ agency, node: { __typename: 'Case', caseNo } });
    }
    await inbox.close();
  });
});

/** Lets every system take a few steps and then report an update whose arrival can be awaited. */
async function live(): Promise<void> {
  const inbox = await follow();
  for (const system of t.systems.values()) {
    for (let step = random.below(3); step > 0; step--) await system.step();
    const { kind, sourceId } = await system.touch();
    const id = `${kind}:${t.hub.store.identity.ofRecord(kind, system.agency, sourceId)}`;
    await inbox.nextWhere(({ data }) => data.changes.node?.id === id);
  }
  await inbox.close();
}

test('filters let through exactly what was asked for', async () => {
  const from = t.hub.tail.position;
  await live();
  const [someCase] = (await log(from)).filter(change => change.caseNo && change.kind === 'Case');
  const filters: Record<string, unknown>[] = [
    { agencies: ['land'] },
    { agencies: ['land', 'police'], kinds: ['Case'] },
    { kinds: ['Approval', 'InsuredPerson'] },
    { caseNo: someCase!.caseNo },
    { caseNo: someCase!.caseNo, kinds: ['Case'] },
    {},
  ];
  const fits = (change: Logged, { agencies: of, kinds, caseNo }: Record<string, unknown>) =>
    (!of || (of as string[]).includes(change.agency)) &&
    (!kinds || (kinds as string[]).includes(change.kind)) &&
    (!caseNo || caseNo === change.caseNo);
  for (const filter of filters) {
    const expected = (await log()).filter(change => fits(change, filter));
    expect(expected.length).toBeGreaterThan(0);
    const inbox = await follow({ ...filter, oldest: true });
    const told: Logged[] = [];
    for (const _ of expected) told.push(logged(await nextOf(inbox)));
    await inbox.close();
    expect({ filter, told }).toEqual({ filter, told: expected });
  }
});

test(`a client that returns with a cursor misses nothing and sees nothing twice (TEST_SEED=${seed})`, async () => {
  const told: Logged[] = [];
  let after: string | null = null;
  const take = async (count: number) => {
    const inbox = await follow(after ? { after } : { oldest: true });
    for (let i = 0; i < count; i++) {
      const change = await nextOf(inbox);
      told.push(logged(change));
      after = change.cursor;
    }
    await inbox.close();
  };
  for (let round = 0; round < 4; round++) {
    const [behind] = await Promise.all([(await log(told.length)).length, live()]);
    await Promise.all([take(random.below(behind)), live()]);
  }
  const all = await log();
  await take(all.length - told.length);
  expect(told).toEqual(all);
  expect(told.map(change => change.position)).toEqual(all.map((_, i) => i + 1));
});

describe('an invalid subscription ends with a clear error', () => {
  test.each([
    [{ kinds: ['Case', 'Nonsense 371482199001010018'] }, 'BAD_USER_INPUT'],
    [{ after: 'nonsense' }, 'CURSOR_MALFORMED'],
    [{ after: Buffer.from('change:1').toString('base64url') }, 'CURSOR_MALFORMED'],
    [{ after: 'A'.repeat(36) }, 'CURSOR_MALFORMED'],
    [{ after: 'A'.repeat(36), oldest: true }, 'BAD_USER_INPUT'],
  ])('%j', async (variables, code) => {
    const inbox = await follow(variables);
    const { data, errors } = await inbox.next();
    expect({ data: data ?? null, codes: errors!.map(e => e.extensions!.code) }).toEqual({ data: null, codes: [code] });
    expect(JSON.stringify(errors)).not.toContain('371482199001010018');
    await inbox.close();
  });
});

const step = (caseNo: string, state: 'TODO' | 'DONE', version: number) =>
  plainStatement(Approval, `step of ${caseNo}`, { caseNo, state, outcome: null, type: 'STEP', final: false }, version);
const report = (caseNo: string) =>
  plainStatement(CaseReport, `report of ${caseNo}`, { caseNo, acceptedAt: '2026-11-02T09:00:00+08:00' });
const police = (...statements: Parameters<typeof stateRecords>[2]) => stateRecords(t.hub.store, 'police', statements);

test('each event is read again: two updates of one case show two states', async () => {
  const caseNo = `fresh-${seed}`;
  const inbox = await follow({ caseNo });
  const states: unknown[] = [];
  const seen = async (kind: string) => {
    for (;;) {
      const { kind: told, node } = await nextOf(inbox);
      if (told === kind) return node!;
    }
  };
  await police(report(caseNo));
  states.push((await seen('Case')).caseState);
  await police(step(caseNo, 'TODO', 1));
  states.push((await seen('Approval')).approvalState, (await seen('Case')).caseState);
  await police(step(caseNo, 'DONE', 2));
  states.push((await seen('Approval')).approvalState);
  expect(states).toEqual(['ACCEPTED', 'TODO', 'IN_REVIEW', 'DONE']);
  await inbox.close();
});

test('a deletion is sent without a node', async () => {
  const caseNo = `gone-${seed}`;
  await police(step(caseNo, 'TODO', 1));
  const inbox = await follow({ caseNo, kinds: ['Approval', 'Case'] });
  await police({ ...step(caseNo, 'TODO', 2), deleted: true });
  const told = [];
  while (told.filter(change => change.deleted).length < 2) told.push(await nextOf(inbox));
  expect(told.filter(change => change.deleted)).toEqual([
    expect.objectContaining({ kind: 'Approval', caseNo, deleted: true, node: null }),
    expect.objectContaining({ kind: 'Case', caseNo, deleted: true, node: null }),
  ]);
  await inbox.close();
});

test('equal subscriptions share one subscription group, and a client that leaves leaves nothing behind', async () => {
  const now = () => ({
    streams: t.hub.feed.streamCount,
    groups: t.hub.feed.groupCount,
    waiting: t.hub.tail.waitingReaders,
  });
  /** Every round is an answer of the hub, so the hub has had time to notice. */
  const until = async (expected: ReturnType<typeof now>) => {
    const reached = () => isDeepStrictEqual(now(), expected);
    for (let round = 0; round < 500 && !reached(); round++) await t.anybody.ask('{ agencies { totalCount } }');
    return now();
  };
  const nobody = { streams: 0, groups: 0, waiting: 0 };
  expect(await until(nobody)).toEqual(nobody);
  const inboxes = await Promise.all(Array.from({ length: 10 }, (_, i) => follow(i % 2 ? {} : { caseNo: 'none' })));
  const shared = { streams: 10, groups: 1, waiting: 1 };
  expect(await until(shared)).toEqual(shared);
  await Promise.all(inboxes.map(inbox => inbox.close()));
  expect(await until(nobody)).toEqual(nobody);
});
