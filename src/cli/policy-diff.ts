/** What a reader gains and loses between two access snapshots of one query, in words: ids, fields and numbers only. */
import type { AccessSnapshot, ShownField } from '../api/dry-run/dry-run.ts';

const idsShown = 3;

/** A line for each difference; none when nothing differs. `+` is gained, `-` lost, `~` another value. */
export function differenceOf(before: AccessSnapshot, after: AccessSnapshot): string[] {
  return [
    ...rowLines('+', after.rows, before.rows),
    ...rowLines('-', before.rows, after.rows),
    ...lookLines(before, after),
    ...only(after.refusals, before.refusals).map(what => `- refused: ${what}`),
    ...only(before.refusals, after.refusals).map(what => `+ no longer refused: ${what}`),
  ];
}

const only = (here: ReadonlySet<string>, there: ReadonlySet<string>): string[] =>
  [...here].filter(what => !there.has(what)).sort();

function rowLines(sign: string, here: ReadonlySet<string>, there: ReadonlySet<string>): string[] {
  const byNoun = Map.groupBy(only(here, there), id => id.split(':')[0]!);
  return [...byNoun].map(([noun, list]) => {
    const more = list.length > idsShown ? ', ...' : '';
    const rows = `${list.length} row${list.length > 1 ? 's' : ''}`;
    return `${sign} ${noun}: ${rows} ${sign === '+' ? 'gained' : 'lost'} (${list.slice(0, idsShown).join(', ')}${more})`;
  });
}

const words = (look: ShownField | undefined) => (look ? (look.masked ? 'masked' : 'shown') : 'nothing');
const ranks: Readonly<Record<string, number>> = { nothing: 0, masked: 1, shown: 2 };

/** Fields of rows that are there before and after; for rows that came or went, the line about the row is enough. */
function lookLines(before: AccessSnapshot, after: AccessSnapshot): string[] {
  const counts = new Map<string, number>();
  for (const place of new Set([...before.fields.keys(), ...after.fields.keys()])) {
    const [was, is] = [before.fields.get(place), after.fields.get(place)];
    const { row, field } = (was ?? is)!;
    if (row && !(before.rows.has(row) && after.rows.has(row))) continue;
    if (was && is && was.value === is.value) continue;
    const line = transition(field, words(was), words(is));
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].sort().map(([line, count]) => `${line}, ${count} time${count > 1 ? 's' : ''}`);
}

function transition(field: string, was: string, is: string): string {
  const step = ranks[is]! - ranks[was]!;
  if (step === 0) return `~ ${field}: another value`;
  return `${step > 0 ? '+' : '-'} ${field}: ${was} -> ${is}`;
}
