/** Headings: a line made of values of linked records, each as this reader sees it there. */
import { maskValue } from '../access/masks.ts';
import type { HeadingSource } from '../catalog/catalog.ts';
import type { FetchedRow, NounFetch } from './fetch.ts';
import { noteWriter } from './note-persons.ts';
import type { Planner, WriteRow } from './planner.ts';
import type { ResponseWriter } from './response-writer.ts';
import type { SelectedField } from './selected-field.ts';

/** The text of a source for a row; null if there is none, or none for this reader. */
type ReadSource = (row: FetchedRow, writer: ResponseWriter) => string | null;

export function headingWriter(planner: Planner, fetch: NounFetch, depth: number, selected: SelectedField): WriteRow {
  const parts = fetch.noun.heading.map(sources =>
    sources
      .filter(({ target }) => planner.policy.sees(target))
      .map(source => sourceReader(planner, fetch, depth, source)),
  );
  return (row, writer) => {
    const told = parts.map(sources => firstOf(sources, row, writer)).filter(text => text !== null);
    return told.length ? writer.json.text(told.join(' · ')) : planner.absent(selected, writer);
  };
}

function firstOf(sources: readonly ReadSource[], row: FetchedRow, writer: ResponseWriter): string | null {
  for (const read of sources) {
    const text = read(row, writer);
    if (text !== null) return text;
  }
  return null;
}

/** Reports a person whose name is shown whole to the audit trail, as where the person's record is written. */
function sourceReader(planner: Planner, fetch: NounFetch, depth: number, source: HeadingSource): ReadSource {
  const { relation, target, column } = source;
  const { policy } = planner;
  const link = fetch.column(relation.link.column);
  const rows = planner.byIds(target, depth + 1, { fetch, keyOf: row => row[link]! }, fetch.asOf);
  const at = rows.column(column.column);
  const isWhole = rows.whole();
  const note = noteWriter(planner, rows, [column.name]);
  return (row, writer) => {
    const id = row[link];
    const found = id ? writer.rows(rows, id)[0] : undefined;
    const value = found?.[at] ?? null;
    if (!found || value === null) return null;
    const view = policy.field(target, column.name, isWhole(found), value);
    note?.(found, writer);
    return view === 'whole' ? value : maskValue(view, 'text', value);
  };
}
