import type { Format } from '../format.ts';
import { checkMod11_10 } from './iso-7064.ts';
import { demandBody, faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

/** The check digit that follows the first 14 of a 15-digit number. Throws a RangeError for other input. */
export const registrationNumberCheck = (first14: string): string => {
  demandBody(first14, /^\d{14}$/, '14 digits before the check digit of a registration number');
  return checkMod11_10(first14);
};

/**
 * 营业执照注册号, GS15-2006: region 6, serial 8, check MOD 11,10; businesses older than the credit code.
 * The 13-digit numbers from before 2007 have no check and cannot be turned into 15.
 */
export const registrationNumber: Format = {
  name: 'business registration number',
  zh: '营业执照注册号',
  normalise: plainSpelling,
  faults: faultsBeyondShape({ lengths: [13, 15], characters: /^\d+$/ }, value =>
    faultsWhere({
      CHECK_DIGIT: value.length === 15 && registrationNumberCheck(value.slice(0, 14)) !== value.charAt(14),
    }),
  ),
};
