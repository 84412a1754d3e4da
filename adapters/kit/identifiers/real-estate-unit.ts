import type { Format } from '../format.ts';
import { faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

/** Region 6, cadastral area 3, sub-area 3, ownership (G 国家, J 集体, Z 争议), parcel type 1, serial 5. */
const PARCEL = /^\d{12}[GJZ][ABCDEFGHSXWY]\d{5}$/;
/** F 房屋 building, L 林木 trees, Q 其他 other, each with a number; W 无定着物 nothing stands there, so no number. */
const FIXTURE = /^([FLQ]\d{8}|W0{8})$/;
const PARCEL_LENGTH = 19;
const CHARACTERS = /^[0-9A-Z]+$/;

/** 宗地代码: the parcel, the first 19 characters of the units on it. No check character. */
export const parcelCode: Format = {
  name: 'parcel code',
  zh: '宗地代码',
  normalise: plainSpelling,
  faults: faultsBeyondShape({ lengths: [PARCEL_LENGTH], characters: CHARACTERS }, value =>
    faultsWhere({ STRUCTURE: !PARCEL.test(value) }),
  ),
};

/** 不动产单元代码, GB/T 37346-2019: parcel 19, fixture 9; printed with spaces after 6, 12, 19 and 20. No check character. */
export const realEstateUnit: Format = {
  name: 'real-estate unit code',
  zh: '不动产单元代码',
  normalise: plainSpelling,
  faults: faultsBeyondShape({ lengths: [PARCEL_LENGTH + 9], characters: CHARACTERS }, value =>
    faultsWhere({
      STRUCTURE: !PARCEL.test(value.slice(0, PARCEL_LENGTH)) || !FIXTURE.test(value.slice(PARCEL_LENGTH)),
    }),
  ),
};
