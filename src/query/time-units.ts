/** Time in the town: buckets from hour to year, and working days. */
import { firstKnownDay, workingDayCounts } from '../domain/working-days.ts';
import { townClockSql } from '../store/town-time-sql.ts';
import type { Values } from './scope.ts';

const local = (instant: string) => `(${townClockSql(instant)})`;
/** The calendar day of a moment in the town's time zone. */
export const localDaySql = (instant: string): string => `${local(instant)}::date`;

/** Buckets and their labels: text that sorts in the order of time. */
export const timeUnits = {
  HOUR: { truncate: 'hour', label: 'YYYY-MM-DD"T"HH24', zh: '时' },
  DAY: { truncate: 'day', label: 'YYYY-MM-DD', zh: '日' },
  WORKING_DAY: { truncate: 'day', label: 'YYYY-MM-DD', zh: '工作日' },
  WEEK: { truncate: 'week', label: 'IYYY"-W"IW', zh: '周（ISO）' },
  MONTH: { truncate: 'month', label: 'YYYY-MM', zh: '月' },
  QUARTER: { truncate: 'quarter', label: 'YYYY"-Q"Q', zh: '季' },
  YEAR: { truncate: 'year', label: 'YYYY', zh: '年' },
} as const;
export type TimeUnit = keyof typeof timeUnits;

/**
 * The bucket of a date or moment. It is cheap, because it is computed for every row; its label only once for each
 * group.
 */
export function bucketSql(sql: string, type: string, unit: TimeUnit, values: Values): string {
  const time = type === 'timestamptz' ? local(sql) : `${sql}::timestamp`;
  if (unit === 'WORKING_DAY') return `${workingDayCountSql(dayOfSql(sql, type), values, true)}`;
  return unit === 'DAY' ? dayOfSql(sql, type) : `date_trunc('${timeUnits[unit].truncate}', ${time})`;
}

export function labelSql(bucket: string, unit: TimeUnit, values: Values): string {
  if (unit !== 'WORKING_DAY') return `to_char(${bucket}, '${timeUnits[unit].label}')`;
  // The n-th working day is the day on which n is first reached.
  return `(date '${firstKnownDay}' + array_position(${countsSql(values)}, ${bucket}) - 1)::text`;
}

export const dayOfSql = (sql: string, type: string): string => (type === 'timestamptz' ? localDaySql(sql) : sql);

const countsSql = (values: Values) => `${values.add(`{${workingDayCounts.join(',')}}`)}::integer[]`;

/**
 * How many working days there have been up to a day, the day included. With `next`, a day off has the count of the next
 * working day. Null outside of the known years, which callers must check.
 */
export function workingDayCountSql(day: string, values: Values, next = false): string {
  const counts = countsSql(values);
  const at = (offset: number) => `(${counts})[${day} - date '${firstKnownDay}' + ${offset}]`;
  return next ? `(coalesce(${at(0)}, 0) + 1)` : at(1);
}
