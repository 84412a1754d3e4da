import { describe, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import { atLeast, nobody, together } from '../../../src/query/groups/person-bits.ts';
import type { GroupQuestion, Measure } from '../../../src/query/groups/question.ts';
import { type Cell, withheldCells } from '../../../src/query/groups/small-groups.ts';
import { withholdGroups } from '../../../src/query/groups/withhold-groups.ts';
import { bitOf } from '../../support/bit-of.ts';
import { type CountedCell, recoveredCells } from '../../support/recovered-cells.ts';

const seed = Number(process.env.TEST_SEED ?? Date.now() % 100_000);
const random = makeRandom(seed, 'small groups');
const k = 5;
let met = 0;
/** So many persons, other ones each time as far as there are bits. */
const someone = (count: number) => together(Array.from({ length: count }, () => 1n << BigInt(met++ % 64)));
const cell = (key: string, count: number): Cell => ({ key: key.split(' '), persons: someone(count) });
const withheld = (cells: readonly Cell[]) =>
  cells.filter((_, i) => withheldCells(cells, k)[i]).map(({ key }) => key.join(' '));

/** Ids of some hundred persons, of whom many stand in several cells, with several rows. */
const town = Array.from({ length: 400 }, () => random.below(256).toString(16).padStart(2, '0'));
interface TownCell extends CountedCell {
  readonly who: ReadonlySet<number>;
}
function randomTable(): TownCell[] {
  const sizes = Array.from({ length: 1 + random.below(3) }, () => 2 + random.below(4));
  const keys = sizes.reduce<string[][]>(
    (all, size) => all.flatMap(key => Array.from({ length: size }, (_, i) => [...key, `v${i}`])),
    [[]],
  );
  return keys.filter(() => random.chance(0.8)).map(randomCell);
}
function randomCell(key: string[]): TownCell {
  const count = random.chance(0.25) ? 1 + random.below(4) : 5 + random.below(40);
  const who = new Set(Array.from({ length: count }, () => random.below(town.length)));
  return { key, who, n: who.size + random.below(50), persons: together([...who].map(one => bitOf(town[one]!))) };
}

describe('small groups', () => {
  test('are withheld, and a second one with each that stands alone: the smallest', () => {
    expect(withheld([cell('a', 9), cell('b', 2), cell('c', 7)])).toEqual(['b', 'c']);
    expect(withheld([cell('a', 9), cell('b', 8), cell('c', 7)])).toEqual([]);
  });
  test('that are fewer than k together take another one with them', () => {
    expect(withheld([cell('a', 9), cell('b', 2), cell('c', 2), cell('d', 6)])).toEqual(['b', 'c', 'd']);
    expect(withheld([cell('a', 9), cell('b', 2), cell('c', 3), cell('d', 6)])).toEqual(['b', 'c']);
  });
  test('cannot be found from the rows and columns that they stand in', () => {
    const table = ['x', 'y', 'z'].flatMap((row, i) =>
      ['a', 'b', 'c'].map((column, j) => cell(`${row} ${column}`, 10 + 3 * i + j)),
    );
    table[4] = cell('y b', 1);
    expect(withheld(table)).toEqual(['x a', 'x b', 'y a', 'y b']);
  });
  test('of a total that is withheld itself are all withheld', () => {
    const cells = [cell('a x', 2), cell('a y', 2), cell('b x', 20), cell('b y', 30), cell('c x', 40), cell('c y', 50)];
    expect(withheld(cells)).toEqual(['a x', 'a y', 'b x', 'b y']);
  });
  test('are those of few persons, however many rows these have', () => {
    const [one, others] = [someone(4), someone(20)];
    expect(withheld([{ key: ['a'], persons: one }])).toEqual(['a']);
    // The same four stand in both: together they are still four.
    const cells = ['a', 'b'].map(key => ({ key: [key], persons: one }));
    expect(withheld([...cells, { key: ['c'], persons: others }, cell('d', 30)])).toEqual(['a', 'b', 'c']);
  });
  test('of nobody or of many are told', () => {
    expect(withheldCells([], k)).toEqual([]);
    expect(withheld([cell('a', 5)])).toEqual([]);
    expect(withheld([cell('a', 4)])).toEqual(['a']);
  });

  test(`of 300 random tables follow from nothing that is told, all totals included (TEST_SEED=${seed})`, () => {
    let smallOnes = 0;
    for (let round = 0; round < 300; round++) {
      const cells = randomTable();
      if (!cells.length) continue;
      const hidden = withheldCells(cells, k);
      for (const [i, { who, persons }] of cells.entries()) {
        expect(atLeast(persons)).toBeLessThanOrEqual(who.size);
        if (who.size < k) expect(hidden[i]).toBe(true);
      }
      const small = new Set(cells.filter(({ who }) => who.size < k).map(({ key }) => key.join(' ')));
      smallOnes += small.size;
      const recovered = recoveredCells(cells, k).filter(key => small.has(key));
      expect({ round, cells, recovered }).toEqual({ round, cells, recovered: [] });
    }
    expect(smallOnes).toBeGreaterThan(300);
  });
});

describe('a measure', () => {
  const ask = (measure: Measure, rows: [key: string, value: number, support: number, n: number][]) => {
    const keys = [{ name: 'key', path: [], field: 'state', per: 'DAY' }] as const;
    const question: GroupQuestion = { keys, measures: [measure], having: [], orderBy: [], limit: 100, skip: 0 };
    const splits = measure.take === 'count';
    const groups = rows.map(([key, value, support, n]) => {
      const [madeOf, rest] = [someone(support), someone(n - support)];
      const others = [splits ? rest : nobody];
      return { keys: [key], measures: [value], madeOf: [madeOf], others, persons: madeOf | rest };
    });
    const { groups: told, withheld } = withholdGroups(groups, question, k);
    return { told: told.map(group => group[measure.name]), withheld };
  };
  const mean: Measure = { name: 'mean', take: 'avg', of: { field: 'amount' } };

  test('that few persons of a large group make up is withheld, and with it the next smallest', () => {
    const rows: Parameters<typeof ask>[1] = [
      ['a', 7, 2, 50],
      ['b', 8, 40, 60],
      ['c', 9, 30, 70],
      ['d', 6, 0, 20],
    ];
    expect(ask(mean, rows)).toEqual({ told: [null, 8, null, 6], withheld: true });
    expect(ask(mean, rows.slice(1))).toEqual({ told: [8, 9, 6], withheld: false });
  });

  test('that counts nearly all of a group tells of the few that it does not count', () => {
    const fitting: Measure = { name: 'fitting', take: 'count', where: {} };
    expect(
      ask(fitting, [
        ['a', 48, 48, 50],
        ['b', 30, 30, 60],
        ['c', 20, 20, 70],
      ]).told,
    ).toEqual([null, null, 20]);
    expect(
      ask(fitting, [
        ['a', 50, 50, 50],
        ['b', 0, 0, 60],
        ['c', 20, 20, 70],
      ]).told,
    ).toEqual([50, 0, 20]);
  });
});
