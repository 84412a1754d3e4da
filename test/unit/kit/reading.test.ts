import { describe, expect, test } from '@jest/globals';
import { applicantKind, caseResult, channel } from '../../../adapters/kit/hall-kinds.ts';
import { readCode, readDecimal, readInteger, readText, required } from '../../../adapters/kit/reading.ts';
import { rejection } from '../../support/rejection.ts';

const nothing: readonly unknown[] = [null, undefined, '', ' ', '\u3000', '  \t '];

describe('text', () => {
  test.each([
    ['1 ', '1'],
    ['91370000000000000W ', '91370000000000000W'],
    ['\u3000\u3000房寺镇\u3000', '房寺镇'],
    ['甲 乙', '甲 乙'],
    [7, '7'],
    [0, '0'],
    [false, 'false'],
  ])('loses the padding of fixed columns and nothing else: %j', (raw, text) => {
    expect(readText(raw)).toBe(text);
  });
  test.each(nothing.map(raw => [raw]))('%j counts as absent', raw => {
    expect(readText(raw)).toBeNull();
  });
});

describe('a number', () => {
  test.each([
    ['12.50', '12.50'],
    ['-12.5', '-12.5'],
    ['+3', '3'],
    ['1,234,567.89', '1234567.89'],
    ['1，000', '1000'],
    ['-12,345', '-12345'],
    ['１２３．５０', '123.50'],
    [' 7 ', '7'],
    [0.1, '0.1'],
    ['123456789012345678.123456', '123456789012345678.123456'],
  ])('keeps every digit of %j', (raw, decimal) => {
    expect(readDecimal('SUM', raw)).toBe(decimal);
  });
  test.each(['100,50', '100，50', '50,5', '12,34', '1,2345', '1,234,56', ',123', '0,123', '1.234.567,89', '1 234'])(
    'with a comma that is none of thousands (%j) is not guessed',
    raw => {
      expect(rejection(() => readDecimal('SUM', raw))).toEqual({ field: 'SUM', reason: 'is not a decimal number' });
    },
  );
  test.each(['12.', '.5', '1.2.3', '1e5', '十二', '12元', '0x10', 'NaN'])('is not %j', raw => {
    expect(rejection(() => readDecimal('SUM', raw))).toEqual({ field: 'SUM', reason: 'is not a decimal number' });
  });
  test('has no fraction when it is whole, and must fit', () => {
    expect([readInteger('N', ' 0012 '), readInteger('N', '-3'), readInteger('N', '')]).toEqual([12, -3, null]);
    for (const raw of ['1.0', '1,000', '9999999999', 'x']) {
      expect(rejection(() => readInteger('N', raw))).toEqual({ field: 'N', reason: 'is not a whole number' });
    }
  });
});

describe('a code', () => {
  test.each([
    // The same digit has another meaning in each edition: refused to some, not accepted to others, or merely closed.
    ['eajc-old', '0', 'GRANTED'],
    ['eajc-2020', '0', 'GRANTED'],
    ['eajc-old', '2', 'VOID'],
    ['eajc-2020', '2', 'VOID'],
    ['eajc-old', '3', 'DELETED'],
    ['eajc-2020', '3', 'DELETED'],
    ['eajc-old', '4', 'FORWARDED'],
    ['eajc-2020', '4', 'FORWARDED'],
    ['eajc-old', '5', 'LAPSED_NO_CORRECTION'],
    ['eajc-2020', '5', 'LAPSED_NO_CORRECTION'],
    ['eajc-old', '6', 'CLOSED_OTHER'],
    ['eajc-2020', '6', 'NOT_ACCEPTED'],
  ] as const)('of a closing result in edition %s: %s is %s', (edition, raw, name) => {
    expect(readCode('RESULT', caseResult, edition, raw)).toBe(name);
  });

  test('of a channel differs between the standards', () => {
    const read = (edition: string) =>
      ['0', '1', '2', '3'].map(raw => {
        try {
          return readCode('CHANNEL', channel, edition, raw);
        } catch {
          return 'refused';
        }
      });
    expect(read('gbt39046')).toEqual(['refused', 'WINDOW', 'ONLINE', 'MOBILE']);
    expect(read('eajc')).toEqual(['WINDOW', 'ONLINE', 'MOBILE', 'COURIER']);
  });

  test('may be one of several with the same meaning, and padding is none', () => {
    expect(['6', '9', ' 9 ', 9].map(raw => readCode('KIND', applicantKind, 'gbt39046', raw))).toEqual([
      'OTHER',
      'OTHER',
      'OTHER',
      'OTHER',
    ]);
    expect(nothing.map(raw => readCode('KIND', applicantKind, 'gbt39046', raw))).toEqual(nothing.map(() => null));
  });

  test('that its edition does not know is refused, with table and edition but without the code', () => {
    const expected = { field: 'RESULT', reason: 'is not a code of CaseResult in edition eajc-old' };
    for (const raw of ['7', 'GRANTED', '准予', '00']) {
      expect(rejection(() => readCode('RESULT', caseResult, 'eajc-old', raw))).toEqual(expected);
    }
  });

  test('of an edition that nobody knows is refused', () => {
    expect(rejection(() => readCode('RESULT', caseResult, 'eajc-1999', '0')).reason).toContain('eajc-1999');
  });
});

test('a required value is refused by its name where it is missing', () => {
  expect(required('NAME', '甲')).toBe('甲');
  expect([required('N', 0), required('FLAG', false)]).toEqual([0, false]);
  expect(rejection(() => required('NAME', null))).toEqual({ field: 'NAME', reason: 'is missing' });
  expect(rejection(() => required('NAME', undefined))).toEqual({ field: 'NAME', reason: 'is missing' });
});
