/** What a query about groups means, written in JavaScript over rows in memory. */
import type { Scalar } from '../../adapters/kit/record.ts';
import type { Noun } from '../../src/catalog/catalog.ts';
import { workingDaysBetween } from '../../src/domain/working-days.ts';
import type {
  GroupCondition,
  GroupKey,
  GroupPage,
  GroupQuery,
  GroupValue,
  Measure,
  Measured,
} from '../../src/query/groups/group-query.ts';
import type { TimeUnit } from '../../src/query/time-units.ts';
import { intlClock } from './intl-clock.ts';
import { matches, type Related, type Row } from './where-model.ts';

type Group = Readonly<Record<string, GroupValue>>;
const dayMs = 86_400_000;
const scalarOf = (noun: Noun, field: string): Scalar => noun.columns.get(field)!.field.scalar;

/** The groups in no particular order, before they are tested, ordered and cut into pages. */
export function groupsOf(noun: Noun, rows: readonly Row[], question: GroupQuery, related: Related): Group[] {
  return groupedRows(noun, rows, question, related).map(group => ({
    ...Object.fromEntries(question.keys.map(({ name }, i) => [name, group.keys[i]!])),
    ...Object.fromEntries(question.measures.map(m => [m.name, measured(noun, group.rows, m, related)])),
  }));
}

function groupedRows(noun: Noun, rows: readonly Row[], question: GroupQuery, related: Related) {
  const grouped = new Map<string, { keys: GroupValue[]; rows: Row[] }>();
  if (!question.keys.length) grouped.set('[]', { keys: [], rows: [] });
  for (const row of rows) {
    const keys = question.keys.map(key => keyOf(noun, row, key, related));
    const group = grouped.get(JSON.stringify(keys)) ?? { keys, rows: [] };
    grouped.set(JSON.stringify(keys), group);
    group.rows.push(row);
  }
  return [...grouped.values()];
}

function keyOf(noun: Noun, row: Row, { path, field, per }: GroupKey, related: Related): GroupValue {
  let place: { noun: Noun; row: Row | undefined } = { noun, row };
  for (const step of path) place = { noun: step.to, row: place.row && related(step, place.row)[0] };
  const value = place.row?.[field] ?? null;
  const scalar = scalarOf(place.noun, field);
  if (value === null || (scalar !== 'date' && scalar !== 'instant')) return value as GroupValue;
  return bucketOf(localTime(String(value), scalar), per);
}

/** Shifts the time so that its UTC parts are those of the town's clock. */
const localTime = (value: string, scalar: Scalar) => new Date(scalar === 'instant' ? `${intlClock(value)}Z` : value);
const dayOf = (time: Date) => time.toISOString().slice(0, 10);

function bucketOf(time: Date, per: TimeUnit): string {
  const [year, month] = [time.toISOString().slice(0, 4), time.getUTCMonth()];
  if (per === 'YEAR') return year;
  if (per === 'QUARTER') return `${year}-Q${Math.floor(month / 3) + 1}`;
  if (per === 'MONTH') return time.toISOString().slice(0, 7);
  if (per === 'DAY') return dayOf(time);
  if (per === 'HOUR') return time.toISOString().slice(0, 13);
  if (per === 'WEEK') return isoWeek(time);
  let day = time;
  const before = () => dayOf(new Date(day.getTime() - dayMs));
  while (workingDaysBetween(before(), dayOf(day)) === 0) day = new Date(day.getTime() + dayMs);
  return dayOf(day);
}

