/** Spellings and their normalised forms. Except for public samples, every value is invented. */

import type { Fault, Format } from '../../../../adapters/kit/format.ts';
import { creditCode } from '../../../../adapters/kit/identifiers/credit-code.ts';
import { drugLicence } from '../../../../adapters/kit/identifiers/drug-licence.ts';
import { eLicence } from '../../../../adapters/kit/identifiers/e-licence.ts';
import { foodLicence } from '../../../../adapters/kit/identifiers/food-licence.ts';
import { organisationCode } from '../../../../adapters/kit/identifiers/organisation-code.ts';
import { phone } from '../../../../adapters/kit/identifiers/phone.ts';
import { productionLicence } from '../../../../adapters/kit/identifiers/production-licence.ts';
import { parcelCode, realEstateUnit } from '../../../../adapters/kit/identifiers/real-estate-unit.ts';
import { regionCode } from '../../../../adapters/kit/identifiers/region-code.ts';
import { registrationNumber } from '../../../../adapters/kit/identifiers/registration-number.ts';
import { residentId } from '../../../../adapters/kit/identifiers/resident-id.ts';

export interface Vectors {
  readonly format: Format;
  /** Normalised and valid. */
  readonly valid: readonly string[];
  /** Another spelling, and the valid value that it is normalised to. */
  readonly spelled: readonly (readonly [raw: string, value: string])[];
  readonly invalid: readonly (readonly [raw: string, ...faults: Fault[]])[];
  /** Positions from `from` to `to`, both included, where any other character of the same kind breaks the check. */
  readonly guarded?: { readonly from: number; readonly to: number; readonly alphabet: string };
}

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

const resident: Vectors = {
  format: residentId,
  valid: [
    '11010519491231002X',
    '440524188001010014',
    '371482190001010018',
    '371482190001010026',
    '37148219000101019X',
    '371482190402290014',
    '371424190001010030',
  ],
  spelled: [
    ['37148219000101019x', '37148219000101019X'],
    ['37148219000101019ｘ', '37148219000101019X'],
    ['37148219000101019Ｘ', '37148219000101019X'],
    ['37148219000101019×', '37148219000101019X'],
    ['37148219000101019＊', '37148219000101019X'],
    ['37148219000101019*', '37148219000101019X'],
    ['\u3000371482 19000101-0018\u00a0', '371482190001010018'],
    ['\u202a371482190001010018\u202c', '371482190001010018'],
    ['371482000101001', '371482190001010018'],
    ['110105491231002', '11010519491231002X'],
  ],
  invalid: [
    ['', 'EMPTY'],
    ['\u3000', 'EMPTY'],
    ['37148219000101001X', 'CHECK_DIGIT'],
    ['371482190001010017', 'CHECK_DIGIT'],
    ['371482190002290015', 'DATE'],
    ['371482190013010017', 'DATE', 'CHECK_DIGIT'],
    ['371482000229001', 'DATE'],
    ['371482037101010014', 'DATE'],
    ['371482000101996', 'AMBIGUOUS'],
    ['371482000101999', 'AMBIGUOUS'],
    ['37148219000101001', 'LENGTH'],
    ['3714821900010100188', 'LENGTH'],
    ['37148219000101*018', 'CHARACTER'],
    ['37148219000101X018', 'CHARACTER'],
    ['37148200010100X', 'CHARACTER'],
    ['37148219000101001A', 'CHARACTER'],
  ],
  guarded: { from: 0, to: 16, alphabet: DIGITS },
};

const credit: Vectors = {
  format: creditCode,
  valid: [
    '91340000711771143J',
    '91350100M000100Y43',
    '11110000000021135M',
    '11371482004489018J',
    '11371482004489026D',
    '11371482MB0000019Q',
    '113714820044890348',
    '113714820044890423',
    '11371482004489050X',
    '91371482MA3CP0A037',
    '92371482MA3CQ1X75C',
    '93371482MA3CR2Y888',
    'N2371482MF0000013M',
  ],
  spelled: [
    ['91371482ma3cp0a037', '91371482MA3CP0A037'],
    ['９１３７１４８２ＭＡ３ＣＰ０Ａ０３７', '91371482MA3CP0A037'],
    ['91371482 MA3CP0A03-7', '91371482MA3CP0A037'],
  ],
  invalid: [
    ['11371482004489018I', 'CHARACTER'],
    ['91371482MA3CP0A038', 'CHECK_DIGIT'],
    ['91371482MA3CP0A03', 'LENGTH'],
    ['9137A482MA3CP0A037', 'STRUCTURE', 'CHECK_DIGIT'],
  ],
  guarded: { from: 0, to: 17, alphabet: '0123456789ABCDEFGHJKLMNPQRTUWXY' },
};

const organisation: Vectors = {
  format: organisationCode,
  valid: ['D2143569X', '711771143', 'MA3CP0A03'],
  spelled: [
    ['D2143569-X', 'D2143569X'],
    ['d2143569－ｘ', 'D2143569X'],
  ],
  invalid: [
    ['D2143569-1', 'CHECK_DIGIT'],
    ['D2143569', 'LENGTH'],
    ['D2143569-Y', 'CHARACTER'],
  ],
  guarded: { from: 1, to: 7, alphabet: DIGITS },
};

const registration: Vectors = {
  format: registrationNumber,
  valid: [
    '340000000016368',
    '440301103097413',
    '110108020854380',
    '371482200000011',
    '371482600001230',
    '3714822000001',
  ],
  spelled: [['371482 2000 00011', '371482200000011']],
  invalid: [
    ['371482200000012', 'CHECK_DIGIT'],
    ['37148220000001', 'LENGTH'],
    ['37148220000001X', 'CHARACTER'],
  ],
  guarded: { from: 0, to: 14, alphabet: DIGITS },
};

