/**
 * W3: cases per month, agency and result with the mean days from application to closing, over a year, with a filter for
 * which nothing was prepared and that keeps a fifth, two fifths, ... of the rows in turn; W3r: the same without it, which
 * the hub's sums of cases hold. Months are those of the town.
 */
import type { Asker, Workload } from './workload.ts';

const channels = ['WINDOW', 'ONLINE', 'MOBILE', 'COURIER', 'OTHER'];
/** One to four of the channels. */
const someChannels = (n: number) => Array.from({ length: 1 + (n % 4) }, (_, i) => channels[(n + i) % channels.length]!);
/** The n-th of the years that begin in 36 successive months, as instants in the town's time. */
function year(n: number) {
  const month = (at: number) =>
    `${2023 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}-01T00:00:00+08:00`;
  return { from: month(n % 36), to: month((n % 36) + 12) };
}

const hub = (
  filtered: boolean,
) => `query CasesByMonth($from: DateTime!, $to: DateTime!${filtered ? ', $channels: [Channel!]!' : ''}) {
  cases(where: { submittedAt: { gte: $from, lt: $to }${filtered ? ', channel: { in: $channels }' : ''} }) {
    groups(limit: 1000) { nodes {
      key { month: submittedAt(per: MONTH) leadAgencyCode result }
      cases: count
      meanDays: avg(of: { days: { from: SUBMITTED_AT, to: CLOSED_AT } })
    } } } }`;

const postgraphile = (
  filtered: boolean,
) => `query CasesByMonth($from: Datetime!, $to: Datetime!${filtered ? ', $channels: [String!]!' : ''}) {
  allCases(condition: { deleted: false }, filter: { submittedAt: { greaterThanOrEqualTo: $from, lessThan: $to }${filtered ? ', channel: { in: $channels }' : ''} }) {
    groupedAggregates(groupBy: [SUBMITTED_AT_TRUNCATED_TO_MONTH, LEAD_AGENCY_CODE, RESULT]) {
      keys distinctCount { rowId } average { handlingDays } } } }`;

/** By the book it is a resolver of its own, with a hand-written statement in it. */
const byTheBook = (
  filtered: boolean,
) => `query CasesByMonth($from: String!, $to: String!${filtered ? ', $channels: [String!]!' : ''}) {
  casesByMonth(from: $from, to: $to${filtered ? ', channels: $channels' : ''}) { month leadAgencyCode result cases meanDays } }`;

/**
 * The statement that one would write by hand: the mean of intervals, a fixed offset, and the words made once for each
 * group.
 */
export const casesByMonthSql = (filtered: boolean) => `
select to_char(month, 'YYYY-MM') as month, lead_agency_code as "leadAgencyCode", result, cases,
  round((extract(epoch from mean) / 86400)::numeric, 6) as "meanDays"
from (
  select date_trunc('month', submitted_at at time zone interval '8 hours') as month, lead_agency_code, result,
    count(*)::int as cases, avg(closed_at - submitted_at) as mean
  from hub_case where submitted_at >= $1::timestamptz and submitted_at < $2::timestamptz${filtered ? ' and channel = any($3)' : ''} and not deleted
  group by 1, 2, 3
) g order by 1, 2, 3`;

interface Group {
  readonly month: string;
  readonly agency: string;
  readonly result: string | null;
  readonly cases: number;
  readonly days: number | null;
}
// biome-ignore lint/suspicious/noExplicitAny: the answers of four servers, each in its own shape
type Loose = any;

function groupsOf(answer: Loose): Group[] {
  const own = Array.isArray(answer) ? answer : answer.casesByMonth;
  if (own) return own.map((g: Loose) => group(g.month, g.leadAgencyCode, g.result, g.cases, g.meanDays));
  if (answer.cases) {
    const { nodes } = answer.cases.groups;
    return nodes.map((g: Loose) => {
      const { month, leadAgencyCode, result } = g.key as Loose;
      return group(month, leadAgencyCode, result, g.cases, g.meanDays);
    });
  }
  const { groupedAggregates } = answer.allCases;
  return groupedAggregates.map(
    (g: { keys: never[]; distinctCount: { rowId: never }; average: { handlingDays: never } }) =>
      group(g.keys[0]!, g.keys[1]!, g.keys[2]!, g.distinctCount.rowId, g.average.handlingDays),
  );
}
const group = (month: string, agency: string, result: string | null, cases: unknown, days: unknown): Group => ({
  month: String(month).slice(0, 7),
  agency,
  result,
  cases: Number(cases),
  // Some contenders round to six digits themselves.
  days: days === null ? null : Number(Number(Number(days).toFixed(6)).toFixed(3)),
});
const comparable = (answer: unknown) =>
  groupsOf(answer).sort((a, b) =>
    `${a.month} ${a.agency} ${a.result}` < `${b.month} ${b.agency} ${b.result}` ? -1 : 1,
  );

const workload = (name: string, title: string, filtered: boolean): Workload => ({
  name,
  title,
  connections: 2,
  variables: n => ({ ...year(n * 7), ...(filtered ? { channels: someChannels(n) } : {}) }),
  statement: () => ({
    text: `select coalesce(json_agg(a), '[]')::text from (${casesByMonthSql(filtered)}) a`,
    values: filtered ? ['from', 'to', 'channels'] : ['from', 'to'],
  }),
  document: (asker: Asker) => ({ hub, postgraphile, byTheBook })[asker](filtered),
  comparable,
});

export const casesByMonth = workload(
  'W3',
  'cases per month, agency and result with mean handling days over a year, of one to four of five channels',
  true,
);
export const casesByMonthRolledUp = workload('W3r', 'the same of all channels, which an exact rollup holds', false);
