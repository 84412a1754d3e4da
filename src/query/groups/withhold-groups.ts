/** Takes out of an answer what would tell of few persons: groups, and measures that few persons of a group make up. */
import { pageOf, type RawGroup } from './page-groups.ts';
import { nobody } from './person-bits.ts';
import type { GroupPage, GroupQuestion } from './question.ts';
import { type Cell, withheldCells } from './small-groups.ts';

/** Tests, order and page come after: of what is withheld they find nothing out. */
export function withholdGroups(groups: readonly RawGroup[], question: GroupQuestion, k: number): GroupPage {
  // An empty total, where nothing fits, tells of nobody.
  const hiddenGroups = hiddenAmong(
    groups.map(({ keys, persons }) => ({ key: keys.map(String), persons })),
    k,
  );
  const hiddenMeasures = question.measures.map((_, m) => hiddenIn(groups, m, k));
  const masked = groups.map((group, i) => ({
    ...group,
    measures: group.measures.map((value, m) => (hiddenMeasures[m]![i] ? null : value)),
  }));
  const told = masked.filter((_, i) => !hiddenGroups[i]);
  const withheld = [hiddenGroups, ...hiddenMeasures].some(hidden => hidden.includes(true));
  return { ...pageOf(told, question, true), withheld };
}

/** A count under a condition splits each group in two; other measures are made of the rows that have a value. */
function hiddenIn(groups: readonly RawGroup[], m: number, k: number): boolean[] {
  const splits = groups.some(({ others }) => others[m] !== nobody);
  const cells = groups.flatMap(({ keys, madeOf, others }): Cell[] => {
    const key = keys.map(String);
    const fitting = { key: [...key, 'fits'], persons: madeOf[m]! };
    return splits ? [fitting, { key: [...key, 'does not'], persons: others[m]! }] : [fitting];
  });
  const hidden = hiddenAmong(cells, k);
  const each = splits ? 2 : 1;
  return groups.map((_, i) => hidden.slice(i * each, (i + 1) * each).includes(true));
}

/** Nobody is in a cell without rows, so it needs no protection and gives none. */
function hiddenAmong(cells: readonly Cell[], k: number): boolean[] {
  const filled = cells.filter(({ persons }) => persons !== nobody);
  const withheld = withheldCells(filled, k);
  const hidden = new Set(filled.filter((_, i) => withheld[i]));
  return cells.map(cell => hidden.has(cell));
}
