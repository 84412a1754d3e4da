/**
 * The town of the bench: what each table holds, by expressions in SQL over the numbers 1 to n, so that the same size
 * always gives the same rows. Every id is the one that the hub itself would derive.
 */
import pg from 'pg';
import { creditCodeCheck } from '../../adapters/kit/identifiers/credit-code.ts';
import { residentIdCheck } from '../../adapters/kit/identifiers/resident-id.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { BenchSize } from './bench-size.ts';
import type { SetWiseRows } from './set-wise-rows.ts';

export const agencyCodes = ['police', 'land', 'commerce', 'human-resources', 'food-drug'] as const;
export const matterCount = 510;
const officerCount = 60;
const villageCount = 120;
const dayMs = 86_400_000;
const firstBirth = Date.UTC(1935, 0, 1);
const birthDays = 27_000;

const pad = (n: number, width: number) => String(n).padStart(width, '0');

/** A valid resident id for each number from 0. */
export function residentIdOf(n: number): string {
  const birth = new Date(firstBirth + (n % birthDays) * dayMs).toISOString().slice(0, 10).replaceAll('-', '');
  const first17 = `371482${birth}${pad(1 + Math.floor(n / birthDays), 3)}`;
  return first17 + residentIdCheck(first17);
}
/** A valid credit code for each number from 0. */
export function creditCodeOf(n: number): string {
  const first17 = `91371482MA${pad(n, 7)}`;
  return first17 + creditCodeCheck(first17);
}

const literal = pg.escapeLiteral;
const oneOf = (values: readonly string[], salt: number, i = 'i') =>
  `(array[${values.map(literal).join(',')}])[1 + bench.h(${i}, ${salt}, ${values.length})]`;
const drawn = (salt: number, count: number, i = 'i') => `1 + bench.h(${i}, ${salt}, ${count})`;
const padded = (prefix: string, i = 'i', width = 10) => `${literal(prefix)} || lpad((${i})::text, ${width}, '0')`;
/** The key of the n-th person or organisation. */
const person = (n: string) => `(select key from bench.person where n = ${n})`;
const organisation = (n: string) => `(select key from bench.organisation where n = ${n})`;
const village = (salt: number) => `'371482' || lpad((100000 + ${drawn(salt, villageCount)})::text, 6, '0')`;
const day = (salt: number, from: string, days: number) => `date '${from}' + bench.h(i, ${salt}, ${days})`;
const surnames = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗'];
const given = [...'伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂'];
const nameOf = (i: string) => `${oneOf(surnames, 1, i)} || ${oneOf(given, 2, i)} || ${oneOf(given, 3, i)}`;
const firmOf = (i: string) =>
  `'禹城' || ${oneOf(given, 4, i)} || ${oneOf(given, 5, i)} || '第' || (${i})::text || '商贸有限公司'`;
const series = (count: number) => `generate_series(1, ${count}) i`;
/** The time at which the first load of all agencies was read. */
const read = `timestamptz '2026-11-20 02:00:00+00'`;

/** Fills `bench.person` and `bench.organisation`: the keys, whose check characters the kit computes. */
export async function makeKeys(client: pg.Client, size: BenchSize): Promise<void> {
  for (const [table, count, keyOf] of [
    ['person', size.persons, residentIdOf],
    ['organisation', size.organisations, creditCodeOf],
  ] as const) {
    await client.query(`create table bench.${table} (n int primary key, key text not null)`);
    await client.query(
      `insert into bench.${table} select ordinality, key from unnest($1::text[]) with ordinality k(key)`,
      [Array.from({ length: count }, (_, n) => keyOf(n))],
    );
    await client.query(`analyze bench.${table}`);
  }
}

const casesFrom = '2023-01-02';
const casesDays = 1_420;
/** Cases are submitted evenly over four years; all but the newest are mostly closed. */
function cases(size: BenchSize): string {
  const secondsApart = (casesDays * 86_400) / size.cases;
  const young = Math.round(size.cases * 0.985);
  return `(select i, 'M' || lpad(m::text, 4, '0') as matter, m, submitted, submitted + make_interval(mins => 20 + bench.h(i, 41, 900)) as accepted,
    case when bench.h(i, 30, 100) < case when i > ${young} then 35 else 99 end
      then submitted + make_interval(hours => 20 + bench.h(i, 31, 480)) end as closed,
    case when bench.h(i, 27, 10) < 8 then ${person(drawn(28, size.persons))} end as person,
    case when bench.h(i, 27, 10) >= 8 then ${organisation(drawn(29, size.organisations))} end as organisation
    from (select i, ${drawn(26, matterCount)} as m, timestamptz '${casesFrom} 00:00:00+00' + i * interval '${secondsApart} seconds' as submitted
      from ${series(size.cases)}) s) c`;
}
const agencyOf = (m: string) => `(array[${agencyCodes.map(literal).join(',')}])[1 + (${m}) % ${agencyCodes.length}]`;
const caseNo = padded('BJ37148200');
/** For an open case, how many of its steps are done. */
const stepsDone = `case when closed is null then bench.h(i, 34, 4) else 9 end`;