const region: Vectors = {
  format: regionCode,
  valid: ['371482000000', '371482101000', '340191440000'],
  spelled: [
    ['371482', '371482000000'],
    ['371482101', '371482101000'],
    ['371482101000', '371482101000'],
    ['340191', '340191000000'],
  ],
  invalid: [
    ['37148', 'LENGTH'],
    ['3714821', 'LENGTH'],
    ['37148210100O', 'CHARACTER'],
  ],
};

const food: Vectors = {
  format: foodLicence,
  valid: ['JY11108071215650', 'JY11105050876919', 'JY13714820000019', 'JY23714820001235', 'JY33714820000070'],
  spelled: [['jy1 371482 000001 9', 'JY13714820000019']],
  invalid: [
    ['JY11105000000001', 'CHECK_DIGIT'],
    ['JX13714820000019', 'STRUCTURE'],
    ['JY43714820000019', 'STRUCTURE', 'CHECK_DIGIT'],
    ['JY1371482000001', 'LENGTH'],
    ['JY1371482000001X', 'CHARACTER'],
  ],
  guarded: { from: 2, to: 15, alphabet: DIGITS },
};

const production: Vectors = {
  format: productionLicence,
  valid: ['SC10137148200012'],
  spelled: [['sc 101 371482 0001-2', 'SC10137148200012']],
  invalid: [
    ['QS10137148200012', 'STRUCTURE'],
    ['SC1013714820001', 'LENGTH'],
    ['SC1013714820001X', 'CHARACTER'],
  ],
};

const drug: Vectors = {
  format: drugLicence,
  valid: ['鲁CB5340123', '鲁CB534000123'],
  spelled: [['鲁 cb 534-0123', '鲁CB5340123']],
  invalid: [
    ['CB5340123', 'STRUCTURE'],
    ['鲁CB534', 'STRUCTURE'],
    ['鲁CB534/0123', 'CHARACTER'],
  ],
};

const unit: Vectors = {
  format: realEstateUnit,
  valid: ['371482101001GB00012W00000000', '371482101002JC00034F00010001', '371482101002ZD00034L00000007'],
  spelled: [['371482 101001 GB00012 W 00000000', '371482101001GB00012W00000000']],
  invalid: [
    ['371482101001GB00012W00000001', 'STRUCTURE'],
    ['3714821010010000012000000000', 'STRUCTURE'],
    ['371482101001GI00012W00000000', 'STRUCTURE'],
    ['371482101001GB00012X00000000', 'STRUCTURE'],
    ['371482101001GB00012W0000000', 'LENGTH'],
    ['371482101001GB00012W000000000', 'LENGTH'],
    ['371482101001GB00012W0000000_', 'CHARACTER'],
  ],
};

const parcel: Vectors = {
  format: parcelCode,
  valid: ['371482101001GB00012', '371482101002JC00034'],
  spelled: [['371482 101001 gb00012', '371482101001GB00012']],
  invalid: [
    ['3714821010010000012', 'STRUCTURE'],
    ['371482101001GB00012W00000000', 'LENGTH'],
  ],
};

const licence: Vectors = {
  format: eLicence,
  valid: [
    '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F',
    '1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U',
    '1.2.156.3005.2.11100000000013338W032.11371482004489018J.20250000001.001.G',
  ],
  spelled: [
    [
      '1.2.156.3005.2.11100000000013338w032．11371482004489018j．20250000001．001．ｇ',
      '1.2.156.3005.2.11100000000013338W032.11371482004489018J.20250000001.001.G',
    ],
  ],
  invalid: [
    ['1.2.156.3005.2.11100000000013338W032.11371482004489018J.20250000002.001.G', 'CHECK_DIGIT'],
    ['1.2.156.3005.2.11100000000013338W032.11371482004489018J.20250000001.001.H', 'CHECK_DIGIT'],
    ['1.2.156.3005.1.11100000000013338W032.11371482004489018J.20250000001.001.G', 'STRUCTURE'],
    ['1.2.156.3005.2.11100000000013338W032.11371482004489018J.20250000001.001', 'STRUCTURE'],
    ['1.2.156.3005.2.11100000000013338W032.11371482004489018J.20250000001.001.GG', 'STRUCTURE'],
    ['11100000000013338W032.11371482004489018J.20250000001.001.G', 'STRUCTURE'],
    ['1.2.156.3005.2.11100000000013338W032/11371482004489018J.20250000001.001.G', 'CHARACTER'],
  ],
  guarded: { from: 15, to: 68, alphabet: DIGITS + LETTERS },
};

const telephone: Vectors = {
  format: phone,
  valid: ['13800000000', '19900000000', '05347221234', '053112345678', '01012345678'],
  spelled: [
    ['138-0000-0000', '13800000000'],
    ['+86 138 0000 0000', '13800000000'],
    ['（0534）7221234', '05347221234'],
    ['0534－7221234', '05347221234'],
  ],
  invalid: [
    ['0534-722123', 'LENGTH'],
    ['0531-123456', 'LENGTH'],
    ['053', 'LENGTH'],
    ['00534722123', 'STRUCTURE'],
    ['7221234', 'AMBIGUOUS'],
    ['1380000000', 'LENGTH'],
    ['12800000000', 'STRUCTURE'],
    ['138****0000', 'CHARACTER'],
    ['无', 'CHARACTER'],
  ],
};

export const allVectors: readonly Vectors[] = [
  resident,
  credit,
  organisation,
  registration,
  region,
  food,
  production,
  drug,
  unit,
  parcel,
  licence,
  telephone,
];
