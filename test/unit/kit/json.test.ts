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
