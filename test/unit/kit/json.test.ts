/** How deep JSON is nested is known before it is parsed, for any JSON and for what is none. */
import { describe, expect, test } from '@jest/globals';
import { NestingError, nestsDeeper, parseJson } from '../../../adapters/kit/json.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { testSeed } from '../../support/test-seed.ts';

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

const texts = ['', '房寺', '"', '\\', '\\"', '[[[', '}}', '{"a":[', '\\\\"[', '\n\t"{', '\u0000[', '\ud800['];
const random = makeRandom(testSeed, 'json');
function randomValue(levels: number): unknown {
  const [list, object] = [levels > 0 && random.chance(0.4), random.chance(0.5)];
  if (!list) return random.pick([...texts, 0, -1.5e300, true, null]);
  const parts = Array.from({ length: random.below(4) }, () => randomValue(levels - 1));
  return object ? Object.fromEntries(parts.map((part, i) => [`${random.pick(texts)}${i}`, part])) : parts;
}

test('a text is as deep as the value that it holds, whatever its strings hold', () => {
  const depths = new Set<number>();
  for (let i = 0; i < 3_000; i++) {
    const value = randomValue(12);
    const depth = depthOf(value);
    depths.add(depth);
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 1)]) {
      expect(nestsDeeper(text, depth)).toBe(false);
      expect(parseJson(text, depth)).toEqual(value);
      if (depth > 0) expect(nestsDeeper(text, depth - 1)).toBe(true);
    }
  }
  expect(depths.size).toBeGreaterThan(6);
});

describe('what is not JSON', () => {
  test.each(['[', '{"a', '"', '"\\', ']]]][', '[}', ''])('%j is left to the parser', text => {
    expect(nestsDeeper(text, 3)).toBe(false);
    expect(() => parseJson(text, 3)).toThrow(SyntaxError);
  });
});

test('the error says how deep it may be, and quotes nothing', () => {
  expect(() => parseJson(`{"name":"丁秀英","a":${'['.repeat(1_000_000)}`, 8)).toThrow(NestingError);
  expect(() => parseJson('[[["丁秀英"]]]', 2)).toThrow(/^The JSON is nested deeper than 2 levels$/);
});

describe('numbers keep their digits', () => {
  test.each([
    ['371482198512240719', '371482198512240719'],
    ['37148200000123457', '37148200000123457'],
    ['-9007199254740993', '-9007199254740993'],
    ['9007199254740993', '9007199254740993'],
    ['12345678901234567.5', '12345678901234567.5'],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['1e400', '1e400'],
    ['-1E999', '-1E999'],
    ['123456789012345678e2', '123456789012345678e2'],
    // What a double holds stays a number.
    ['9007199254740991', 9007199254740991],
    ['1528473600000', 1528473600000],
    ['0', 0],
    ['12.50', 12.5],
    ['0.000000000000000001', 1e-18],
    ['1e3', 1000],
    ['100.000', 100],
  ] as const)('%s', (written, read) => {
    for (const text of [`{"a":${written}}`, `{"a" : \n ${written} }`, `[1,${written}]`, `[ ${written},"x"]`, written]) {
      const value = parseJson(text, 3);
      const found =
        typeof value !== 'object'
          ? value
          : Array.isArray(value)
            ? value.find(one => one !== 1 && one !== 'x')
            : (value as { a: unknown }).a;
      expect([text, found]).toEqual([text, read]);
    }
  });

  test('strings, keys and other values of such a text are as they were', () => {
    const text =
      '{"id":371482198512240719,"s":"371482198512240719","1234567890123456789":[true,null,{"n":1.50}],"__proto__":7}';
    const read = parseJson(text, 9) as Record<string, unknown>;
    expect(Object.entries(read)).toEqual(
      [
        ['1234567890123456789', [true, null, { n: 1.5 }]],
        ['id', '371482198512240719'],
        ['s', '371482198512240719'],
        ['__proto__', 7],
      ].sort((a, b) => Object.keys(read).indexOf(a[0] as string) - Object.keys(read).indexOf(b[0] as string)),
    );
  });
});
