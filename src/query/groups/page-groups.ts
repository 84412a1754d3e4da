/** Turns groups as PostgreSQL returns them into the page of an answer. */
import type { Scalar } from '../../../adapters/kit/record.ts';
import { HubError } from '../../domain/error-codes.ts';
import { unknownYears } from '../../domain/working-days.ts';
import { isoInstant } from '../instants.ts';
import type { GroupPage, GroupQuery, GroupValue, Measure } from './group-query.ts';
import type { GroupsSql } from './groups-sql.ts';

/** @param rows cells in the order of `columns`, one group more than is shown if there are more */
export function pageOfRows(
  rows: readonly (readonly (string | null)[])[],
  { keyScalars, asksForUnknownDays }: GroupsSql,
  { keys, measures, limit }: GroupQuery,
): GroupPage {
  const unknownAt = keys.length + measures.length;
  if (asksForUnknownDays && rows.some(row => row[unknownAt] === 'true'))
    throw new HubError('BAD_USER_INPUT', unknownYears);
  const groups = rows.slice(0, limit).map(row => {
    const named: Record<string, GroupValue> = {};
    for (const [i, { name }] of keys.entries()) named[name] = keyOf(keyScalars[i]!, row[i]!);
    for (const [i, measure] of measures.entries()) named[measure.name] = shownValue(measure, row[keys.length + i]!);
    return named;
  });
  return { groups, hasNextPage: rows.length > limit };
}

function keyOf(scalar: Scalar, text: string | null): GroupValue {
  if (text === null) return null;
  return scalar === 'integer' ? Number(text) : scalar === 'flag' ? text === 'true' : text;
}

function shownValue(measure: Measure, text: string | null): GroupValue {
  if (text === null) return null;
  if (measure.take === 'count' || measure.take === 'countDistinct' || measure.take === 'share') return Number(text);
  const isTime = measure.take === 'earliest' || measure.take === 'latest';
  return isTime && text.includes(' ') ? isoInstant(text) : text;
}
