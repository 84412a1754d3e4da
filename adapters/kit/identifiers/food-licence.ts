import type { Format } from '../format.ts';
import { checkMod11_10 } from './iso-7064.ts';
import { demandBody, faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

/** The check digit that follows the 13 digits after `JY`. Throws a RangeError for other input. */
export const foodLicenceCheck = (first13: string): string => {
  demandBody(first13, /^\d{13}$/, '13 digits before the check digit of a food licence');
  return checkMod11_10(first13);
};

/**
 * 食品经营许可证编号: `JY`, business type 1 (1 销售 sales, 2 餐饮 catering, 3 单位食堂 canteen), region 6, serial 6,
 * check MOD 11,10 over the 13 digits.
 */
export const foodLicence: Format = {
  name: 'food business licence number',
  zh: '食品经营许可证编号',
  normalise: plainSpelling,
  faults: faultsBeyondShape({ lengths: [16], characters: /^[A-Z]{2}\d{14}$/ }, value =>
    faultsWhere({
      STRUCTURE: !/^JY[123]/.test(value),
      CHECK_DIGIT: foodLicenceCheck(value.slice(2, 15)) !== value.charAt(15),
    }),
  ),
};
