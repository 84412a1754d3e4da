import type { Format } from '../format.ts';
import { faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

/**
 * 食品生产许可证编号: `SC`, food category 3, region 6, serial 4, check 1.
 * The arithmetic of the check is not published, so a wrong last digit goes unnoticed.
 */
export const productionLicence: Format = {
  name: 'food production licence number',
  zh: '食品生产许可证编号',
  normalise: plainSpelling,
  faults: faultsBeyondShape({ lengths: [16], characters: /^[A-Z]{2}\d{14}$/ }, value =>
    faultsWhere({ STRUCTURE: !value.startsWith('SC') }),
  ),
};
