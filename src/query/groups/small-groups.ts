/**
 * Which cells of a table of counts must not be told, because they, or what can be subtracted from totals, would tell of
 * fewer than `k` persons. The one place for groups, for counts under a condition and for measures that few rows have.
 */

import { atLeast, nobody, together } from './person-bits.ts';
import { determined } from './solvable.ts';

/** A cell: its place in each dimension of the table, and of whom its rows are. */
export interface Cell {
  readonly key: readonly string[];
  readonly persons: bigint;
}

/** A table summed up to some of its dimensions. */
interface Margin {
  readonly dimensions: readonly number[];
  readonly cells: ReadonlyMap<string, Cell>;
  readonly withheld: Set<string>;
}

const nameOf = (key: readonly string[], dimensions: readonly number[]) =>
  JSON.stringify(dimensions.map(dimension => key[dimension]));

/**
 * Totals can be asked for too, one for each choice of dimensions. So they are looked at from the grand total down: what
 * is withheld in a total is withheld in all its parts; and where a total is told, its withheld parts are never a single one,
 * nor together of fewer than `k`: the smallest neighbours join them. A person of several parts is one in their total.
 *
 * Guards one table with its totals. Whoever compares tables of different dimensions or filters can learn more: that is what
 * budgets and the audit log are for.
 */
export function withheldCells(cells: readonly Cell[], k: number): boolean[] {
  if (cells.every(({ persons }) => atLeast(persons) >= k)) return cells.map(() => false);
  const dimensions = cells[0]?.key.length ?? 0;
  const margins = new Map<string, Margin>();
  for (const chosen of subsets(dimensions)) {
    const margin = sumUp(cells, chosen);
    const totals = chosen.map(left => margins.get(String(chosen.filter(dimension => dimension !== left)))!);
    for (const [name, { key, persons }] of margin.cells) {
      const hidden = totals.some(total => total.withheld.has(nameOf(key, total.dimensions)));
      if (hidden || atLeast(persons) < k) margin.withheld.add(name);
    }
    while (totals.map(total => complement(margin, total, k)).includes(true));
    margins.set(String(chosen), margin);
  }
  const all = [...Array(dimensions).keys()];
  const table = margins.get(String(all))!;
  margins.delete(String(all));
  while (tighten(table, [...margins.values()], k));
  const { withheld } = table;
  return cells.map(({ key }) => withheld.has(nameOf(key, all)));
}

/** Where more cells than this are withheld, combinations of several totals are not looked at: it would take seconds. */
const mostSolved = 400;

/** Withholds one more cell if a small one follows from several totals together. Says whether it did. */
function tighten(table: Margin, totals: readonly Margin[], k: number): boolean {
  const unknown = [...table.withheld];
  if (!unknown.length || unknown.length > mostSolved) return false;
  const indexes = new Map(unknown.map((name, i) => [name, i]));
  const sums: number[][] = [];
  for (const total of totals) {
    const lines = Map.groupBy(unknown, name => nameOf(table.cells.get(name)!.key, total.dimensions));
    for (const [line, names] of lines) if (!total.withheld.has(line)) sums.push(names.map(name => indexes.get(name)!));
  }
  for (const found of determined(sums, unknown.length)) {
    const { key, persons } = table.cells.get(unknown[found]!)!;
    if (atLeast(persons) >= k) continue;
    // A neighbour in some line with it, as close as there is one, and the smallest.
    const distance = (other: readonly string[]) => other.filter((part, i) => part !== key[i]).length;
    const told = [...table.cells].filter(([name]) => !table.withheld.has(name));
    const [next] = told.sort(
      ([, a], [, b]) => distance(a.key) - distance(b.key) || atLeast(a.persons) - atLeast(b.persons),
    );
    if (next) table.withheld.add(next[0]);
    if (next) return true;
  }
  return false;
}

/** From none to all, smaller ones first. */
function subsets(size: number): number[][] {
  const all = Array.from({ length: 2 ** size }, (_, bits) => [...Array(size).keys()].filter(i => bits & (1 << i)));
  return all.sort((a, b) => a.length - b.length);
}

function sumUp(cells: readonly Cell[], dimensions: readonly number[]): Margin {
  const sums = new Map<string, Cell>();
  for (const cell of cells) {
    const name = nameOf(cell.key, dimensions);
    sums.set(name, { key: cell.key, persons: (sums.get(name)?.persons ?? nobody) | cell.persons });
  }
  return { dimensions, cells: sums, withheld: new Set() };
}

/** Withholds more parts of a total that is told, until what is withheld cannot be recomputed. Says whether it did. */
function complement(margin: Margin, total: Margin, k: number): boolean {
  const lines = Map.groupBy(margin.cells, ([, { key }]) => nameOf(key, total.dimensions));
  let more = false;
  for (const [line, parts] of lines) {
    if (total.withheld.has(line)) continue;
    const hidden = parts.filter(([name]) => margin.withheld.has(name));
    let persons = together(hidden.map(([, cell]) => cell.persons));
    let count = hidden.length;
    const shown = parts
      .filter(([name]) => !margin.withheld.has(name))
      .sort(([a, one], [b, other]) => atLeast(one.persons) - atLeast(other.persons) || (a < b ? -1 : 1));
    while (count && (count === 1 || atLeast(persons) < k) && shown.length) {
      const [name, cell] = shown.shift()!;
      margin.withheld.add(name);
      persons |= cell.persons;
      count += 1;
      more = true;
    }
  }
  return more;
}
