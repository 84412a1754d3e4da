import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer } from '../../support/token-issuer.ts';

let t: TestHub;
let tokenOf: (role: string) => Promise<string>;

beforeAll(async () => {
  const { environment, token } = await makeTokenIssuer();
  tokenOf = role => token({ sub: role, role, agency: 'land' });
  t = await startTestHub({ adapters: await silentAdapters(), environment, reference: true });
  const reports = Array.from({ length: 60 }, (_, i) => plainStatement(CaseReport, `report ${i}`, { caseNo: `C-${i}` }));
  await stateRecords(t.hub.store, 'police', reports);
});
afterAll(() => t?.stop());

async function ask(role: string | null, query: string, extensions: Readonly<Record<string, unknown>>) {
  const response = await fetch(`${t.hub.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(role && { authorization: `Bearer ${await tokenOf(role)}` }),
    },
    body: JSON.stringify({ query, extensions }),
  });
  return response.json();
}
const query =
  '{ matters(first: 2) { nodes { code agency { name } } } agency(code: "land") { freshness { modes } } __schema { queryType { name } } }';

test('an author of queries sees which parts were compiled, and which went through resolvers', async () => {
  const { extensions } = await ask('integrator', query, { plan: true });
  expect(extensions.plan).toEqual({ compiled: ['matters'], resolved: ['agency', '__schema'], statements: 2 });
});

test('an integrator sees the SQL and its estimates, an analyst the estimates, a clerk and the public none', async () => {
  const { plan } = (await ask('integrator', query, { explain: true })).extensions;
  expect(plan.sql).toHaveLength(2);
  expect(plan.sql[0]).toContain('from hub_matter t');
  expect(plan.estimates).toEqual([
    { cost: expect.any(Number), rows: expect.any(Number) },
    { cost: expect.any(Number), rows: expect.any(Number) },
  ]);
  const seen = (await ask('analyst', query, { explain: true })).extensions.plan;
  expect(seen).toEqual({ ...plan, sql: undefined });
  for (const role of ['clerk', null]) expect((await ask(role, query, { explain: true })).extensions).toBeUndefined();
});

test('counting a whole list costs by its rows, as the planner estimates them', async () => {
  const cost = async (text: string) => (await ask('analyst', text, { cost: true })).extensions.cost.estimated;
  const before = await cost('{ caseReports(first: 0) { totalCount } }');
  await t.hub.store.database.pool.query(`update pg_class set reltuples = 5000000 where relname = 'hub_case_report'`);
  await t.hub.sizes.refresh();
  // A known text is weighed anew when the tables have grown.
  expect(await cost('{ caseReports(first: 0) { totalCount } }')).toBeCloseTo(before + 5000, 0);
  expect(await cost('{ caseReports(first: 0) { pageInfo { hasNextPage } } }')).toBeLessThan(before);
});
