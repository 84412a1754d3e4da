import { describe, expect, test } from '@jest/globals';
import {
  about,
  code,
  codeTable,
  date,
  decimal,
  defineRecord,
  type Field,
  flag,
  geometry,
  instant,
  integer,
  organisation,
  person,
  text,
} from '../../../adapters/kit/record.ts';

const title = { en: 'Kind', zh: '类' };
const fields = { no: text({ zh: '号' }) };
const accepts = (field: Field, value: unknown) => field.check.safeParse(value).success;
const reason = (field: Field, value: unknown) => field.check.safeParse(value).error?.issues[0]?.message;

describe('an omitted declaration has a harmless meaning', () => {
  test('for a kind', () => {
    const kind = defineRecord('MarketEntity', { title, key: ['no'], fields });
    expect(kind).toMatchObject({ name: 'MarketEntity', plural: 'marketEntities', about: {}, live: false, open: false });
  });
  test('for a field: it is required, and nothing of it remains when it is masked', () => {
    expect(text({ zh: '号' })).toMatchObject({
      optional: false,
      sensitivity: 'public',
      mask: 'hidden',
      searched: false,
    });
  });
});

test.each([
  ['Parcel', 'parcels'],
  ['MarketEntity', 'marketEntities'],
  ['IdentityCard', 'identityCards'],
  ['Survey', 'surveys'],
  ['Business', 'businesses'],
  ['Tax', 'taxes'],
  ['Branch', 'branches'],
])('the plural of %s is %s', (name, plural) => {
  expect(defineRecord(name, { title, key: ['no'], fields }).plural).toBe(plural);
});

test('a role is about a noun by one field or by several, in the order of its key', () => {
  expect(person('holderId')).toEqual({ noun: 'Person', from: ['holderId'] });
  expect(organisation('creditCode', { states: { name: 'holderName' } })).toEqual({
    noun: 'Organisation',
    from: ['creditCode'],
    states: { name: 'holderName' },
  });
  expect(about('Matter')(['code', 'edition'], { inverse: 'permits' })).toEqual({
    noun: 'Matter',
    from: ['code', 'edition'],
    inverse: 'permits',
  });
});

describe('the value of a field', () => {
  const table = codeTable('State', title, { OPEN: { en: 'Open', zh: '开', codes: { house: '1' } } });
  const square = [
    [116.6, 36.9],
    [116.7, 36.9],
    [116.7, 37],
    [116.6, 36.9],
  ];
  const polygon = (ring: unknown) => ({ type: 'Polygon', coordinates: [ring] });
  const cases: readonly [name: string, field: Field, good: readonly unknown[], bad: readonly unknown[]][] = [
    ['text', text({ zh: '文' }), ['a', '房'.repeat(4000)], ['', 'x'.repeat(4001), 1, null]],
    ['integer', integer({ zh: '数' }), [0, -3, 2_147_483_647], [1.5, '1', 2_147_483_648, Number.NaN]],
    [
      'decimal',
      decimal({ zh: '数' }),
      ['0', '-12.50', '123456789012345678.123456'],
      [1.5, '1,000', '1.', '.5', '1e3', '0.1234567', '+1'],
    ],
    ['date', date({ zh: '日' }), ['2024-02-29'], ['2023-02-29', '2024-2-29', '20240229', '2024-02-29T00:00:00Z']],
    [
      'instant',
      instant({ zh: '时' }),
      ['2026-11-23T09:30:00+08:00', '2026-11-23T01:30:00Z', '2026-11-23T01:30:00.5Z'],
      ['2026-11-23T09:30:00', '2026-11-23', '2026-02-30T00:00:00Z'],
    ],
    ['flag', flag({ zh: '是' }), [true, false], ['true', 1, null]],
    ['code', code({ zh: '态', table }), ['OPEN'], ['1', 'open', '', null]],
    [
      'geometry',
      geometry({ zh: '形' }),
      [polygon(square)],
      [polygon(square.slice(1)), polygon([[200, 0], ...square]), polygon(square.map(([x]) => [x])), { type: 'Point' }],
    ],
  ];
  test.each(cases)('%s', (_name, field, good, bad) => {
    expect(good.filter(value => !accepts(field, value))).toEqual([]);
    expect(bad.filter(value => accepts(field, value))).toEqual([]);
  });

  test.each(cases)('%s: a refused value is not repeated in the reason', (_name, field) => {
    expect(reason(field, '371482195203170021')?.includes('371482') ?? false).toBe(false);
    expect(reason(field, { secret: 'value' })).not.toMatch(/value"|secret/);
  });
});
