import { describe, expect, test } from '@jest/globals';
import { applicantKind, caseResult, channel } from '../../../adapters/kit/hall-kinds.ts';
import {
  isOpenEnded,
  readCode,
  readDate,
  readDecimal,
  readInstant,
  readInteger,
  readText,
  required,
} from '../../../adapters/kit/reading.ts';
import { Rejection } from '../../../adapters/kit/statement.ts';

/** The field and the reason of a rejection; fails when nothing is rejected. */
function rejection(read: () => unknown): { field: string; reason: string } {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { field: error.field, reason: error.reason };
  }
  throw new Error('nothing was rejected');
}

const nothing: readonly unknown[] = [null, undefined, '', ' ', '\u3000', '  \t '];
const openEnds: readonly unknown[] = ['99999999999999', '99999999', '9999-12-31', '99991231', '长期', ' 长期 ', '永久'];
const noDates: readonly unknown[] = ['0000-00-00', '0000-00-00 00:00:00', '0', '00000000', 'null', 'NULL', '无'];

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

describe('a date', () => {
  test.each([
    ['2018-06-08', '2018-06-08'],
    ['2018-6-8', '2018-06-08'],
    ['20180608', '2018-06-08'],
    ['20180608201318', '2018-06-08'],
    ['2044-02-25 00:00:00.000000000', '2044-02-25'],
    ['2018-06-08 20:13:18', '2018-06-08'],
    ['2018-06-08T20:13:18+08:00', '2018-06-08'],
    ['2018/06/08', '2018-06-08'],
    ['2018/6/8 20:13', '2018-06-08'],
    ['2018.06.08', '2018-06-08'],
    ['2009年2月', '2009-02-01'],
    ['2009年2月3日', '2009-02-03'],
    ['2024-02-29', '2024-02-29'],
    [' 20180608 ', '2018-06-08'],
    // These are one second before and after midnight in Shanghai.
    [1_528_473_599_000, '2018-06-08'],
    [1_528_473_600_000, '2018-06-09'],
    ['1528473600000', '2018-06-09'],
    // Before September 2001 the milliseconds have twelve digits.
    [946_656_000_000, '2000-01-01'],
  ])('is read from %j', (raw, date) => {
    expect(readDate('DAY', raw)).toBe(date);
  });

  test.each([...nothing, ...openEnds, ...noDates].map(raw => [raw]))('is absent in %j', raw => {
    expect(readDate('DAY', raw)).toBeNull();
    expect(readInstant('DAY', raw)).toBeNull();
  });

  test.each([
    '2018-02-30',
    '2023-02-29',
    '2018-13-01',
    '20181301',
    '2018-00-10',
    '08.06.2018',
    '201806',
    '六月八日',
    '2018-06-08 morning',
    '2009年13月',
  ])('is refused in %j, without its value in the reason', raw => {
    const { field, reason } = rejection(() => readDate('DAY', raw));
    expect({ field, reason }).toEqual({ field: 'DAY', reason: 'is not a date' });
  });
});

describe('an open end', () => {
  test.each(openEnds.map(raw => [raw]))('is %j', raw => {
    expect(isOpenEnded(raw)).toBe(true);
  });
  test.each([...nothing, ...noDates, '2044-02-25', '19991231', '9999', 1_528_473_600_000].map(raw => [raw]))(
    'is not %j',
    raw => {
      expect(isOpenEnded(raw)).toBe(false);
    },
  );
});

describe('an instant', () => {
  test.each([
    ['20180608201318', '2018-06-08T20:13:18+08:00'],
    ['2018-06-08 20:13:18', '2018-06-08T20:13:18+08:00'],
    ['2018-06-08 20:13:18.123456789', '2018-06-08T20:13:18+08:00'],
    ['2018-06-08T20:13', '2018-06-08T20:13:00+08:00'],
    ['2018/06/08 20:13', '2018-06-08T20:13:00+08:00'],
    ['2018-06-08', '2018-06-08T00:00:00+08:00'],
    ['2009年2月', '2009-02-01T00:00:00+08:00'],
    ['2018-06-08T12:13:18Z', '2018-06-08T20:13:18+08:00'],
    ['2018-06-08T20:13:18.999Z', '2018-06-09T04:13:18+08:00'],
    ['2018-06-08T07:13:18-05:00', '2018-06-08T20:13:18+08:00'],
    [1_528_459_998_000, '2018-06-08T20:13:18+08:00'],
    ['1528459998000', '2018-06-08T20:13:18+08:00'],
  ])('is read from %j', (raw, instant) => {
    expect(readInstant('AT', raw)).toBe(instant);
  });

  test('is refused for an hour that no clock shows', () => {
    for (const raw of ['20180608246000', '2018-06-08 24:00:00', '2018-06-08 20:61:00', '2018-06-08T25:00:00Z']) {
      expect({ raw, field: rejection(() => readInstant('AT', raw)).field }).toEqual({ raw, field: 'AT' });
    }
  });

  test('has one text for all spellings of one moment, so that they compare', () => {
    const spellings = ['20180608201318', '2018-06-08 20:13:18', '2018-06-08T12:13:18Z', 1_528_459_998_000];
    expect(new Set(spellings.map(raw => readInstant('AT', raw))).size).toBe(1);
  });
});

describe('a number', () => {
  test.each([
    ['12.50', '12.50'],
    ['-12.5', '-12.5'],
    ['+3', '3'],
    ['1,234,567.89', '1234567.89'],
    ['1，000', '1000'],
    [' 7 ', '7'],
    [0.1, '0.1'],
    ['123456789012345678.123456', '123456789012345678.123456'],
  ])('keeps every digit of %j', (raw, decimal) => {
    expect(readDecimal('SUM', raw)).toBe(decimal);
  });
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