export function townTables(catalog: Catalog, size: BenchSize): SetWiseRows[] {
  const codes = (noun: string, field: string, salt: number) =>
    oneOf(Object.keys(catalog.get(noun).columns.get(field)!.field.table!.values), salt);
  const reported = {
    caseNo,
    matterCode: 'matter',
    matterEdition: '1',
    applicantKind: `case when person is null then 'ENTERPRISE' else 'NATURAL_PERSON' end`,
    applicantId: 'person',
    applicantCreditCode: 'organisation',
    channel: codes('CaseReport', 'channel', 36),
    submittedAt: 'submitted',
    acceptedAt: 'accepted',
    promisedOn: `(submitted + interval '20 days')::date`,
    regionCode: village(37),
  };
  const insured = (salt: number) => ({
    personNo: padded('P', drawn(salt, size.persons)),
    residentId: person(drawn(salt, size.persons)),
    name: nameOf(drawn(salt, size.persons)),
  });
  return [
    {
      noun: 'Approval',
      from: `${cases(size)} cross join lateral generate_series(1, 1 + (i % 4)::int) step`,
      agency: agencyOf('m'),
      sourceId: `${caseNo} || '@' || step`,
      observedAt: read,
      values: {
        caseNo,
        stepNo: 'step::text',
        name: `(array['受理','审查','现场勘查','决定'])[step]`,
        type: `'STEP'`,
        state: `case when step <= ${stepsDone} then 'DONE' else 'TODO' end`,
        outcome: `case when step > ${stepsDone} then null when step = 1 then 'ACCEPTED' else 'AGREED' end`,
        handlerName: nameOf(drawn(38, officerCount, 'i * 4 + step')),
        opinion: `case when step <= ${stepsDone} then '同意' end`,
        startedAt: `submitted + step * interval '3 hours'`,
        endedAt: `case when step <= ${stepsDone} then submitted + step * interval '5 hours' end`,
        final: `step = 1 + (i % 4)::int`,
        dataVersion: '1',
      },
    },
    {
      noun: 'Case',
      from: cases(size),
      sourceId: caseNo,
      observedAt: read,
      values: {
        ...reported,
        leadAgencyCode: agencyOf('m'),
        title: `'申请' || matter`,
        state: `case when closed is not null then 'CLOSED' when ${stepsDone} > i % 4 then 'DECIDED' when ${stepsDone} > 0 then 'IN_REVIEW' else 'ACCEPTED' end`,
        result: `case when closed is not null then (array['GRANTED','GRANTED','GRANTED','GRANTED','REFUSED','NOT_ACCEPTED','WITHDRAWN','FORWARDED'])[${drawn(35, 8)}] end`,
        currentStep: `case when closed is null and ${stepsDone} <= i % 4 then (array['受理','审查','现场勘查','决定'])[1 + ${stepsDone}] end`,
        closedAt: 'closed',
      },
    },
    {
      noun: 'CaseReport',
      from: cases(size),
      agency: agencyOf('m'),
      sourceId: caseNo,
      observedAt: read,
      values: {
        ...reported,
        title: `'申请' || matter`,
        applicantPersonName: `case when person is not null then ${nameOf(drawn(28, size.persons))} end`,
        applicantOrganisationName: `case when organisation is not null then ${firmOf(drawn(29, size.organisations))} end`,
        dataVersion: '1',
      },
    },
    {
      noun: 'CaseClosing',
      from: `(select * from ${cases(size)} where closed is not null) c`,
      agency: agencyOf('m'),
      sourceId: caseNo,
      observedAt: read,
      values: {
        caseNo,
        result: `(array['GRANTED','GRANTED','GRANTED','GRANTED','REFUSED','NOT_ACCEPTED','WITHDRAWN','FORWARDED'])[${drawn(35, 8)}]`,
        closedAt: 'closed',
        dataVersion: '1',
      },
    },
    {
      noun: 'InsuredPerson',
      from: series(size.insurances),
      sourceId: padded('S'),
      observedAt: read,
      values: {
        ...insured(17),
        sex: `'UNKNOWN'`,
        birthDate: `to_date(substr(${person(drawn(17, size.persons))}, 7, 8), 'YYYYMMDD')`,
        unitNo: padded('U', drawn(20, size.organisations)),
        unitCreditCode: organisation(drawn(20, size.organisations)),
        unitName: firmOf(drawn(20, size.organisations)),
        regionCode: village(21),
        insuranceKind: codes('InsuredPerson', 'insuranceKind', 18),
        status: codes('InsuredPerson', 'status', 19),
        insuredSince: day(22, '2009-01-01', 6_000),
        handledAt: `timestamptz '2020-01-01 01:00:00+00' + bench.h(i, 23, 2000) * interval '1 day'`,
      },
    },
    {
      noun: 'Payment',
      from: series(size.insurances / 2),
      observedAt: read,
      values: {
        ...insured(50),
        receiptNo: padded('R'),
        insuranceKind: codes('Payment', 'insuranceKind', 51),
        period: `'2026-' || lpad((${drawn(52, 11)})::text, 2, '0')`,
        amount: `(100 + bench.h(i, 53, 4900))::numeric`,
        channel: codes('Payment', 'channel', 54),
        handledAt: `timestamptz '2026-01-01 01:00:00+00' + bench.h(i, 55, 300) * interval '1 day'`,
      },
    },
    {
      noun: 'Person',
      from: series(size.persons),
      observedAt: read,
      values: {
        residentId: person('i'),
        name: nameOf('i'),
        birthDate: `to_date(substr(${person('i')}, 7, 8), 'YYYYMMDD')`,
        sex: `case when substr(${person('i')}, 17, 1)::int % 2 = 1 then 'MALE' else 'FEMALE' end`,
        address: `'禹城市房寺镇第' || (${drawn(7, villageCount)}) || '村' || (${drawn(8, 400)}) || '号'`,
      },
    },
    {
      noun: 'Organisation',
      from: series(size.organisations),
      observedAt: read,
      values: {
        creditCode: organisation('i'),
        name: firmOf('i'),
        address: `'禹城市房寺镇' || (${drawn(9, 400)}) || '号'`,
        representativeName: nameOf(drawn(10, size.persons)),
      },
    },
    {
      noun: 'MarketEntity',
      from: series(size.organisations),
      observedAt: read,
      values: {
        entityNo: padded('3714820'),
        creditCode: organisation('i'),
        name: firmOf('i'),
        type: codes('MarketEntity', 'type', 60),
        state: codes('MarketEntity', 'state', 61),
        legalRepresentativeName: nameOf(drawn(10, size.persons)),
        legalRepresentativeId: person(drawn(10, size.persons)),
        registeredCapital: `(10000 * ${drawn(62, 500)})::numeric`,
        establishedOn: day(63, '2008-01-01', 6_500),
        longTerm: 'true',
        scope: `'日用百货、五金交电销售'`,
        address: `'禹城市房寺镇' || (${drawn(9, 400)}) || '号'`,
        regionCode: village(64),
        industrySection: codes('MarketEntity', 'industrySection', 65),
        industryMismatch: 'false',
      },
    },
    {
      noun: 'Parcel',
      from: series(size.parcels),
      observedAt: read,
      values: {
        parcelCode: padded('371482100001JC', 'i', 5),
        villageCode: village(11),
        location: `'房寺镇第' || (${drawn(12, villageCount)}) || '村'`,
        areaM2: `(100 + bench.h(i, 13, 9000) / 4.0)::numeric(12, 2)`,
        areaAsWritten: `(100 + bench.h(i, 13, 9000) / 4.0)::numeric(12, 2) || '㎡'`,
        useName: `'农村宅基地'`,
        state: `'CURRENT'`,
        geometryState: `'ABSENT'`,
      },
    },
    {
      noun: 'Right',
      from: series(size.parcels),
      observedAt: read,
      values: {
        certificateNo: `'鲁(2020)禹城市不动产权第' || lpad(i::text, 7, '0') || '号'`,
        unitCode: `${padded('371482100001JC', 'i', 5)} || 'F00010001'`,
        parcelCode: padded('371482100001JC', 'i', 5),
        holderCount: '1',
        holderNames: nameOf(drawn(15, size.persons)),
        holderName: `case when bench.h(i, 14, 10) < 8 then ${nameOf(drawn(15, size.persons))} end`,
        holderId: `case when bench.h(i, 14, 10) < 8 then ${person(drawn(15, size.persons))} end`,
        holderOrganisationName: `case when bench.h(i, 14, 10) >= 8 then ${firmOf(drawn(16, size.organisations))} end`,
        holderCreditCode: `case when bench.h(i, 14, 10) >= 8 then ${organisation(drawn(16, size.organisations))} end`,
        coOwnership: `'SOLE'`,
        kind: codes('Right', 'kind', 66),
        registrationKind: codes('Right', 'registrationKind', 67),
        registeredOn: day(68, '2015-01-01', 4_000),
        state: `'CURRENT'`,
        mortgaged: 'false',
        seized: 'false',
        clear: 'true',
      },
    },
    {
      noun: 'Licence',
      from: series((size.organisations * 2) / 5),
      agency: `'food-drug'`,
      observedAt: read,
      values: {
        number: padded('JY13714820'),
        type: `'食品经营许可证'`,
        state: codes('Licence', 'state', 70),
        holderName: firmOf(drawn(71, size.organisations)),
        holderCreditCode: organisation(drawn(71, size.organisations)),
        responsiblePersonName: nameOf(drawn(72, size.persons)),
        responsiblePersonId: person(drawn(72, size.persons)),
        issuedOn: day(73, '2020-01-01', 2_000),
        validUntil: day(73, '2025-01-01', 2_000),
        longTerm: 'false',
      },
    },
    {
      noun: 'EmploymentRegistration',
      from: series(size.persons / 4),
      observedAt: read,
      values: {
        ...insured(74),
        registrationNo: padded('E'),
        event: codes('EmploymentRegistration', 'event', 75),
        registeredOn: day(76, '2018-01-01', 3_000),
        employerCreditCode: organisation(drawn(77, size.organisations)),
        employerName: firmOf(drawn(77, size.organisations)),
        handledAt: `timestamptz '2024-01-01 01:00:00+00' + bench.h(i, 78, 900) * interval '1 day'`,
      },
    },
    {
      noun: 'HomesteadApproval',
      from: series(size.parcels / 4),
      observedAt: read,
      values: {
        approvalNo: padded('ZJD'),
        applicantName: nameOf(drawn(80, size.persons)),
        applicantId: person(drawn(80, size.persons)),
        villageCode: village(81),
        areaM2: `(120 + bench.h(i, 82, 200))::numeric`,
        areaAsWritten: `(120 + bench.h(i, 82, 200)) || '㎡'`,
        buildingKind: codes('HomesteadApproval', 'buildingKind', 83),
        appliedOn: day(84, '2020-01-01', 2_300),
      },
    },
    {
      noun: 'HouseholdChange',
      from: series(size.persons / 5),
      observedAt: read,
      values: {
        changeNo: padded('HB'),
        kind: codes('HouseholdChange', 'kind', 85),
        residentId: person(drawn(86, size.persons)),
        name: nameOf(drawn(86, size.persons)),
        villageCode: village(87),
        happenedOn: day(88, '2019-01-01', 2_800),
        registeredOn: day(88, '2019-01-08', 2_800),
      },
    },
    {
      noun: 'Agency',
      from: `generate_series(1, ${agencyCodes.length}) i`,
      observedAt: read,
      values: { code: agencyOf('i - 1'), name: `${agencyOf('i - 1')} || '局'`, kind: `'COUNTY_BUREAU'` },
    },
    {
      noun: 'Outpost',
      from: `generate_series(1, ${agencyCodes.length}) i`,
      observedAt: read,
      values: { code: padded('O', 'i', 3), name: `'房寺所' || i`, agencyCode: agencyOf('i - 1') },
    },
    {
      noun: 'Officer',
      from: series(officerCount),
      observedAt: read,
      values: {
        staffNo: padded('G', 'i', 4),
        name: nameOf('i'),
        outpostCode: padded('O', `1 + i % ${agencyCodes.length}`, 3),
        post: `(array['所长','窗口人员','审查员'])[${drawn(90, 3)}]`,
      },
    },
    {
      noun: 'Matter',
      from: series(matterCount),
      observedAt: read,
      values: {
        code: padded('M', 'i', 4),
        edition: '1',
        title: `'政务服务事项第' || i || '号'`,
        matterType: codes('Matter', 'matterType', 91),
        agencyCode: agencyOf('i'),
        servedSubject: `'BOTH'`,
        handling: `'PROMISED'`,
        promisedDays: drawn(92, 20),
        state: `'IN_FORCE'`,
      },
    },
    {
      noun: 'Region',
      from: series(villageCount),
      observedAt: read,
      values: { code: `'371482' || lpad((100000 + i)::text, 6, '0')`, name: `'第' || i || '村'`, level: `'VILLAGE'` },
    },
  ];
}
