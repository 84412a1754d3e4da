import type { Format } from '../format.ts';
import { demandBody, faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

/** No I, O, S, V, Z. */
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const MODULUS = ALPHABET.length;

/**
 * The check character that follows the first 17: mod 31 with weights 3^i.
 * Throws a RangeError unless there are 17 characters of the code's alphabet.
 */
export const creditCodeCheck = (first17: string): string => {
  demandBody(first17, /^[0-9A-HJ-NP-RTUWXY]{17}$/, '17 characters before the check character of a credit code');
  let sum = 0;
  let weight = 1;
  for (const character of first17) {
    sum += ALPHABET.indexOf(character) * weight;
    weight = (weight * 3) % MODULUS;
  }
  return ALPHABET.charAt((MODULUS - (sum % MODULUS)) % MODULUS);
};

/** 统一社会信用代码, GB 32100-2015: registrar 1, class 1, region 6, organisation code 9, check 1. */
export const creditCode: Format = {
  name: 'unified social credit code',
  zh: '统一社会信用代码',
  personPrefix: '92',
  normalise: plainSpelling,
  faults: faultsBeyondShape({ lengths: [18], characters: /^[0-9A-HJ-NP-RTUWXY]+$/ }, value =>
    faultsWhere({
      STRUCTURE: !/^..\d{6}/.test(value),
      CHECK_DIGIT: creditCodeCheck(value.slice(0, 17)) !== value.charAt(17),
    }),
  ),
};
