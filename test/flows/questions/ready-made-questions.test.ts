import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readReference } from '../../../seeds/reference/read-reference.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import type { HallClient } from '../../../src/cli/hall-client.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { project } from '../../support/source-imports.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { ToldRecords } from '../../support/told-records.ts';

const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
const population = 800;
const town = makeTownship({ population, seed });
const told = new ToldRecords();

let hub: TestHub;
beforeAll(async () => {
  const adapters = (await findAdapters()).filter(({ agency }) => agencies.includes(agency.code));
  hub = await startTestHub({ agencies, population, seed, reference: true, adapters: adapters.map(a => told.watch(a)) });
  await hub.synchronised();
});
afterAll(() => hub?.stop());

async function answer(name: string, variables: Record<string, unknown> = {}, reader: HallClient = hub.clerk) {
  const text = readFileSync(path.join(project, 'schema/queries', `${name}.graphql`), 'utf8');
  const { data, errors } = await reader.ask(text, variables);
  expect({ name, seed, errors }).toEqual({ name, seed, errors: undefined });
  return data;
}
const counted = <T>(list: readonly T[], keyOf: (one: T) => unknown) => {
  const counts = new Map<string, number>();
  for (const one of list) counts.set(String(keyOf(one)), (counts.get(String(keyOf(one))) ?? 0) + 1);
  return counts;
};
type Told = Record<string, unknown>;
/** Records grouped by the thing that they name; records that name nothing (a faulty code is null) are left out. */
const namedBy = (list: readonly Told[], name: string) =>
  Map.groupBy(
    list.filter(one => (one[name] ?? null) !== null),
    one => one[name],
  );
const localDay = (moment: unknown) => new Date(Date.parse(String(moment)) + 8 * 3_600_000).toISOString().slice(0, 10);

test(`insured residents of each village beside its residents (TEST_SEED=${seed})`, async () => {
  const month = '2026-10-01';
  const { regions } = await answer('insured-residents', { month });
  const next = '2026-11-01';
  const here = town.residents.filter(
    ({ migrant, born, diedOn }) => !migrant && born < next && (diedOn === null || diedOn >= next),
  );
  const residents = counted(here, ({ villageCode }) => villageCode);
  const insured = told
    .of('InsuredPerson')
    .filter(r => r.status === 'NORMAL' && ['EMPLOYEE_MEDICAL', 'RESIDENT_MEDICAL'].includes(String(r.insuranceKind)));
  const persons = new Map(
    [...Map.groupBy(insured, r => String(r.regionCode))].map(([code, list]) => [
      code,
      new Set(list.map(r => r.residentId)).size,
    ]),
  );
  // A village whose count arrived with a fault has none: the count is parked for its integrator.
  const villages = new Set(told.of('ResidentCount').flatMap(r => (r.month === month ? [String(r.villageCode)] : [])));
  expect(regions.nodes.map(({ code }: { code: string }) => code)).toEqual([...villages].sort());
  for (const { code, residentCounts, insuredPersons } of regions.nodes) {
    const facts = {
      code,
      residents: residentCounts.groups.nodes[0].residents,
      insured: insuredPersons.groups.nodes[0].insured,
    };
    expect(facts).toEqual({ code, residents: String(residents.get(code) ?? 0), insured: persons.get(code) ?? 0 });
    expect(facts.insured).toBeGreaterThan(0);
  }
});

/** Cases as their reports and closings state them. */
function cases() {
  const closings = new Map(told.of('CaseClosing').map(closing => [closing.caseNo, closing]));
  return told.of('CaseReport').map((report): Told => {
    const { result, closedAt } = closings.get(report.caseNo) ?? {};
    return { ...report, result: result ?? null, closedAt: closedAt ?? null };
  });
}

test(`cases per month, agency and result with their mean handling time (TEST_SEED=${seed})`, async () => {
  const { groups } = (await answer('cases-by-month')).cases;
  const { database } = hub.hub.store;
  // Where two agencies report one case, the hub chooses which one leads it; that is not tested here.
  const lead = new Map(
    (await database.read('select case_no, lead_agency_code from hub_case where not deleted', [])) as [string, string][],
  );
  const reported = [...Map.groupBy(cases(), c => c.caseNo).values()].map(
    reports => reports.find(r => r.agency === lead.get(String(r.caseNo)))!,
  );
  const keyOf = (c: Told) => [localDay(c.submittedAt).slice(0, 7), c.agency, c.result].join(' ');
  const expected = new Map(
    [...Map.groupBy(reported, keyOf)].map(([key, list]) => {
      const days = list.flatMap(c =>
        c.closedAt ? [(Date.parse(String(c.closedAt)) - Date.parse(String(c.submittedAt))) / 86_400_000] : [],
      );
      return [key, { cases: list.length, mean: days.length ? days.reduce((a, b) => a + b) / days.length : null }];
    }),
  );
  const shown = groups.nodes.filter(({ key }: { key: Told }) => key.month !== null);
  expect(shown.length).toBe(expected.size);
  for (const { key, cases: count, meanDays } of shown) {
    const { cases: n, mean } = expected.get([key.month, key.leadAgencyCode, key.result].join(' '))!;
    expect({ key, count, close: mean === null ? meanDays : Math.abs(Number(meanDays) - mean) < 1e-5 }).toEqual({
      ...{ key, count: n },
      close: mean === null ? null : true,
    });
  }
  expect(shown.length).toBeGreaterThan(20);
});

