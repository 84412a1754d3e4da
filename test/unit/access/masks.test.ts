import { expect, test } from '@jest/globals';
import type { MaskName } from '../../../adapters/kit/record.ts';
import { maskValue } from '../../../src/access/masks.ts';

/** domain: the usual masks. */
const vectors: readonly [MaskName, string, string | null][] = [
  ['identity', '371482199001010018', '371482********0018'],
  ['identity', '371482900101001', '371482*****1001'],
  ['identity', '3714829001', '**********'],
  ['identity', '', ''],
  ['name', '张', '张'],
  ['name', '张丰', '张*'],
  ['name', '张三丰', '张*丰'],
  ['name', '张三丰年', '张**年'],
  ['name', '欧阳', '欧*'],
  ['name', '欧阳锋', '欧阳*'],
  ['name', '欧阳建国', '欧阳**'],
  ['name', '司马光', '司马*'],
  ['name', '艾力·克里木', '艾力****'],
  ['name', '阿卜杜拉•艾山', '阿卜杜拉***'],
  ['phone', '13812345678', '138****5678'],
  ['phone', '0534-7221678', '0534-****678'],
  ['phone', '05347221678', '0534-****678'],
  ['phone', '01065551234', '010-****234'],
  ['phone', '722167', '******'],
  ['address', '山东省德州市禹城市房寺镇北街村12号', '山东省德州市禹城市房寺镇***'],
  ['address', '房寺镇邢店村3排5号', '房寺镇***'],
  ['address', '北街村12号', '北街村***'],
  ['address', '幸福社区3号楼2单元', '幸福社区***'],
  ['address', '行政街36号院', '行政街***'],
  ['plate', '鲁N12312', '鲁N***12'],
  ['plate', '鲁ND12312', '鲁N****12'],
  ['plate', '鲁N12', '****'],
  ['account', '6222021612001234567', '***************4567'],
  ['account', '123', '***'],
  ['birth', '1990-01-01', '1990'],
  ['hidden', 'anything', null],
];

test.each(vectors)('%s: %s is shown as %s', (mask, whole, shown) => {
  expect(maskValue(mask, 'text', whole)).toBe(shown);
});

test.each(['date', 'code', 'decimal', 'integer', 'flag', 'instant', 'geometry'] as const)(
  'of a %s nothing is shown, for it cannot be shown in part',
  scalar => {
    for (const mask of ['birth', 'name', 'identity', 'account'] as const)
      expect(maskValue(mask, scalar, '1990-01-01')).toBeNull();
  },
);

test('nothing stays nothing', () => {
  for (const nothing of [null, undefined]) expect(maskValue('name', 'text', nothing)).toBeNull();
});
