/** Headings: a line made of what a record is about, each part as this reader sees it there. */
import { maskValue } from '../access/masks.ts';
import type { HeadingSource } from '../catalog/catalog.ts';
import type { NounFetch, Row } from './fetch.ts';
import { noteWriter } from './note-persons.ts';
import type { Planner, WriteRow } from './planner.ts';
import type { Run } from './run.ts';
import type { Wanted } from './wanted.ts';

/** What a source gives for a row; null where there is nothing, or nothing for this reader. */
type ReadSource = (row: Row, run: Run) => string | null;

export function headingWriter(planner: Planner, fetch: NounFetch, depth: number, wanted: Wanted): WriteRow {
  const parts = fetch.noun.heading.map(sources =>
    sources
      .filter(({ target }) => planner.policy.sees(target))
      .map(source => sourceReader(planner, fetch, depth, source)),
  );
  return (row, run) => {
    const told = parts.map(sources => firstOf(sources, row, run)).filter(text => text !== null);
    return told.length ? run.json.text(told.join(' · ')) : planner.absent(wanted, run);
  };
}

function firstOf(sources: readonly ReadSource[], row: Row, run: Run): string | null {
  for (const read of sources) {
    const text = read(row, run);
    if (text !== null) return text;
  }
  return null;
}

/** A person whose name is shown whole is told to the audit trail as where the person is written. */
function sourceReader(planner: Planner, fetch: NounFetch, depth: number, source: HeadingSource): ReadSource {
  const { relation, target, column } = source;
  const { policy } = planner;
  const link = fetch.column(relation.link.column);
  const rows = planner.byIds(target, depth + 1, { fetch, keyOf: row => row[link]! }, fetch.asOf);
  const at = rows.column(column.column);
  const isWhole = rows.whole();
  const note = noteWriter(planner, rows, [column.name]);
  return (row, run) => {
    const id = row[link];
    const found = id ? run.rows(rows, id)[0] : undefined;
    const value = found?.[at] ?? null;
    if (!found || value === null) return null;
    const view = policy.field(target, column.name, isWhole(found), value);
    note?.(found, run);
    return view === 'whole' ? value : maskValue(view, 'text', value);
  };
}