test(`the share of overdue cases by window (TEST_SEED=${seed})`, async () => {
  const { groups } = (await answer('overdue-by-window', { today: town.today })).cases;
  const promised = cases().filter(c => c.promisedOn);
  const isOverdue = (c: Told) => (c.closedAt ? localDay(c.closedAt) : town.today) > String(c.promisedOn);
  const byWindow = Map.groupBy(promised, c => String(c.windowCode ?? null));
  expect(groups.nodes.length).toBe(byWindow.size);
  let overdueInAll = 0;
  for (const { key, cases: count, overdue, share } of groups.nodes) {
    const list = byWindow.get(String(key.windowCode))!;
    const late = list.filter(isOverdue).length;
    overdueInAll += late;
    expect([key, count, overdue, share]).toEqual([
      key,
      list.length,
      late,
      Math.round((late / list.length) * 1e6) / 1e6,
    ]);
  }
  expect(overdueInAll).toBeGreaterThan(0);
});

test(`licences still valid whose organisation is deregistered (TEST_SEED=${seed})`, async () => {
  const { licences } = await answer('licences-of-deregistered', { today: town.today });
  const states = namedBy(told.of('MarketEntity'), 'creditCode');
  const gone = (code: unknown) => {
    const list = (states.get(code) ?? []).map(e => e.state);
    return list.some(s => s === 'DEREGISTERED' || s === 'REVOKED') && !list.includes('ACTIVE');
  };
  const expected = told
    .of('Licence')
    .filter(
      l => l.state === 'ISSUED' && (l.longTerm || String(l.validUntil ?? '') >= town.today) && gone(l.holderCreditCode),
    );
  expect(licences.totalCount).toBe(expected.length);
  expect(licences.nodes.map((l: Told) => l.number)).toEqual(
    expected
      .map(l => l.number)
      .sort()
      .slice(0, 100),
  );
});

test(`deceased residents who still draw a benefit (TEST_SEED=${seed})`, async () => {
  const { benefits } = await answer('benefits-of-deceased');
  const changes = namedBy(told.of('HouseholdChange'), 'residentId');
  const dead = (id: unknown) => {
    const kinds = (changes.get(id) ?? []).map(c => c.kind);
    return kinds.includes('DEATH') && !kinds.includes('RESTORATION');
  };
  const expected = told.of('Benefit').filter(b => b.status === 'DRAWING' && dead(b.residentId));
  expect(benefits.nodes.map((b: Told) => b.benefitNo)).toEqual(expected.map(b => b.benefitNo).sort());
  const died = new Set(town.residents.filter(r => r.diedOn !== null).map(r => r.residentId));
  for (const { beneficiary } of benefits.nodes) expect(died.has(beneficiary.residentId)).toBe(true);
  // An analyst sees the same benefits without the persons.
  const masked = (await answer('benefits-of-deceased', {}, hub.analyst)).benefits;
  expect(masked.totalCount).toBe(expected.length);
  for (const { beneficiary } of masked.nodes) expect(beneficiary.residentId).toContain('****');
});

test('the town has a fifth of the new construction land: 105 of 525 mu in 2015', async () => {
  const { groups } = (await answer('land-quota-share', {}, hub.analyst)).quotaEntries;
  const of = (year: number, scope: string) =>
    groups.nodes.find(({ key }: { key: Told }) => key.year === year && key.scope === scope);
  expect([of(2015, 'TOWN'), of(2015, 'COUNTY_CITY')].map(group => Number(group.quotaMu))).toEqual([105, 525]);
  const entries = told.of('QuotaEntry').filter(e => e.kind === 'NEW_CONSTRUCTION');
  for (const { key, usedMu, quotaMu } of groups.nodes) {
    const own = entries.filter(e => e.year === key.year && e.scope === key.scope);
    const sum = (name: string) => own.reduce((total, e) => total + Number(e[name]), 0);
    expect([key, Number(quotaMu), Number(usedMu)]).toEqual([key, sum('quotaMu'), sum('usedMu')]);
  }
  expect(groups.nodes).toHaveLength(2 * (2026 - 2012 + 1));
});

test(`use of the power list by origin: 33, 64 and 413 (TEST_SEED=${seed})`, async () => {
  const since = '2026-01-01T00:00:00+08:00';
  const { groups } = (await answer('power-list-use', { today: town.today, since }, hub.analyst)).powerListEntries;
  const { PowerListEntry: entries, Delegation: delegations } = readReference();
  const effective = new Map(delegations!.map(d => [d.number, d.state === 'EFFECTIVE']));
  const withCases = new Set(
    cases()
      .filter(c => Date.parse(String(c.submittedAt)) >= Date.parse(since))
      .map(c => c.agency),
  );
  const expected = [...Map.groupBy(entries!, e => String(e.origin))].map(([origin, list]) => ({
    key: { origin },
    entries: list.length,
    usable: list.filter(
      e => (!e.validTo || e.validTo >= town.today) && (origin === 'OWN' || effective.get(e.delegationNo!)),
    ).length,
    withCases: list.filter(e => withCases.has(e.agencyCode)).length,
  }));
  const byOrigin = (list: { key: { origin: string } }[]) =>
    [...list].sort((a, b) => (a.key.origin < b.key.origin ? -1 : 1));
  expect(byOrigin(groups.nodes)).toEqual(byOrigin(expected));
  expect(groups.nodes.map((g: { entries: number }) => g.entries).sort((a: number, b: number) => a - b)).toEqual([
    33, 64, 413,
  ]);
});
