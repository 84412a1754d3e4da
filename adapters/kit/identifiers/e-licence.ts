import type { Format } from '../format.ts';
import { checkMod37_36 } from './iso-7064.ts';
import { faultsBeyondShape, faultsWhere, plainSpelling } from './spelling.ts';

/** The four parts that identify an electronic licence; digits and capital letters only. */
export interface ELicenceParts {
  /** 证照类型代码: credit code of the type's owner 18, type 3. */
  readonly type: string;
  /** 颁证机构代码: credit code of the issuer, 18. */
  readonly issuer: string;
  /** 流水号: the issuer's serial, of any length. */
  readonly serial: string;
  /** 版本号: 3, as in `001`. */
  readonly version: string;
}

const OBJECT_IDENTIFIER = '1.2.156.3005.2.';
const PARTS = /^[0-9A-Z]{21}\.[0-9A-Z]{18}\.[0-9A-Z]+\.[0-9A-Z]{3}$/;

/** The check character: MOD 37,36 over the parts without dots. Throws a RangeError for other characters. */
export const eLicenceCheck = ({ type, issuer, serial, version }: ELicenceParts): string =>
  checkMod37_36(type + issuer + serial + version);

/** The whole identifier with its check. Throws a RangeError when a part has the wrong length or characters. */
export const eLicenceOf = (parts: ELicenceParts): string => {
  const dotted = [parts.type, parts.issuer, parts.serial, parts.version].join('.');
  if (!PARTS.test(dotted)) throw new RangeError('expected the type 21, issuer 18, serial and version 3 of a licence');
  return `${OBJECT_IDENTIFIER}${dotted}.${eLicenceCheck(parts)}`;
};

const hasStructure = (value: string): boolean =>
  value.startsWith(OBJECT_IDENTIFIER) &&
  /\.[0-9A-Z]$/.test(value) &&
  PARTS.test(value.slice(OBJECT_IDENTIFIER.length, -2));

/** 电子证照标识, GB/T 36904: `1.2.156.3005.2.` type `.` issuer `.` serial `.` version `.` check. */
export const eLicence: Format = {
  name: 'electronic licence identifier',
  zh: '电子证照标识',
  normalise: plainSpelling,
  faults: faultsBeyondShape({ characters: /^[0-9A-Z.]+$/ }, value => {
    if (!hasStructure(value)) return ['STRUCTURE'];
    const body = value.slice(OBJECT_IDENTIFIER.length, -2).replaceAll('.', '');
    return faultsWhere({ CHECK_DIGIT: checkMod37_36(body) !== value.at(-1) });
  }),
};
