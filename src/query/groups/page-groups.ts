/** Tests, order and page of groups in memory, where small ones had to be looked for among all; what SQL does otherwise. */
import type { GroupPage, GroupQuestion, GroupTest, GroupValue } from './question.ts';

export interface ShownGroup {
  readonly keys: readonly GroupValue[];
  readonly measures: readonly GroupValue[];
}
/** Where small groups are looked for. */
export interface RawGroup extends ShownGroup {
  /** Of whom each measure is made, and of whom it tells beside: nobody, unless it splits the group. */
  readonly madeOf: readonly bigint[];
  readonly others: readonly bigint[];
  readonly persons: bigint;
}

/** @param whole the groups are all there are; else they are tested, ordered and cut already, with one more than is shown */
export function pageOf(groups: readonly ShownGroup[], question: GroupQuestion, whole: boolean): GroupPage {
  const { keys, measures, limit, skip } = question;
  const found = whole ? arranged(groups, question).slice(skip) : groups;
  const shown = found.slice(0, limit).map(group => {
    const named: Record<string, GroupValue> = {};
    for (const [i, { name }] of keys.entries()) named[name] = group.keys[i]!;
    for (const [i, { name }] of measures.entries()) named[name] = group.measures[i]!;
    return named;
  });
  return { groups: shown, hasNextPage: found.length > limit, withheld: false };
}

function arranged(groups: readonly ShownGroup[], { keys, measures, having, orderBy }: GroupQuestion): ShownGroup[] {
  const shownIn = (group: ShownGroup, name: string): GroupValue => {
    const key = keys.findIndex(k => k.name === name);
    return key >= 0 ? group.keys[key]! : group.measures[measures.findIndex(m => m.name === name)]!;
  };
  const fitting = groups.filter(group => having.every(test => fits(shownIn(group, test.of), test)));
  const isMeasure = (name: string) => measures.some(m => m.name === name);
  return fitting.sort((a, b) => {
    for (const { by, descending } of orderBy) {
      const [x, y] = [shownIn(a, by), shownIn(b, by)].map(v => (v !== null && isMeasure(by) ? measureOf(v) : v));
      const order = compared(x!, y!, descending ?? false);
      if (order) return order;
    }
    for (const [i, key] of a.keys.entries()) {
      const order = compared(key, b.keys[i]!, false);
      if (order) return order;
    }
    return 0;
  });
}

/** Decimals come as text, and so do moments. */
const measureOf = (value: GroupValue): GroupValue => (Number.isNaN(Number(value)) ? value : Number(value));

/** What has no value stands last in either direction. */
function compared(a: GroupValue, b: GroupValue, descending: boolean): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b !== descending ? -1 : 1;
}

function fits(value: GroupValue, { eq, gt, gte, lt, lte }: GroupTest): boolean {
  if (value === null) return false;
  const n = Number(value);
  const given = (wanted: number | null | undefined): wanted is number => wanted !== null && wanted !== undefined;
  return (
    (!given(eq) || n === eq) &&
    (!given(gt) || n > gt) &&
    (!given(gte) || n >= gte) &&
    (!given(lt) || n < lt) &&
    (!given(lte) || n <= lte)
  );
}
