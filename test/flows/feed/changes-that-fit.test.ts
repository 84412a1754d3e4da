/**
 * Promise 2: `changes` takes the same `where` as lists, for every kind; a row that leaves a filter is sent once more.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Approval, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import type { HallClient, Inbox } from '../../../src/cli/hall-client.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

let t: TestHub;
beforeAll(async () => {
  t = await startTestHub({ agencies: ['police', 'land'], population: 150, seed: seed % 1000 });
  await t.synchronised();
});
afterAll(() => t?.stop());

interface Told {
  readonly position: number;
  readonly kind: string;
  readonly caseNo: string | null;
  readonly node: { readonly id: string; readonly step?: string } | null;
}
const subscription = `subscription ($where: ChangesWhere, $oldest: Boolean) { changes(where: $where, oldest: $oldest) {
  cursor position kind caseNo node { id ... on Approval { step: state } } } }`;
const open: Inbox[] = [];
async function follow(where: object, oldest = false, reader: HallClient = t.clerk): Promise<Inbox> {
  const inbox = await reader.subscribe(subscription, { where, oldest });
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
async function until(inbox: Inbox, isLast: (told: Told) => boolean): Promise<Told[]> {
  const all: Told[] = [];
  do all.push(await nextOf(inbox));
  while (!isLast(all.at(-1)!));
  return all;
}

const police = (...statements: Parameters<typeof stateRecords>[2]) => stateRecords(t.hub.store, 'police', statements);
const step = (caseNo: string, state: 'TODO' | 'DONE', version: number, name = 'step') =>
  plainStatement(
    Approval,
    `step of ${caseNo}`,
    { caseNo, name, state, outcome: null, type: 'STEP', final: false },
    version,
  );
const report = (caseNo: string) =>
  plainStatement(CaseReport, `report of ${caseNo}`, { caseNo, acceptedAt: '2026-11-02T09:00:00+08:00' });

test('a row that enters the filter is sent, a row that leaves it is sent once more, and then no more', async () => {
  const [caseNo, other] = [`fits-${seed}`, `behind-${seed}`];
  const inbox = await follow({ approvals: { state: { eq: 'TODO' } } });
  const told: [string | null, string | undefined][] = [];
  const next = async () => {
    const { caseNo: of, node, kind } = await nextOf(inbox);
    expect(kind).toBe('Approval');
    told.push([of, node?.step]);
  };
  await police(report(caseNo), step(caseNo, 'TODO', 1));
  await next();
  await police(step(caseNo, 'DONE', 2));
  await next();
  await police(step(caseNo, 'DONE', 3, 'called otherwise'));
  await police(report(other), step(other, 'TODO', 1));
  await next();
  await police({ ...step(other, 'TODO', 2), deleted: true });
  await next();
  expect(told).toEqual([
    [caseNo, 'TODO'],
    [caseNo, 'DONE'],
    [other, 'TODO'],
    [other, undefined],
  ]);
});

const read = (text: string, values: unknown[] = []) => t.hub.store.database.read(text, values);
const log = async () =>
  (
    await read(`select b.first_position + c.ordinal, c.kind, c.record_id
    from hub_batch b join hub_change c on c.batch_id = b.id order by 1`)
  ).map(([position, kind, id]) => ({ position: Number(position), kind: kind!, id: id! }));

async function listed(list: string, type: string, where: object): Promise<Set<string>> {
  const ids = new Set<string>();
  let after: string | null = null;
  do {
    const query = `query ($where: ${type}Where, $after: String) { page: ${list}(where: $where, first: 200, after: $after) {
      nodes { id } pageInfo { endCursor hasNextPage } } }`;
    const { page } = (await t.clerk.ask(query, { where, after })).data as never as {
      page: { nodes: { id: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } };
    };
    for (const { id } of page.nodes) ids.add(id.slice(id.indexOf(':') + 1));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);
  return ids;
}

/** `ever` is what a row must have been like at some time to be sent at all. */
const filters = [
  {
    list: 'approvals',
    type: 'Approval',
    table: 'hub_approval',
    where: { state: { eq: 'DONE' } },
    ever: `state = 'DONE'`,
  },
  {
    list: 'cases',
    type: 'Case',
    table: 'hub_case',
    where: { not: { state: { eq: 'CLOSED' } } },
    ever: `state <> 'CLOSED'`,
  },
  {
    list: 'cases',
    type: 'Case',
    table: 'hub_case',
    where: { approvals: { some: { state: { eq: 'DONE' } } } },
    ever: 'true',
  },
];
describe(`from the oldest change on (TEST_SEED=${seed})`, () => {
  test.each(filters)('%j: sends everything that the list shows, and nothing that never fitted', async filter => {
    const { list, type, table, where, ever } = filter;
    for (let step = 0; step < 3; step++) for (const system of t.systems.values()) await system.step();
    const mark = `mark-${filters.indexOf(filter)}-${seed}`;
    await police(report(mark), step(mark, 'DONE', 1));
    const fitting = await listed(list, type, where);
    const inbox = await follow({ [list]: where }, true);
    const told = await until(inbox, ({ caseNo }) => caseNo === mark);
    const positions = told.map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    const reached = (await log()).filter(({ position }) => position <= positions.at(-1)!);
    const toldOf = new Set(positions);
    expect(
      reached.filter(({ kind, id, position }) => kind === type && fitting.has(id) && !toldOf.has(position)),
    ).toEqual([]);
    const fitted = await read(
      `select id from ${table} where ${ever} union select id from ${table}_history where ${ever}`,
    );
    const possible = new Set(fitted.flat());
    expect(
      reached.filter(({ kind, id, position }) => toldOf.has(position) && !(kind === type && possible.has(id))),
    ).toEqual([]);
  });
});

describe('a filter that the list would refuse is refused by the subscription', () => {
  test.each([
    ['analyst', { persons: { name: { startsWith: '王' } } }, 'FILTER_FORBIDDEN'],
    ['analyst', { approvals: { case: { applicant: { name: { eq: '王' } } } } }, 'FILTER_FORBIDDEN'],
    ['anybody', { persons: { sex: { isNull: true } } }, 'FORBIDDEN'],
  ] as const)('of %s: %j is refused', async (reader, where, code) => {
    const inbox = await follow(where, false, t[reader]);
    const { errors } = await inbox.next();
    expect(errors!.map(error => error.extensions!.code)).toEqual([code]);
  });
});
