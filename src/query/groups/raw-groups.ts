/** Groups as PostgreSQL gives them, and the page that is told of them. */
import type { Scalar } from '../../../adapters/kit/record.ts';
import { HubError } from '../../domain/error-codes.ts';
import { unknownYears } from '../../domain/working-days.ts';
import { isoInstant } from '../instants.ts';
import type { GroupsSql } from './groups-sql.ts';
import { pageOf, type RawGroup, type ShownGroup } from './page-groups.ts';
import { readBits } from './person-bits.ts';
import type { GroupPage, GroupQuestion, GroupValue, Measure } from './question.ts';
import { withholdGroups } from './withhold-groups.ts';

/** Groups that are looked through when small ones have to be found among them. */
export const mostGuardedGroups = 5_000;

/** @param rows cells in the order of `columns` */
export function pageOfRows(
  rows: readonly (readonly (string | null)[])[],
  { keyScalars, asksForUnknownDays }: GroupsSql,
  question: GroupQuestion,
  smallestGroup: number | null,
): GroupPage {
  const { keys, measures } = question;
  if (smallestGroup !== null && rows.length > mostGuardedGroups) {
    const message = `These are more than ${mostGuardedGroups} groups: group by fewer keys, or narrow \`where\``;
    throw new HubError('BAD_USER_INPUT', message);
  }
  const unknownAt = keys.length + measures.length;
  if (asksForUnknownDays && rows.some(row => row[unknownAt] === 'true'))
    throw new HubError('BAD_USER_INPUT', unknownYears);
  const shown = rows.map(
    (row): ShownGroup => ({
      keys: keys.map((_, i) => keyOf(keyScalars[i]!, row[i]!)),
      measures: measures.map((measure, i) => shownValue(measure, row[keys.length + i]!)),
    }),
  );
  if (smallestGroup === null) return pageOf(shown, question, false);
  const from = unknownAt + (asksForUnknownDays ? 1 : 0);
  const groups = rows.map(
    (row, n): RawGroup => ({
      ...shown[n]!,
      madeOf: measures.map((_, i) => readBits(row[from + i]!)),
      others: measures.map((_, i) => readBits(row[from + measures.length + i]!)),
      persons: readBits(row[from + 2 * measures.length]!),
    }),
  );
  return withholdGroups(groups, question, smallestGroup);
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
