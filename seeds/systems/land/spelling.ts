/** How the land registry's clerks and programs spell what they enter. */
import type { Random } from '../../township/model.ts';
import type { Account } from './exchange-log.ts';

/** The spellings of days in text columns. */
export function spellDay(account: Account, random: Random, day: string): string {
  if (!account.commits('oddDate')) return day;
  const [year, month, date] = day.split('-').map(Number);
  return random.pick([day.replaceAll('-', ''), `${year}年${month}月${date}日`, `${year}/${month}/${date}`, `${day} `]);
}

const fullWidth = (text: string): string =>
  text.replaceAll(/[0-9A-Za-z]/g, character => String.fromCodePoint(character.codePointAt(0)! + 0xfee0));

/** Serials that the old numbers reserved for people of another century cannot be converted back. */
const oldNumberIsClear = (id: string) => id.slice(6, 8) === '19' && !/99[6-9]$/.test(id.slice(0, 17));

/** A resident's number as it was entered; credit codes come through unchanged. */
export function spellNumber(account: Account, number: string): string {
  if (!/^\d{17}[\dX]$/.test(number)) return number;
  if (number.endsWith('X') && account.commits('lowerCaseX')) return number.toLowerCase();
  if (oldNumberIsClear(number) && account.commits('legacyId')) return number.slice(0, 6) + number.slice(8, 17);
  if (account.commits('fullWidthId')) return fullWidth(number);
  if (account.commits('wrongId')) return number.slice(0, 17) + (number.endsWith('1') ? '2' : '1');
  return number;
}

/** The printed form. */
export const spacedUnit = (unit: string): string =>
  [unit.slice(0, 6), unit.slice(6, 12), unit.slice(12, 19), unit.slice(19, 20), unit.slice(20)].join(' ');
export const shortUnit = (unit: string): string => unit.slice(0, 27);
