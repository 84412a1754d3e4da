import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Approval, CaseClosing, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import type { RecordKind } from '../../../adapters/kit/record.ts';
import { versionOf } from '../../../adapters/kit/statement.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { nobody } from '../../../src/access/principal.ts';
import { type CompiledGraph, openCompiledGraph } from '../../support/compiled-graph.ts';
import { inventedResidentId } from '../../support/invented-identifiers.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const random = makeRandom(seed, 'as of');
const CASES = 6;
const STEPS = 25;

let t: TestHub;
let graph: CompiledGraph;
/** What the hub answered at several moments, and when. */
const album: { at: string; answer: unknown }[] = [];
const everything = `
  cases(orderBy: [STATE_ASC, CASE_NO_DESC], where: $where, asOf: $asOf) {
    totalCount
    nodes { id caseNo state result observedAt: submittedAt applicant { id residentId name } approvals(orderBy: [STEP_NO_ASC]) { totalCount nodes { stepNo state observedAt } } }
    groups { nodes { key { state } count steps: count(where: { approvals: { some: { state: { eq: DONE } } } }) } }
  }
  case(caseNo: "NO-1", asOf: $asOf) { caseNo state closings { nodes { result } } }`;
const ask = async (asOf: string | null, where: unknown = {}) => {
  const { data, errors } = await t.clerk.ask(`query ($asOf: DateTime, $where: CaseWhere) { ${everything} }`, {
    asOf,
    where,
  });
  expect(errors).toBeUndefined();
  return data;
};

async function state(kind: RecordKind, id: string, version: number, values: Record<string, unknown>, deleted = false) {
  const statement = plainStatement(kind, id, values);
  const told = { ...statement, version: versionOf(version), deleted, ...(deleted && { data: null }) };
  await stateRecords(t.hub.store, 'police', [told]);
}
async function live(step: number): Promise<void> {
  const n = random.below(CASES);
  const caseNo = `NO-${n}`;
  const deleted = random.chance(0.15);
  const draw = random.below(6);
  if (draw < 2) {
    const applicantId = inventedResidentId(random.below(3));
    await state(
      CaseReport,
      `r${n}`,
      step,
      { caseNo, applicantId, applicantPersonName: `张${step}`, windowCode: `w${step}` },
      deleted,
    );
  } else if (draw < 5) {
    const stepNo = String(random.below(3));
    await state(
      Approval,
      `a${n}-${stepNo}`,
      step,
      { caseNo, stepNo, state: random.pick(['TODO', 'DONE']), type: 'STEP' },
      deleted,
    );
  } else await state(CaseClosing, `c${n}`, step, { caseNo, result: random.pick(['GRANTED', 'REFUSED']) }, deleted);
}

beforeAll(async () => {
  t = await startTestHub({ adapters: await silentAdapters() });
  graph = openCompiledGraph(t.hub.store, { adapters: t.hub.adapters });
  for (let step = 1; step <= STEPS; step++) {
    await live(step);
    album.push({ at: new Date().toISOString(), answer: await ask(null) });
    // This makes the time of the next page differ from this moment.
    while (Date.now() <= Date.parse(album.at(-1)!.at)) await new Promise(setImmediate);
  }
});
afterAll(async () => {
  await graph?.close();
  await t?.stop();
});

test(`every past answer is returned again, word for word, with lists, counts and groups (TEST_SEED=${seed})`, async () => {
  for (const [i, { at, answer }] of album.entries()) {
    expect({ seed, i, answer: await ask(at) }).toEqual({ seed, i, answer });
  }
  expect(new Set(album.map(({ answer }) => JSON.stringify(answer))).size).toBeGreaterThan(10);
});

test('before the first record the answer is empty, and for the future it is the current one', async () => {
  expect(await ask('2020-01-01T00:00:00Z')).toEqual({
    cases: { totalCount: 0, nodes: [], groups: { nodes: [] } },
    case: null,
  });
  expect(await ask('2100-01-01T00:00:00+08:00')).toEqual(await ask(null));
});

test(`pages of the past are consistent while the present goes on (TEST_SEED=${seed})`, async () => {
  const { at } = album[Math.floor(STEPS / 2)]!;
  const page = async (after: string | null) => {
    const { data, errors } = await t.clerk.ask(
      'query ($asOf: DateTime, $after: String) { cases(asOf: $asOf, first: 2, after: $after, orderBy: [STATE_DESC]) { nodes { caseNo state } pageInfo { hasNextPage endCursor } } }',
      { asOf: at, after },
    );
    expect(errors).toBeUndefined();
    return data.cases;
  };
  const { data } = await t.clerk.ask(
    'query ($asOf: DateTime) { cases(asOf: $asOf, first: 100, orderBy: [STATE_DESC]) { nodes { caseNo state } } }',
    { asOf: at },
  );
  const got: unknown[] = [];
  for (let after: string | null = null, step = 1; ; step++) {
    const { nodes, pageInfo } = await page(after);
    got.push(...nodes);
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
    await live(STEPS + step);
  }
  expect(got).toEqual(data.cases.nodes);
});

describe('the policy decides as of now', () => {
  test('a closed case does not open its applicant for the time when it was open', async () => {
    const applicantId = inventedResidentId(9);
    await state(CaseReport, 'open', 1, { caseNo: 'OPEN-1', applicantId, applicantPersonName: '李某某' });
    const open = new Date().toISOString();
    while (Date.now() <= Date.parse(open)) await new Promise(setImmediate);
    const reader = { ...nobody(), role: 'clerk', purpose: { kind: 'case', value: 'OPEN-1' } } as const;
    const look = async () => {
      const text = 'query ($asOf: DateTime) { case(caseNo: "OPEN-1", asOf: $asOf) { state applicantId } }';
      // biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of its question
      return ((await graph.ask(reader, text, { asOf: open })).data as any).case;
    };
    expect(await look()).toMatchObject({ state: 'SUBMITTED', applicantId });
    await state(CaseClosing, 'open', 1, { caseNo: 'OPEN-1', result: 'GRANTED' });
    const later = await look();
    expect(later).toMatchObject({ state: 'SUBMITTED' });
    expect(later!.applicantId).toContain('****');
  });
});
