import type { Format } from '../format.ts';
import { demandBody, faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

const WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2];

/** The check character that follows the first 8: 0-9 or X. Throws a RangeError unless there are 8 digits or capitals. */
export const organisationCodeCheck = (first8: string): string => {
  demandBody(first8, /^[0-9A-Z]{8}$/, '8 characters before the check character of an organisation code');
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number.parseInt(first8.charAt(at), 36), 0);
  return '0123456789X'.charAt((11 - (sum % 11)) % 11);
};

/**
 * 组织机构代码, GB 11714: 8 characters and a check, printed `D2143569-X`, kept without the dash.
 * Superseded by the credit code, whose characters 9 to 17 it is; common in old rows (ZZJGDM).
 */
export const organisationCode: Format = {
  name: 'organisation code',
  zh: '组织机构代码',
  normalise: plainSpelling,
  faults: faultsBeyondShape({ lengths: [9], characters: /^[0-9A-Z]{8}[0-9X]$/ }, value =>
    faultsWhere({ CHECK_DIGIT: organisationCodeCheck(value.slice(0, 8)) !== value.charAt(8) }),
  ),
};
