import type { Format } from '../format.ts';
import { faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

/**
 * 药品经营许可证编号: province 省简称 1, kind of business and legal status 1 letter each, telephone area and serial, as in
 * `鲁CB5340123`. No check. The numbering changed after 2024, so the letters and the number of digits are not fixed.
 */
export const drugLicence: Format = {
  name: 'drug business licence number',
  zh: '药品经营许可证编号',
  normalise: plainSpelling,
  faults: faultsBeyondShape({ characters: /^[\p{Script=Han}A-Z\d]+$/u }, value =>
    faultsWhere({ STRUCTURE: !/^\p{Script=Han}[A-Z]{2}\d{7,9}$/u.test(value) }),
  ),
};
