/** What somebody can compute of withheld cells from everything that is told: exact linear algebra over the rationals. */
import { type Cell, withheldCells } from '../../src/query/groups/small-groups.ts';

/** A cell, and how many rows it counts: that is what is told of it. */
export interface CountedCell extends Cell {
  readonly n: number;
}

/** The totals of a table over some of its dimensions, with what the same protection withholds of them. */
export function toldTotals(cells: readonly CountedCell[], dimensions: readonly number[], k: number) {
  const sums = new Map<string, CountedCell>();
  for (const { key, n, persons } of cells) {
    const part = dimensions.map(dimension => key[dimension]!);
    const name = JSON.stringify(part);
    const { n: rows = 0, persons: others = 0n } = sums.get(name) ?? {};
    sums.set(name, { key: part, n: rows + n, persons: others | persons });
  }
  const totals = [...sums.values()];
  const hidden = withheldCells(totals, k);
  return totals.filter((_, i) => !hidden[i]);
}

/**
 * Keys of cells whose value follows from the told cells and from all totals that are told. Which cells there are is not
 * told: every combination of values may be one, unless a total shows that nothing is left for it.
 */
export function recoveredCells(cells: readonly CountedCell[], k: number): string[] {
  const size = cells[0]!.key.length;
  const hidden = withheldCells(cells, k);
  const told = cells.filter((_, i) => !hidden[i]);
  const isTold = new Set(told.map(({ key }) => JSON.stringify(key)));
  const values = Array.from({ length: size }, (_, d) => [...new Set(cells.map(({ key }) => key[d]!))]);
  const combinations = values.reduce<string[][]>((all, list) => all.flatMap(key => list.map(v => [...key, v])), [[]]);
  const lines: { fits: (key: readonly string[]) => boolean; left: number }[] = [];
  for (let bits = 0; bits < 2 ** size - 1; bits++) {
    const dimensions = [...Array(size).keys()].filter(i => bits & (1 << i));
    for (const total of toldTotals(cells, dimensions, k)) {
      const fits = (key: readonly string[]) => dimensions.every((d, at) => key[d] === total.key[at]);
      const shown = told.filter(({ key }) => fits(key)).reduce((n, cell) => n + cell.n, 0);
      lines.push({ fits, left: total.n - shown });
    }
  }
  const unknown = combinations.filter(
    key => !isTold.has(JSON.stringify(key)) && lines.every(({ fits, left }) => left > 0 || !fits(key)),
  );
  const equations = lines.map(({ fits }) => unknown.map(key => Number(fits(key)))).filter(row => row.includes(1));
  // A cell is known if, in the solved system, its row has no other unknown.
  return solve(equations, unknown.length).flatMap(row => {
    const left = row.flatMap((value, i) => (Math.abs(value) > 1e-9 ? [i] : []));
    return left.length === 1 ? [unknown[left[0]!]!.join(' ')] : [];
  });
}

/** Reduced row echelon form. */
function solve(equations: number[][], width: number): number[][] {
  const rows = equations.map(row => [...row]);
  let at = 0;
  for (let column = 0; column < width && at < rows.length; column++) {
    const pivot = rows.findIndex((row, i) => i >= at && Math.abs(row[column]!) > 1e-9);
    if (pivot < 0) continue;
    [rows[at], rows[pivot]] = [rows[pivot]!, rows[at]!];
    const scale = rows[at]![column]!;
    rows[at] = rows[at]!.map(value => value / scale);
    for (const [i, row] of rows.entries()) {
      const factor = row[column]!;
      if (i !== at && Math.abs(factor) > 1e-9) rows[i] = row.map((value, j) => value - factor * rows[at]![j]!);
    }
    at += 1;
  }
  return rows;
}
