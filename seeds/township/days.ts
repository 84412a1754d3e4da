/** Arithmetic on days, written `2026-11-23`, and on times of Asia/Shanghai, written `2026-11-23T09:30:00+08:00`. */

const DAY_MS = 86_400_000;
const SHANGHAI_MS = 8 * 3_600_000;

const dayNumber = (day: string): number => Math.floor(Date.parse(`${day.slice(0, 10)}T00:00:00Z`) / DAY_MS);
const dayOfNumber = (number: number): string => new Date(number * DAY_MS).toISOString().slice(0, 10);

export const addDays = (day: string, days: number): string => dayOfNumber(dayNumber(day) + days);
/** Negative when `to` is before `from`. */
export const daysBetween = (from: string, to: string): number => dayNumber(to) - dayNumber(from);
/** Full years lived on a day. */
export const ageOn = (born: string, day: string): number =>
  Number(day.slice(0, 4)) - Number(born.slice(0, 4)) - (day.slice(5) < born.slice(5) ? 1 : 0);

/** Monday to Friday; the town's invented past has no holidays. */
export const isWeekday = (day: string): boolean => {
  const weekday = new Date(dayNumber(day) * DAY_MS).getUTCDay();
  return weekday !== 0 && weekday !== 6;
};

/** Whole weekdays after a day; with 0 the day itself or the Monday after it. */
export function addWeekdays(day: string, days: number): string {
  let result = day;
  for (let left = days; left > 0 || !isWeekday(result); result = addDays(result, 1)) {
    if (left > 0 && isWeekday(addDays(result, 1))) left--;
  }
  return result;
}

/** The time so many minutes after another. */
export const addMinutes = (moment: string, minutes: number): string =>
  `${new Date(Date.parse(moment) + minutes * 60_000 + SHANGHAI_MS).toISOString().slice(0, 19)}+08:00`;
