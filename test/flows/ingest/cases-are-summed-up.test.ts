import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Approval, CaseClosing, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import type { RecordKind } from '../../../adapters/kit/record.ts';
import { versionOf } from '../../../adapters/kit/statement.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { groupsSql } from '../../../src/query/groups/groups-sql.ts';
import { Values } from '../../../src/query/scope.ts';
import { caseRollupTable, recountCases } from '../../../src/store/case-rollup.ts';
import { type CompiledGraph, openCompiledGraph } from '../../support/compiled-graph.ts';
import { analyst, clerkWithTask } from '../../support/plain-readers.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const random = makeRandom(seed, 'cases are summed up');
const agencies = ['police', 'land', 'commerce'];
const CASES = 12;

let t: TestHub;
let graph: CompiledGraph;
beforeAll(async () => {
  t = await startTestHub({ adapters: await silentAdapters() });
  graph = openCompiledGraph(t.hub.store, { adapters: t.hub.adapters });
});
afterAll(async () => {
  await graph?.close();
  await t?.stop();
});

const columns = 'submitted_at, lead_agency_code, state, result, cases, handled_n, handled_us, examined_n, examined_us';
const cells = async () =>
  (
    await t.hub.store.database.read(`select ${columns} from ${caseRollupTable} where cases > 0 order by ${columns}`, [])
  ).map(String);
async function recounted() {
  let found: string[] = [];
  await t.hub.store.database
    .transaction(async client => {
      await recountCases(client);
      const { rows } = (await client.query({
        text: `select ${columns} from ${caseRollupTable} order by ${columns}`,
        rowMode: 'array',
        types: { getTypeParser: () => String },
      } as never)) as unknown as { rows: unknown[][] };
      found = rows.map(String);
      throw new Error('only looked');
    })
    .catch(error => {
      if (error.message !== 'only looked') throw error;
    });
  return found;
}

const moments = [
  ...['2026-01-31T15:59:59.5Z', '2026-01-31T16:00:00Z', '2026-02-10T08:30:00Z', '2026-03-05T10:20:30.250Z'],
  // In summer time the month began an hour earlier.
  ...['1988-05-31T14:59:59Z', '1988-05-31T15:30:00Z'],
];
let version = 0;
function statement(): Parameters<typeof stateRecords>[2][number] {
  const n = random.below(CASES);
  const caseNo = `NO-${n}`;
  const [kind, id, values] = random.pick<[RecordKind, string, Record<string, unknown>]>([
    [
      CaseReport,
      `r${n}`,
      {
        caseNo,
        matterCode: random.pick(['M-1', 'M-2']),
        submittedAt: random.pick(moments),
        ...(random.chance(0.7) && { acceptedAt: random.pick(moments) }),
      },
    ],
    [Approval, `a${n}-1`, { caseNo, stepNo: '1', state: random.pick(['TODO', 'DONE']), type: 'STEP' }],
    [CaseClosing, `c${n}`, { caseNo, result: random.pick(['GRANTED', 'REFUSED']), closedAt: random.pick(moments) }],
  ]);
  const deleted = random.chance(0.2);
  version += 1;
  return { ...plainStatement(kind, id, values), version: versionOf(version), deleted, ...(deleted && { data: null }) };
}
/** One statement for each record, because a page holds the state at its end. */
const page = () => [
  ...new Map(Array.from({ length: 1 + random.below(8) }, statement).map(s => [`${s.kind} ${s.sourceId}`, s])).values(),
];

test(`after every page the sums equal a recount, for one agency or several concurrently (TEST_SEED=${seed})`, async () => {
  for (let step = 0; step < 40; step++) {
    const several = random.chance(0.5) ? agencies : [random.pick(agencies)];
    await Promise.all(several.map(agency => stateRecords(t.hub.store, agency, page())));
    expect({ seed, step, cells: await cells() }).toEqual({ seed, step, cells: await recounted() });
  }
  expect((await cells()).length).toBeGreaterThan(5);
});

describe('queries', () => {
  const fromOf = (where: object, keys: string[]) => {
    const { catalog } = t.hub.store;
    const { policy } = graph.contextOf(analyst);
    const question = {
      keys: keys.map(field => ({ name: field, path: [], field, per: 'MONTH' as const })),
      measures: [{ name: 'n', take: 'count' as const }],
      ...{ having: [], orderBy: [], limit: 10, skip: 0 },
    };
    return groupsSql(
      { catalog, policy, values: new Values(), asOf: null },
      catalog.stored('Case'),
      where as never,
      null,
      question,
    ).groups;
  };
  test.each([
    [true, {}, ['submittedAt', 'leadAgencyCode', 'result']],
    [
      true,
      {
        submittedAt: { gte: '2026-01-31T16:00:00Z', lt: '2026-03-01T00:00:00+08:00' },
        not: { result: { eq: 'VOID' } },
      },
      ['state'],
    ],
    [false, { submittedAt: { gte: '2026-02-01T00:00:00Z' } }, ['state']],
    [false, { submittedAt: { lte: '2026-01-31T16:00:00Z' } }, ['state']],
    [false, { channel: { eq: 'ONLINE' } }, ['state']],
    [false, {}, ['channel']],
  ])('that the sums can answer: %s %j %j', (fits, where, keys) => {
    expect(fromOf(where, keys).includes(caseRollupTable)).toBe(fits);
  });

  test(`get the same answers from the sums as from the cases (TEST_SEED=${seed})`, async () => {
    const groups = `{ nodes { key { month: submittedAt(per: MONTH) leadAgencyCode result } n: count open: count(where: { state: { in: [ACCEPTED, IN_REVIEW, SUBMITTED] } })
      mean: avg(of: { days: { from: SUBMITTED_AT, to: CLOSED_AT } }) sum: sum(of: { days: { from: ACCEPTED_AT, to: CLOSED_AT } }) } }`;
    // Every case has a number, so this test changes only where the answer comes from.
    const query = `{ sums: cases(where: { submittedAt: { gte: "2026-01-31T16:00:00Z" } }) { groups ${groups} }
      cases: cases(where: { submittedAt: { gte: "2026-01-31T16:00:00Z" }, caseNo: { isNull: false } }) { groups ${groups} } }`;
    const { data, errors } = await graph.ask(clerkWithTask, query);
    expect(errors).toBeUndefined();
    const { sums, cases } = JSON.parse(JSON.stringify(data));
    expect(sums).toEqual(cases);
    expect(sums.groups.nodes.length).toBeGreaterThan(1);
  });
});
