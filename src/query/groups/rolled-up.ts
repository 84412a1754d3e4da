/**
 * Decides which queries the sums of cases (`store/case-rollup.ts`) answer exactly; the sums' columns have the names of
 * the cases' columns.
 */
import { townClock } from '../../../adapters/kit/town-time.ts';
import { type StoredNoun, snake } from '../../catalog/catalog.ts';
import { caseRollupDimensions, caseRollupSpans } from '../../store/case-rollup.ts';
import type { Where } from '../filters.ts';
import { givenTests } from '../given-tests.ts';
import type { Scope } from '../scope.ts';
import type { GroupKey, GroupQuery, Measure, Span } from './group-query.ts';

const time = 'submittedAt';
const isDimension = (field: string) => (caseRollupDimensions as readonly string[]).includes(snake(field));
const wholeMonths = new Set(['MONTH', 'QUARTER', 'YEAR']);

export function isRolledUp(
  { policy, asOf }: Scope,
  noun: StoredNoun,
  where: Where | null | undefined,
  { keys, measures }: GroupQuery,
): boolean {
  if (noun.name !== 'Case' || asOf !== null || policy.rows(noun) !== 'all') return false;
  return keys.every(isKey) && measures.every(isMeasure) && isWhere(where);
}

const isKey = ({ path, field, per }: GroupKey): boolean =>
  !path.length && isDimension(field) && (field !== time || wholeMonths.has(per));

function isMeasure(measure: Measure): boolean {
  if (measure.take === 'count' || measure.take === 'share') return isWhere(measure.where);
  return (measure.take === 'avg' || measure.take === 'sum') && spanOf(measure.of.days) !== undefined;
}

const spanOf = (span: Span | null | undefined) =>
  span ? caseRollupSpans.find(({ from, to }) => from === snake(span.from) && to === snake(span.to)) : undefined;

/** Whether only dimensions are tested, and the time only by bounds at the beginning of a month. */
function isWhere(where: Where | null | undefined): boolean {
  return givenTests(where).every(([name, test]) => {
    if (name === 'and' || name === 'or') return (test as Where[]).every(isWhere);
    if (name === 'not') return isWhere(test as Where);
    if (!isDimension(name)) return false;
    return name !== time || Object.entries(test as object).every(([op, value]) => keepsMonths(op, value));
  });
}
function keepsMonths(op: string, value: unknown): boolean {
  if (value === null || value === undefined || op === 'isNull') return true;
  if (op !== 'gte' && op !== 'lt') return false;
  return townClock(Date.parse(String(value))).endsWith('-01T00:00:00.000');
}

const dayUs = 86_400_000_000;

/** The SQL of the sum or mean of the time between two fields; null for other measures. */
export function rolledUpSpan(measure: Measure): string | null {
  const span = 'of' in measure ? spanOf(measure.of.days) : undefined;
  if (!span) return null;
  const sum = `sum(t.${span.name}_us) filter (where t.${span.name}_n > 0)`;
  const value = measure.take === 'sum' ? sum : `${sum} / nullif(sum(t.${span.name}_n), 0)`;
  return `trim_scale(round(${value}::numeric / ${dayUs}, 6))`;
}