/** A week belongs to the year that holds its Thursday. */
function isoWeek(time: Date): string {
  const thursday = new Date(time.getTime() + (4 - (time.getUTCDay() || 7)) * dayMs);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((Date.parse(dayOf(thursday)) - Date.UTC(year, 0, 1)) / dayMs / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

function measured(noun: Noun, rows: readonly Row[], measure: Measure, related: Related): GroupValue {
  if (measure.take === 'count' || measure.take === 'share') {
    const fitting = rows.filter(row => matches(noun, row, measure.where ?? {}, related)).length;
    if (measure.take === 'count') return fitting;
    return rows.length ? round(fitting / rows.length) : null;
  }
  if ('field' in measure) return ofField(noun, rows, measure);
  const values = rows.map(row => numberOf(noun, row, measure.of)).filter(v => v !== null);
  if (!values.length) return null;
  const sum = values.reduce((a, b) => a + b, 0);
  if (measure.take === 'sum') return round(sum);
  if (measure.take === 'avg') return round(sum / values.length);
  if (measure.take === 'min') return round(Math.min(...values));
  if (measure.take === 'max') return round(Math.max(...values));
  return measure.take === 'quantile' ? round(quantile(values, measure)) : null;
}

function ofField(noun: Noun, rows: readonly Row[], { take, field }: Extract<Measure, { field: string }>): GroupValue {
  const values = rows.map(row => row[field]).filter(v => v !== null && v !== undefined);
  if (take === 'countDistinct') {
    const isNumber = ['decimal', 'integer'].includes(scalarOf(noun, field));
    return new Set(values.map(v => (isNumber ? Number(v) : v))).size;
  }
  const sorted = values.map(String).sort((a, b) => Date.parse(a) - Date.parse(b));
  return (take === 'earliest' ? sorted[0] : sorted.at(-1)) ?? null;
}

function numberOf(noun: Noun, row: Row, { field, days, workingDays }: Measured): number | null {
  if (field) return row[field] === null || row[field] === undefined ? null : Number(row[field]);
  const { from, to } = (days ?? workingDays)!;
  const [a, b] = [row[from], row[to]];
  if (!a || !b) return null;
  const scalars = [from, to].map(name => scalarOf(noun, name));
  if (days && !scalars.includes('date')) return (Date.parse(String(b)) - Date.parse(String(a))) / dayMs;
  const [start, end] = [a, b].map((v, i) => dayOf(localTime(String(v), scalars[i]!))) as [string, string];
  return workingDays ? workingDaysBetween(start, end) : (Date.parse(end) - Date.parse(start)) / dayMs;
}

function quantile(values: readonly number[], { at, exact }: { at: number; exact: boolean }): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (exact) return sorted[Math.max(0, Math.ceil(at * sorted.length) - 1)]!;
  const place = at * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return low + (high - low) * (place - Math.floor(place));
}

const round = (value: number): number => Math.round(value * 1e6) / 1e6;
const rounder = (value: number): number => Math.round(value * 1e4) / 1e4;

/** Numbers arrive as text, and with more digits than are compared. */
export const comparableGroups = (groups: readonly Group[], question: GroupQuery) => {
  const isNumber = new Set(
    question.measures.filter(({ take }) => take !== 'earliest' && take !== 'latest').map(({ name }) => name),
  );
  return groups
    .map(group =>
      Object.fromEntries(
        Object.entries(group).map(([name, v]) => [name, v !== null && isNumber.has(name) ? rounder(Number(v)) : v]),
      ),
    )
    .map(group => JSON.stringify(group, Object.keys(group).sort()))
    .sort();
};

/** The groups after the tests, in their order, and cut to a page. */
export function pageOfGroups(groups: readonly Group[], question: GroupQuery): GroupPage {
  const { having, limit, skip } = question;
  const found = groups
    .filter(group => having.every(test => passes(group[test.of]!, test)))
    .sort(orderOf(question))
    .slice(skip);
  return { groups: found.slice(0, limit), hasNextPage: found.length > limit };
}

function orderOf({ keys, measures, orderBy }: GroupQuery): (a: Group, b: Group) => number {
  const isMeasure = (name: string) => measures.some(m => m.name === name);
  const wanted = [...orderBy, ...keys.map(({ name }) => ({ by: name, descending: false }))];
  return (a, b) => {
    for (const { by, descending } of wanted) {
      const [x, y] = [a, b].map(group => (isMeasure(by) ? orderable(group[by]!) : group[by]!));
      const order = compared(x!, y!, descending ?? false);
      if (order) return order;
    }
    return 0;
  };
}
/** Decimals come as text, and so do instants. */
const orderable = (value: GroupValue): GroupValue =>
  value === null || Number.isNaN(Number(value)) ? value : Number(value);

/** Groups without a value come last in either direction. */
function compared(a: GroupValue, b: GroupValue, descending: boolean): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b !== descending ? -1 : 1;
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
};
const passes = (value: GroupValue, { of: _, ...tests }: GroupCondition): boolean =>
  value !== null &&
  Object.entries(tests).every(([op, wanted]) => typeof wanted !== 'number' || comparisons[op]!(Number(value), wanted));
