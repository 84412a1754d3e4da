import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import type { Entry } from '../../../src/audit/entry.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { inventedCreditCode, inventedResidentId } from '../../support/invented-identifiers.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const matter = { matterCode: 'LAND-ZJD-001', matterEdition: 1 };
const applicant = { applicantId: inventedResidentId(1), applicantPersonName: '曹兰秀' };
const organisation = { applicantCreditCode: inventedCreditCode(1), applicantOrganisationName: '房寺镇粮油店' };
const cases = {
  both: { ...matter, ...applicant },
  organisation: { ...matter, ...organisation },
  matter,
  applicant: { matterCode: 'nothing', ...applicant },
  neither: { matterCode: 'nothing' },
};
const question = `{ cases(orderBy: [CASE_NO_ASC]) { nodes { caseNo title heading } } }`;

let t: TestHub;
beforeAll(async () => {
  t = await startTestHub({ adapters: await silentAdapters(), reference: true });
  const reports = Object.entries(cases).map(([caseNo, data]) =>
    plainStatement(CaseReport, caseNo, { caseNo, title: '曹兰秀申请宅基地审批', ...data }),
  );
  await stateRecords(t.hub.store, 'land', reports);
});
afterAll(() => t?.stop());

const headingsFor = async (client: HallClient) => {
  const { data } = await client.ask(question);
  const nodes = data.cases.nodes as { caseNo: string; title: string | null; heading: string | null }[];
  return Object.fromEntries(nodes.map(({ caseNo, title, heading }) => [caseNo, { title, heading }]));
};
function entries(): Entry[] {
  const dir = t.environment.HUB_AUDIT_DIR!;
  const files = readdirSync(dir).filter(name => name.startsWith('entries'));
  const lines = files.flatMap(name => readFileSync(path.join(dir, name), 'utf8').split('\n').filter(Boolean));
  return lines.map(line => JSON.parse(line) as Entry);
}
const clerkFor = (purpose: string) => new HallClient(t.hub.url, t.tokens.clerk, purpose);

test('a reader who sees persons masked reads the matter and the masked applicant, and no title', async () => {
  const masked = {
    both: { title: null, heading: '宅基地审批 · 曹*秀' },
    organisation: { title: null, heading: '宅基地审批 · 房寺镇粮油店' },
    matter: { title: null, heading: '宅基地审批' },
    applicant: { title: null, heading: '曹*秀' },
    neither: { title: null, heading: null },
  };
  expect(await headingsFor(t.analyst)).toEqual(masked);
  expect(await headingsFor(new HallClient(t.hub.url, t.tokens.clerk))).toEqual(masked);
});

test('a reader who may see the persons reads their names and what the agency wrote', async () => {
  const seen = await headingsFor(clerkFor('task:test'));
  expect(seen.both).toEqual({ title: '曹兰秀申请宅基地审批', heading: '宅基地审批 · 曹兰秀' });
  expect(seen.applicant!.heading).toBe('曹兰秀');
});

test('with a case as purpose its applicant is named, even if the same person has another case', async () => {
  const seen = await headingsFor(clerkFor('case:both'));
  expect(seen.both).toEqual({ title: '曹兰秀申请宅基地审批', heading: '宅基地审批 · 曹兰秀' });
  expect(seen.organisation!.title).toBeNull();
});

test('a heading that names somebody whole is logged, even where the case itself is masked', async () => {
  const ask = 'query Board { cases { nodes { heading } } }';
  const ofBoard = () => entries().filter(({ operation }) => operation?.name === 'Board');
  await t.analyst.ask(ask);
  expect(ofBoard()).toEqual([]);
  const clerk = clerkFor('case:organisation');
  const [[person]] = (await t.hub.store.database.read('select id from hub_person', [])) as [[string]];
  const unmask = `mutation { requestUnmask(id: "Person:${person}", reason: "stands at the window", minutes: 1) { until } }`;
  expect((await clerk.ask(unmask)).errors).toBeUndefined();
  const { data } = await clerk.ask(ask);
  expect(data.cases.nodes).toContainEqual({ heading: '宅基地审批 · 曹兰秀' });
  expect(ofBoard()).toMatchObject([{ subjects: { ids: [person] } }]);
});

test('a heading cannot be used to find, order or group', async () => {
  for (const wrong of [
    '{ cases(where: { heading: { contains: "曹" } }) { totalCount } }',
    '{ cases(orderBy: [HEADING_ASC]) { totalCount } }',
    '{ cases { groups { nodes { key { heading } } } } }',
  ]) {
    const { errors } = await t.analyst.ask(wrong);
    expect(errors?.map(error => error.extensions?.code)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  }
  expect((await t.analyst.ask('{ cases(where: { title: { contains: "曹" } }) { totalCount } }')).errors).toMatchObject([
    { extensions: { code: 'FILTER_FORBIDDEN' } },
  ]);
});
