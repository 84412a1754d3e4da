/** Numbers that identify somebody stay out of the log in any spelling; everything else stays as it was written. */
import { describe, expect, test } from '@jest/globals';
import { creditCodeCheck } from '../../../adapters/kit/identifiers/credit-code.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { hideIdentifiers } from '../../../src/audit/hide-identifiers.ts';
import { inventedResidentId } from '../../support/invented-identifiers.ts';
import { testSeed } from '../../support/test-seed.ts';

const random = makeRandom(testSeed, 'spellings of identifiers');
const oneOf = <T>(all: readonly T[]): T => random.pick(all);
const within = (from: number, to: number) => from + random.below(to - from + 1);
const digits = (count: number) => Array.from({ length: count }, () => within(0, 9)).join('');

const trader = (serial: string) => {
  const first17 = `92371482MA3${serial}`;
  return first17 + creditCodeCheck(first17);
};
const identifiers: Readonly<Record<string, () => string>> = {
  'identity number': () => inventedResidentId(within(0, 999)),
  'identity number of 15 digits': () => {
    const id = inventedResidentId(within(0, 990));
    return id.slice(0, 6) + id.slice(8, 17);
  },
  mobile: () => `1${within(3, 9)}${digits(9)}`,
  landline: () => `0534${within(2, 8)}${digits(6)}`,
  "sole trader's code": () => trader(digits(6)),
};
const prefixes = ['', '', '', '+86', '+86 ', '86-', '0086', '0086 ', '(+86)', '＋８６ '];
const separators = ['', '', ' ', '-', '－', '—', '.', '·', '、', ' - ', '\u3000', '\u200b', '_', '/', '  '];
const scripts: readonly ((digit: string) => string)[] = [
  digit => digit,
  digit => String.fromCodePoint(digit.codePointAt(0)! + 0xfee0),
  digit => '〇一二三四五六七八九'[Number(digit)]!,
  digit => '零壹贰叁肆伍陆柒捌玖'[Number(digit)]!,
  digit => String.fromCodePoint(0x660 + Number(digit)),
  digit => String.fromCodePoint(0x1d7d8 + Number(digit)),
];
const lastX = ['X', 'x', 'Ｘ', 'ｘ', '×', '*', '＊', 'х'];

function spelled(kind: string, id: string): string {
  const [script, separator] = [oneOf(scripts), oneOf(separators)];
  const isTrader = kind.startsWith('sole');
  const characters = [...id].map((each, i) => {
    if (/\d/.test(each)) return script(each);
    return !isTrader && i === id.length - 1 ? oneOf(lastX) : oneOf([each, each.toLowerCase()]);
  });
  // A landline is written in at most two pieces behind its area.
  const cuts = kind === 'landline' ? [4, ...(oneOf([true, false]) ? [7] : [])] : randomCuts(id.length);
  const text = characters.map((each, i) => (cuts.includes(i) ? separator + each : each)).join('');
  return (kind === 'mobile' ? oneOf(prefixes) : '') + text;
}
const randomCuts = (length: number) =>
  oneOf([
    [],
    [6, 14],
    [3, 7],
    Array.from({ length: within(1, length - 1) }, () => within(1, length - 1)),
    Array.from({ length: length - 1 }, (_, i) => i + 1),
  ]);

const before = ['', '核对', 'look up ', 'tel', '（', 'id:', '王某，', 'Q_'];
const behind = ['', '的办件', ' today', '）', '，急', 'abc', '。'];

describe('hidden in any spelling', () => {
  test.each(Object.keys(identifiers))('%s', kind => {
    for (let i = 0; i < 1_000; i++) {
      const [written, left, right] = [spelled(kind, identifiers[kind]!()), oneOf(before), oneOf(behind)];
      const hidden = hideIdentifiers(left + written + right);
      // A bracket or a sign of the country's code may stay.
      const rest = hidden.replace(left, '').replace(right, '');
      expect([written, rest.replace(/[(+＋)\s]/g, '')]).toEqual([written, '…']);
    }
  });

  test('two of them in one text', () => {
    const [one, two] = [identifiers.mobile!(), identifiers['identity number']!()];
    expect(hideIdentifiers(`电话 ${one}，证件 ${two}`)).toBe('电话 …，证件 …');
  });
});

describe('left as it is', () => {
  const kept: readonly (readonly [what: string, make: () => string])[] = [
    ['case numbers', () => `3714821012026${digits(6)}`],
    ['longer case numbers', () => `SL${digits(20)}`],
    ['dates and times', () => `2026-11-${within(10, 28)} 0${within(1, 9)}:${within(10, 59)}, ${within(1, 99)} 件`],
    ['codes of matters', () => `LAND-ZJD-${digits(3)}`],
    ['pseudonyms', () => `unmask ${[8, 4, 4, 4, 12].map(digits).join('-')} because`],
    ['numbers that are masked', () => `371482********${digits(4)}`],
    ['names, which cannot be recognised', () => '张三，到窗口办理居住证'],
  ];
  test.each(kept)('%s', (_what, make) => {
    for (let i = 0; i < 500; i++) {
      const text = make();
      expect(hideIdentifiers(text)).toBe(text);
    }
  });
});

test('a long text is looked through in a short time for its length', () => {
  const text = '1 2-'.repeat(1_000);
  expect(hideIdentifiers(text).length).toBeLessThanOrEqual(text.length);
});
