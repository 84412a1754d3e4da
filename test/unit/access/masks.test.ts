import { describe, expect, test } from '@jest/globals';
import type { MaskName } from '../../../adapters/kit/record.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { visibleLength } from '../../../src/access/characters.ts';
import { maskValue } from '../../../src/access/masks.ts';
import { testSeed } from '../../support/test-seed.ts';

/** The vectors of the usual masks of the domain. */
const vectors: readonly [MaskName, string, string | null][] = [
  ['identity', '371482199001010018', '371482********0018'],
  ['identity', '37148219900101001X', '371482********001X'],
  ['identity', '371482900101001', '371482*****1001'],
  ['identity', '3714829001', '**********'],
  ['identity', '', ''],
  ['region', '371482199001010018', '371482************'],
  ['region', '371482900101001', '371482*********'],
  ['region', '92371482MA3ABCDE1X', '923714************'],
  ['name', '', ''],
  ['name', '张', '*'],
  ['name', '张丰', '张*'],
  ['name', '张三丰', '张*丰'],
  ['name', '张三丰年', '张**年'],
  ['name', '欧阳', '欧*'],
  ['name', '欧阳锋', '欧阳*'],
  ['name', '欧阳建国', '欧阳**'],
  ['name', '司马光', '司马*'],
  ['name', '艾力·克里木', '艾力****'],
  ['name', '阿卜杜拉•艾山', '阿卜杜拉***'],
  ['name', '阿卜杜拉‧买买提', '阿卜杜拉****'],
  ['name', '阿卜杜拉・买买提', '阿卜杜拉****'],
  ['name', '阿卜杜拉･买买提', '阿卜杜拉****'],
  ['name', '阿卜杜拉⋅买买提', '阿卜杜拉****'],
  ['name', '张𠮷', '张*'],
  ['name', '𠮷田', '𠮷*'],
  ['name', '袁𫍯', '袁*'],
  ['name', '𠮷野家', '𠮷*家'],
  ['name', '张三 13812345678·手机', '张***************机'],
  ['phone', '13812345678', '138****5678'],
  ['phone', '+8613812345678', '+86*******5678'],
  ['phone', '0534-7221678', '0534-****678'],
  ['phone', '05347221678', '0534****678'],
  ['phone', '01065551234', '010*****234'],
  ['phone', '722167', '******'],
  ['address', '山东省德州市禹城市房寺镇北街村12号', '山东省德州市禹城市房寺镇******'],
  ['address', '房寺镇邢店村3排5号', '房寺镇*******'],
  ['address', '北街村12号', '北街村***'],
  ['address', '幸福社区3号楼2单元', '幸福社区******'],
  ['address', '内蒙古自治区赤峰市某某旗1号', '内蒙古自治区赤峰市某某旗**'],
  ['address', '行政街36号院', '*******'],
  ['plate', '鲁N12312', '鲁N***12'],
  ['plate', '鲁ND12312', '鲁N****12'],
  ['plate', '鲁N12', '****'],
  ['account', '6222021612001234567', '***************4567'],
  ['account', '123', '***'],
  ['stars', 'SB-12', '*****'],
  ['hidden', 'anything', null],
];

test.each(vectors)('%s: %s is shown as %s', (mask, whole, shown) => {
  expect(maskValue(mask, 'text', whole)).toBe(shown);
});

describe('a value without the form that its mask is for is hidden', () => {
  test.each([
    ['identity', '张三 13812345678 (本人)'],
    ['identity', '护照 G12345678, 13812345678'],
    ['region', '３７１４８２199001010018'],
    ['phone', '张三 13812345678'],
    ['phone', '13812345678 张三'],
    ['address', '张三住在房寺镇邢店村'],
    ['address', '找王小二，电话13812345678'],
    ['account', '农行 6222021612001234567'],
    ['plate', '张三的车 鲁N12312'],
  ] as const)('%s: %s', (mask, text) => {
    expect(maskValue(mask, 'text', text)).toBe('*'.repeat(visibleLength(text)));
  });
});

describe('for any text', () => {
  const seed = testSeed;
  const random = makeRandom(seed, 'masks');
  const pieces = [
    ...'张欧阳王小明省市县区镇村街道社区0123456789Xx+-·• ABC鲁N',
    ...[
      '𫍯',
      '𠮷',
      'e\u0301',
      '👨‍👩‍👧',
      '🇨🇳',
      '\u0301',
      '\u200d',
      '\u0600',
      '\ud800',
      '\udc00',
      '\r\n',
      '\0',
      '\u2028',
    ],
    ...['371482199001010018', '13812345678', '房寺镇'],
  ];
  const anyText = () => Array.from({ length: random.below(12) }, () => random.pick(pieces)).join('');
  const masks = ['identity', 'region', 'name', 'phone', 'address', 'plate', 'account', 'stars'] as const;
  /** The mask shows at most so many characters of the value, at its beginning and at its end. */
  const promises: Readonly<Record<(typeof masks)[number], readonly [head: number, tail: number]>> = {
    ...{ identity: [6, 4], region: [6, 0], name: [8, 1], phone: [5, 4], address: [29, 0] },
    ...{ plate: [2, 2], account: [0, 4], stars: [0, 0] },
  };

  test(`a mask keeps the number of characters, breaks none, and shows no more than it promises (seed ${seed})`, () => {
    const broken: unknown[] = [];
    for (let i = 0; i < 20_000; i++) {
      const text = anyText();
      for (const mask of masks) {
        const shown = maskValue(mask, 'text', text)!;
        const [, head, tail] = /^([^*]*)\**([^*]*)$/s.exec(shown) ?? [shown, shown, shown];
        const [most, maxBehind] = promises[mask];
        const kept = visibleLength(head!) <= most && visibleLength(tail!) <= maxBehind;
        const fits = shown.isWellFormed() && visibleLength(shown) === visibleLength(text);
        if (!kept || !fits) broken.push({ mask, text: JSON.stringify(text), shown, kept, fits });
      }
    }
    expect(broken).toEqual([]);
  });
});

test.each(['date', 'code', 'decimal', 'integer', 'flag', 'instant', 'geometry'] as const)(
  'a %s is hidden, for it cannot be shown in part',
  scalar => {
    for (const mask of ['name', 'identity', 'account'] as const)
      expect(maskValue(mask, scalar, '1990-01-01')).toBeNull();
  },
);

test('an absent value stays absent', () => {
  for (const nothing of [null, undefined]) expect(maskValue('name', 'text', nothing)).toBeNull();
});
