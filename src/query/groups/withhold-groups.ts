/** Takes out of an answer what would tell of few persons: groups, and measures that few rows of a group are made of. */
import { pageOf, type RawGroup } from './page-groups.ts';
import type { GroupPage, GroupQuestion, Measure } from './question.ts';
import { type Cell, withheldCells } from './small-groups.ts';

/** Tests, order and page come after: of what is withheld they find nothing out. */
export function withholdGroups(groups: readonly RawGroup[], question: GroupQuestion, k: number): GroupPage {
  const hiddenGroups = withheldCells(
    // An empty total, where nothing fits, tells of nobody.
    groups.map(({ keys, n }) => ({ key: keys.map(String), n: n || k })),
    k,
  );
  const hiddenMeasures = question.measures.map((measure, m) => hiddenIn(groups, measure, m, k));
  const masked = groups.map((group, i) => ({
    ...group,
    measures: group.measures.map((value, m) => (hiddenMeasures[m]![i] ? null : value)),
  }));
  const told = masked.filter((_, i) => !hiddenGroups[i]);
  const withheld = [hiddenGroups, ...hiddenMeasures].some(hidden => hidden.includes(true));
  return { ...pageOf(told, question, true), withheld };
}

/** A count under a condition splits each group in two; other measures are made of the rows that have a value. */
function hiddenIn(groups: readonly RawGroup[], measure: Measure, m: number, k: number): boolean[] {
  const splits = (measure.take === 'count' || measure.take === 'share') && Boolean(measure.where);
  const cells = groups.flatMap(({ keys, supports, n }, i): (Cell & { i: number })[] => {
    const key = keys.map(String);
    const fitting = { key: [...key, 'fits'], n: supports[m]!, i };
    return splits ? [fitting, { key: [...key, 'does not'], n: n - supports[m]!, i }] : [fitting];
  });
  // Nobody is in a cell without rows, so it needs no protection and gives none.
  const filled = cells.filter(({ n }) => n > 0);
  const hidden = withheldCells(filled, k);
  const found = new Set(filled.filter((_, at) => hidden[at]).map(({ i }) => i));
  return groups.map((_, i) => found.has(i));
}
