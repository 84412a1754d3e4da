import type { Format } from '../format.ts';
import { checkMod11_2 } from './iso-7064.ts';
import { demandBody, faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

/** The check character that follows the first 17 digits: 0-9 or X. Throws a RangeError for other input. */
export const residentIdCheck = (first17: string): string => {
  demandBody(first17, /^\d{17}$/, '17 digits before the check character of a resident id');
  return checkMod11_2(first17);
};

const LEGACY = /^\d{15}$/;
/**
 * Serials that the 15-digit form reserved for people born before 1900. That rule is known only from reports, so neither
 * century is chosen: a wrong guess would give one person's records to another. The value keeps its 15 digits and is
 * AMBIGUOUS.
 */
const LEGACY_CENTURY_UNKNOWN = /^\d{12}99[6-9]$/;

const upgrade = (legacy: string): string => {
  const first17 = `${legacy.slice(0, 6)}19${legacy.slice(6)}`;
  return first17 + residentIdCheck(first17);
};

const normalise = (raw: string): string => {
  const value = plainSpelling(raw);
  if (LEGACY.test(value)) return LEGACY_CENTURY_UNKNOWN.test(value) ? value : upgrade(value);
  return value.length === 18 ? value.replace(/[×*]$/, 'X') : value;
};

const birthDateWithin = (id: string): string => `${id.slice(6, 10)}-${id.slice(10, 12)}-${id.slice(12, 14)}`;

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether the date exists in the Gregorian calendar. Nobody with a resident id was born before 1800. */
const isBirthDate = (date: string): boolean => {
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8))];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && leap ? 29 : MONTH_DAYS[month - 1];
  return year >= 1800 && days !== undefined && day >= 1 && day <= days;
};

/**
 * 公民身份号码, GB 11643-1999: region 6, birth 8, serial 3, check MOD 11-2. The 15-digit form is upgraded to 18. The region
 * is that of the first registration, and people who move keep it, so no certain region is required.
 */
export const residentId: Format = {
  name: 'resident id',
  zh: '公民身份号码',
  isPersonal: true,
  normalise,
  faults: faultsBeyondShape({ lengths: [15, 18], characters: /^(\d{15}|\d{17}[\dX])$/ }, value => {
    if (value.length === 15) return [LEGACY_CENTURY_UNKNOWN.test(value) ? 'AMBIGUOUS' : 'LENGTH'];
    return faultsWhere({
      DATE: !isBirthDate(birthDateWithin(value)),
      CHECK_DIGIT: residentIdCheck(value.slice(0, 17)) !== value.charAt(17),
    });
  }),
};

const demandValid = (id: string): void => {
  if (residentId.faults(id).length > 0) throw new RangeError('expected a valid, normalised resident id');
};

/** The birth date as `YYYY-MM-DD`, from a normalised id. Throws a RangeError for an id with faults. */
export const birthDateOf = (id: string): string => {
  demandValid(id);
  return birthDateWithin(id);
};

/** The sex, from the serial of a normalised id: odd is male. Throws a RangeError for an id with faults. */
export const sexOf = (id: string): 'MALE' | 'FEMALE' => {
  demandValid(id);
  return sexWithin(id);
};
const sexWithin = (id: string) => (Number(id.charAt(16)) % 2 === 1 ? 'MALE' : 'FEMALE');

/** Birth date and sex, from a normalised id. Throws a RangeError for an id with faults. */
export const birthOf = (id: string): { readonly date: string; readonly sex: 'MALE' | 'FEMALE' } => {
  demandValid(id);
  return { date: birthDateWithin(id), sex: sexWithin(id) };
};
