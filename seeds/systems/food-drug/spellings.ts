/** Other ways in which the same value is written. */
import type { Random } from '../../township/model.ts';

/** Full-width letters and digits, as an input method for Chinese writes them. */
export const fullWidth = (value: string): string =>
  value.replaceAll(/[0-9A-Za-z]/g, character => String.fromCharCode(character.charCodeAt(0) + 0xfee0));

/** The 15-digit form from before 1999; null where it would be ambiguous or did not exist. */
export const legacyId = (id: string): string | null =>
  /^\d{6}19\d{9}[\dXx]$/.test(id) && !/99[6-9].$/.test(id) ? id.slice(0, 6) + id.slice(8, 17) : null;

const SHANGHAI = '+08:00';

const moments: readonly ((day: string, time: string) => string)[] = [
  (day, time) => day.replaceAll('-', '') + time.replaceAll(':', ''),
  (day, time) => `${day.replaceAll('-', '/')} ${time}`,
  (day, time) => `${day}T${time}${SHANGHAI}`,
  (day, time) => String(Date.parse(`${day}T${time}${SHANGHAI}`)),
  (day, time) => `${day} ${time}.000000000`,
];
const days: readonly ((day: string) => string)[] = [
  day => day.replaceAll('-', ''),
  day => day.replaceAll('-', '/'),
  day => day.replace(/^(\d+)-0?(\d+)-0?(\d+)$/, '$1年$2月$3日'),
  day => `${day} 00:00:00`,
  day => day.replaceAll('-', '.'),
];

/** `2026-11-23 09:30:00` or `2026-11-23` in another spelling; 长期 as `99999999999999`. */
export function oddMoment(random: Random, value: string): string {
  if (value === '长期') return '99999999999999';
  const [day = '', time] = value.split(' ');
  return time === undefined ? random.pick(days)(day) : random.pick(moments)(day, time);
}
