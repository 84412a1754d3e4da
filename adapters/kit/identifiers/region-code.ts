import type { Format } from '../format.ts';
import { faultsBeyondShape, plainSpelling } from './spelling.ts';

/** To the county 6 digits, to the town 9, to the village 12. */
const SHORT = /^(\d{6}|\d{9})$/;
const LENGTH = 12;

/**
 * 行政区划代码, GB/T 2260 with GB/T 10114: province 2, city 2, county 2, town 3, village 3.
 * One column holds 6, 9 and 12 digits mixed, so all become 12: the missing levels are zeros.
 */
export const regionCode: Format = {
  name: 'region code',
  zh: '行政区划代码',
  normalise(raw) {
    const value = plainSpelling(raw);
    return SHORT.test(value) ? value.padEnd(LENGTH, '0') : value;
  },
  faults: faultsBeyondShape({ lengths: [LENGTH], characters: /^\d+$/ }, () => []),
};
