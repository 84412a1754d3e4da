import { expect, test } from '@jest/globals';
import { creditCodeCheck } from '../../../../adapters/kit/identifiers/credit-code.ts';
import { eLicenceCheck, eLicenceOf } from '../../../../adapters/kit/identifiers/e-licence.ts';
import { foodLicenceCheck } from '../../../../adapters/kit/identifiers/food-licence.ts';
import { organisationCodeCheck } from '../../../../adapters/kit/identifiers/organisation-code.ts';
import { registrationNumberCheck } from '../../../../adapters/kit/identifiers/registration-number.ts';
import { birthDateOf, residentIdCheck, sexOf } from '../../../../adapters/kit/identifiers/resident-id.ts';

const parts = { type: '11100000000013338W032', issuer: '11371482004489018J', serial: '20250000001', version: '001' };

test('the check characters of known identifiers are recomputed from their bodies', () => {
  expect(residentIdCheck('11010519491231002')).toBe('X');
  expect(creditCodeCheck('91340000711771143')).toBe('J');
  expect(organisationCodeCheck('D2143569')).toBe('X');
  expect(registrationNumberCheck('34000000001636')).toBe('8');
  expect(foodLicenceCheck('1110807121565')).toBe('0');
  expect(eLicenceCheck(parts)).toBe('G');
});

test('an electronic licence identifier is put together from its parts', () => {
  expect(eLicenceOf(parts)).toBe('1.2.156.3005.2.11100000000013338W032.11371482004489018J.20250000001.001.G');
});

test('a body of the wrong length or characters gets no check character', () => {
  expect(() => residentIdCheck('1101051949123100')).toThrow(RangeError);
  expect(() => creditCodeCheck('9134000071177114I')).toThrow(RangeError);
  expect(() => organisationCodeCheck('D214356')).toThrow(RangeError);
  expect(() => registrationNumberCheck('3400000000163X')).toThrow(RangeError);
  expect(() => foodLicenceCheck('JY11108071215')).toThrow(RangeError);
  expect(() => eLicenceCheck({ ...parts, serial: '2025-1' })).toThrow(RangeError);
  expect(() => eLicenceOf({ ...parts, version: '1' })).toThrow(RangeError);
});

test('a resident id reveals the birth date and the sex', () => {
  expect(birthDateOf('371482190402290014')).toBe('1904-02-29');
  expect(sexOf('371482190001010018')).toBe('MALE');
  expect(sexOf('371482190001010026')).toBe('FEMALE');
});

test('a resident id with faults reveals nothing, and the error does not repeat it', () => {
  const impossible = '371482190002290015';
  expect(() => birthDateOf(impossible)).toThrow(new RangeError('expected a valid, normalised resident id'));
  expect(() => sexOf('371482190001010017')).toThrow(RangeError);
});
