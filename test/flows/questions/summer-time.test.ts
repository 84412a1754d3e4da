/**
 * The town's days, months and hours follow Asia/Shanghai by the tz database, also in the summers of 1986 to 1991, in
 * groups of rows and of sums, in comparisons and in filters; days and moments that nobody can store are client errors.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CaseClosing, CaseReport } from '../../../adapters/kit/hall-kinds.ts';
import { intlClock } from '../../support/intl-clock.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

/** Around midnights, ends of months and changes of the clock. */
const moments = [
  '1985-06-30T15:59:59Z',
  '1986-05-03T17:59:59Z',
  '1986-05-03T18:00:00Z',
  '1988-05-31T14:59:59Z',
  '1988-05-31T15:00:00Z',
  '1988-06-14T15:00:00Z',
  '1988-06-14T15:59:59Z',
  '1990-08-31T15:30:00Z',
  '1991-09-14T16:59:59Z',
  '1991-09-14T17:00:00Z',
  '1991-12-31T15:30:00Z',
  '1992-06-30T15:30:00Z',
  '2026-06-30T15:59:59Z',
  '2026-06-30T16:00:00Z',
];
let t: TestHub;
beforeAll(async () => {
  t = await startTestHub({ adapters: await silentAdapters() });
  const reports = moments.map((submittedAt, i) =>
    plainStatement(CaseReport, `r${i}`, {
      caseNo: `S-${i}`,
      submittedAt,
      promisedOn: intlClock(submittedAt).slice(0, 10),
    }),
  );
  const closings = moments.map((closedAt, i) =>
    plainStatement(CaseClosing, `c${i}`, { caseNo: `S-${i}`, closedAt, result: 'GRANTED' }),
  );
  await stateRecords(t.hub.store, 'police', [...reports, ...closings]);
});
afterAll(() => t?.stop());

const counted = (keys: readonly string[]) => {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
};
async function groups(per: string, field = 'submittedAt', where = '{}') {
  const { data, errors } = await t.analyst.ask(
    `{ cases(where: ${where}) { groups { nodes { key { k: ${field}(per: ${per}) } count } } } }`,
  );
  expect(errors).toBeUndefined();
  const nodes: { key: { k: string }; count: number }[] = data.cases.groups.nodes;
  return Object.fromEntries(nodes.map(({ key, count }) => [key.k, count]));
}

test.each([
  ['DAY', 10],
  ['MONTH', 7],
  ['YEAR', 4],
  ['HOUR', 13],
] as const)(
  'buckets by %s are those of the town, for rows and for the sums that the store keeps',
  async (per, length) => {
    const expected = counted(moments.map(at => intlClock(at).slice(0, length)));
    expect(await groups(per)).toEqual(expected);
    expect(await groups(per, 'closedAt')).toEqual(expected);
    // A condition by which the sums do not answer.
    expect(await groups(per, 'submittedAt', '{ caseNo: { startsWith: "S-" } }')).toEqual(expected);
  },
);

test('a month that begins in summer time is a bound that the sums and the rows share', async () => {
  const from = '1988-05-31T15:00:00Z';
  const expected = counted(moments.filter(at => at >= from).map(at => intlClock(at).slice(0, 7)));
  expect(await groups('MONTH', 'submittedAt', `{ submittedAt: { gte: "${from}" } }`)).toEqual(expected);
  expect(await groups('MONTH', 'submittedAt', `{ submittedAt: { gte: "1988-06-01T00:00:00+09:00" } }`)).toEqual(
    expected,
  );
  expect(
    await groups('MONTH', 'submittedAt', `{ caseNo: { startsWith: "S-" }, submittedAt: { gte: "${from}" } }`),
  ).toEqual(expected);
});

test('a moment is compared with a day as the day in the town', async () => {
  for (const [is, count] of Object.entries({ AT: moments.length, BEFORE: 0, AFTER: 0 })) {
    const { data, errors } = await t.analyst.ask(
      `{ cases(where: { compare: [{ field: CLOSED_AT, is: ${is}, than: PROMISED_ON }] }) { totalCount } }`,
    );
    expect([is, errors, data.cases.totalCount]).toEqual([is, undefined, count]);
  }
});

test('elapsed days are counted by the town, too', async () => {
  const { data } = await t.analyst.ask(
    '{ cases { groups { nodes { max(of: { days: { from: PROMISED_ON, to: CLOSED_AT } }) min(of: { days: { from: PROMISED_ON, to: CLOSED_AT } }) } } } }',
  );
  expect(data.cases.groups.nodes).toEqual([{ max: '0', min: '0' }]);
});

const days = ['0000-01-01', '0000-02-29', '2026-02-30', '10000-01-01', '-0001-01-01', '2026-W48-1', '99999-12-31'];
const instants = [
  ...['0000-01-01T00:00:00Z', '0000-06-01T00:00:00+08:00', '0001-01-01T00:00:00+08:00', '2026-02-30T00:00:00Z'],
  ...['9999-12-31T23:59:59-08:00', '2026-01-01T00:00:00+23:00', '2026-01-01T24:00:00Z', '2026-06-30T23:59:60Z'],
];
const asked: readonly (readonly [string, string, readonly string[]])[] = [
  ['LocalDate', 'cases(where: { promisedOn: { gt: $v } }) { totalCount }', days],
  ['LocalDate', 'cases(where: { promisedOn: { in: ["2026-01-01", $v] } }) { totalCount }', days],
  ['DateTime', 'cases(where: { submittedAt: { lt: $v } }) { totalCount }', instants],
  ['DateTime', 'cases(where: { observedAt: { lt: $v } }) { totalCount }', instants],
  ['DateTime', 'cases(asOf: $v) { totalCount }', instants],
  ['DateTime', 'cases { groups { nodes { count(where: { closedAt: { eq: $v } }) } } }', instants],
];
test.each(asked)('a %s that cannot be stored is the client’s error in %s', async (type, selection, values) => {
  for (const value of values) {
    const written = await t.analyst.ask(`{ ${selection.replace('$v', JSON.stringify(value))} }`);
    const bound = await t.analyst.ask(`query ($v: ${type}!) { ${selection} }`, { v: value });
    const codes = [written, bound].map(({ errors }) => errors?.map(({ extensions }) => extensions!.code));
    expect({ value, codes }).toEqual({ value, codes: [['GRAPHQL_VALIDATION_FAILED'], ['BAD_USER_INPUT']] });
  }
});
