/**
 * The calendar of working days (工作日) with its exchanged days (调休), and what follows from it. A year is known once the
 * General Office of the State Council has announced it; other years are not guessed.
 */

/**
 * What the yearly notice says: days off besides plain weekends, and weekend days that are worked. `02-10/02-17` is a
 * span.
 */
interface YearNotice {
  readonly off: readonly string[];
  readonly worked: readonly string[];
}

const notices: Readonly<Record<number, YearNotice>> = {
  2024: {
    off: ['01-01', '02-10/02-17', '04-04/04-06', '05-01/05-05', '06-10', '09-15/09-17', '10-01/10-07'],
    worked: ['02-04', '02-18', '04-07', '04-28', '05-11', '09-14', '09-29', '10-12'],
  },
  2025: {
    off: ['01-01', '01-28/02-04', '04-04/04-06', '05-01/05-05', '05-31/06-02', '10-01/10-08'],
    worked: ['01-26', '02-08', '04-27', '09-28', '10-11'],
  },
  2026: {
    off: ['01-01/01-03', '02-15/02-23', '04-04/04-06', '05-01/05-05', '06-19/06-21', '09-25/09-27', '10-01/10-07'],
    worked: ['01-04', '02-14', '02-28', '05-09', '09-20', '10-10'],
  },
};

const dayMs = 86_400_000;
const numberOf = (day: string) => Date.parse(`${day}T00:00:00Z`) / dayMs;
const dayOf = (number: number) => new Date(number * dayMs).toISOString().slice(0, 10);
const years = Object.keys(notices).map(Number);

/** First and last day that the calendar knows. */
export const firstKnownDay = `${Math.min(...years)}-01-01`;
export const lastKnownDay = `${Math.max(...years)}-12-31`;
const first = numberOf(firstKnownDay);

/**
 * How many working days there have been from the first known day up to and including each day, in order. So the working
 * days between two days are a difference of two numbers, in memory as in SQL.
 */
export const workingDayCounts: readonly number[] = countDays();

function countDays(): number[] {
  const counts: number[] = [];
  for (let day = first; day <= numberOf(lastKnownDay); day++) {
    counts.push((counts.at(-1) ?? 0) + (isWorked(dayOf(day)) ? 1 : 0));
  }
  return counts;
}

function isWorked(day: string): boolean {
  const { off, worked } = notices[Number(day.slice(0, 4))]!;
  const date = day.slice(5);
  if (worked.includes(date)) return true;
  const isOff = off.some(span => {
    const [from, to = from] = span.split('/') as [string, string?];
    return from <= date && date <= to;
  });
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return !isOff && weekday !== 0 && weekday !== 6;
}

/** @throws RangeError when the year of the day is not known */
function countUntil(day: string): number {
  const count = workingDayCounts[numberOf(day) - first];
  if (count === undefined) throw new RangeError(unknownYears);
  return count;
}
export const unknownYears = `the calendar of working days knows ${firstKnownDay} to ${lastKnownDay}: what lies outside cannot be counted in working days until the year's notice is added to src/domain/working-days.ts`;

/** Days are written `2026-11-23`. The start is not counted, the end is. Negative when the end comes first. */
export const workingDaysBetween = (start: string, end: string): number => countUntil(end) - countUntil(start);

/** The day on which `days` working days have passed since `start`. */
export function addWorkingDays(start: string, days: number): string {
  const wanted = countUntil(start) + days;
  const index = workingDayCounts.indexOf(wanted, numberOf(start) - first + 1);
  if (index < 0) throw new RangeError(unknownYears);
  return dayOf(first + index);
}
