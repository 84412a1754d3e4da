import { describe, expect, test } from '@jest/globals';
import { testSeed as SEED } from '../../../support/test-seed.ts';
import { allVectors } from './vectors.ts';

const ROUNDS = 400;

/** Whole numbers below a limit, the same for the same seed. */
const numbersFrom = (seed: number) => {
  let state = BigInt(seed) + 1n;
  return (limit: number): number => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
    return Number((state >> 33n) % BigInt(limit));
  };
};
type Below = ReturnType<typeof numbersFrom>;

const pick = <T>(below: Below, choices: ArrayLike<T>): T => choices[below(choices.length)]!;

const fullWidth = (character: string): string =>
  /[!-~]/.test(character) ? String.fromCharCode(character.charCodeAt(0) + 0xfee0) : character;
const RESTYLES = [
  (c: string) => c,
  (c: string) => c.toLowerCase(),
  fullWidth,
  (c: string) => fullWidth(c.toLowerCase()),
];
const FILLERS = ['', '', '', ' ', '\u3000', '\u00a0', '-', '－', '—', '\u2212', '\t', '\u200b', '\ufeff'];

const respell = (below: Below, value: string): string =>
  Array.from(value, character => pick(below, FILLERS) + pick(below, RESTYLES)(character)).join('') +
  pick(below, FILLERS);

const ODDITIES = 'aİßŉxX×＊*Ｘ１5９0.．()（）+\u0301\u0307\u0345\u00a8\u00b4⑴ﬀ㍿汉\ud83d\udc4d -—\u200b';
const CLUES = ['371482000101001', '37148219000101019', '371482', '+86', '0086', '13800000000'];

const rubbish = (below: Below): string => {
  const sources = [
    () => String.fromCharCode(below(0x1_0000)),
    () => pick(below, ODDITIES),
    () => String(below(10)),
    () => (below(4) === 0 ? pick(below, CLUES) : ''),
  ];
  return Array.from({ length: below(24) }, () => pick(below, sources)()).join('');
};

describe.each(allVectors.map(vectors => ({ ...vectors, name: vectors.format.name })))(
  `$name, TEST_SEED=${SEED}`,
  vectors => {
    const { format, valid, invalid, guarded } = vectors;

    test('any spelling of a valid value is normalised to it', () => {
      const below = numbersFrom(SEED);
      for (let round = 0; round < ROUNDS; round += 1) {
        const value = pick(below, valid);
        const raw = respell(below, value);
        expect({ raw, value: format.normalise(raw) }).toEqual({ raw, value });
      }
    });

    test('normalising twice changes nothing more, for any string', () => {
      const below = numbersFrom(SEED);
      const known = [...valid, ...invalid.map(([raw]) => raw)];
      for (let round = 0; round < ROUNDS * 5; round += 1) {
        const raw = below(5) === 0 ? respell(below, pick(below, known)) : rubbish(below);
        const value = format.normalise(raw);
        expect({ raw, value: format.normalise(value) }).toEqual({ raw, value });
        expect(Array.isArray(format.faults(value))).toBe(true);
        expect(Array.isArray(format.faults(raw))).toBe(true);
      }
    });

    if (!guarded) return;
    // A 13-digit registration number has no check.
    const checked = valid.filter(value => format.name !== 'business registration number' || value.length === 15);

    test('one changed character always breaks the check', () => {
      const below = numbersFrom(SEED);
      for (let round = 0; round < ROUNDS; round += 1) {
        const value = pick(below, checked);
        const at = guarded.from + below(Math.min(guarded.to, value.length - 1) - guarded.from + 1);
        const other = pick(below, guarded.alphabet);
        // A dot only separates parts, so it is not changed.
        if (other === value[at] || !guarded.alphabet.includes(value[at]!)) continue;
        const changed = value.slice(0, at) + other + value.slice(at + 1);
        expect({ changed, faults: format.faults(changed) }).toEqual({
          changed,
          faults: expect.arrayContaining(['CHECK_DIGIT']),
        });
      }
    });
  },
);
