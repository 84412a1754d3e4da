/**
 * Live kinds (不落地): requested from the agency once everything stored has been read; masked and written like stored
 * rows.
 */
import type { Relation, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { type Fetch, type FetchedRow, type LiveFetch, type NounFetch, unkeyed } from './fetch.ts';
import { namesSomebody } from './note-persons.ts';
import { items } from './plan-list.ts';
import { Planner, type WriteRow } from './planner.ts';
import type { WriteDeferred } from './response-writer.ts';
import type { LiveColumns, LiveParent, SelectedField } from './selected-field.ts';

export function liveWriter(planner: Planner, fetch: NounFetch, selected: SelectedField, relation: Relation): WriteRow {
  const { to: noun } = relation;
  const { policy } = planner;
  if (!policy.sees(noun) || !policy.may('lookup')) {
    throw new HubError('FORBIDDEN', `${noun.kind.plural} are looked up at the agency, which your role may not do`);
  }
  const key = fetch.column(fetch.noun.columns.get(fetch.noun.kind.key[0]!)!.column);
  const id = fetch.column('id');
  const isWhole = fetch.whole();
  const fill = filler(planner, noun as StoredNoun, selected);
  return (row, writer) => {
    if (row[key] === null) return writer.write('[]');
    return writer.defer(selected, { id: row[id]!, key: row[key]!, whole: isWhole(row) }, fill);
  };
}

/**
 * Fills a deferred field. Rows linked to the agency's records are stored, so they have a plan of their own that starts
 * from the records.
 */
function filler({ ground, forResolvers }: Planner, noun: StoredNoun, selected: SelectedField): WriteDeferred {
  const planner = new Planner(ground, forResolvers);
  const fetch = planner.liveFetch(noun);
  const write = planner.object(fetch, 0, selected.of(noun.name));
  const levels = planner.planned();
  return async (field, writer) => {
    let records: readonly LiveColumns[];
    try {
      records = await writer.reader.ask(noun, field.parent);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      writer.failures.push({ error, path: field.path, place: selected.place });
      return 'null';
    }
    const rows = records.map(record => rowOf(fetch, record, field.parent));
    const given = new Map<Fetch, readonly FetchedRow[]>([[fetch, rows]]);
    const results =
      levels.length > 1 ? await writer.reader.read(levels, given, writer.inputs.values) : [new Map([[unkeyed, rows]])];
    const inner = writer.inside(field, results);
    inner.path.pop();
    const text = inner.apart(() => items(inner, selected, rows, row => write(row, inner)));
    const filled = text && (await inner.withDeferred(text));
    writer.failures.push(...inner.failures);
    return filled?.toString() ?? 'null';
  };
}

function rowOf(fetch: LiveFetch, record: LiveColumns, { id, whole }: LiveParent): FetchedRow {
  const names = namesSomebody(fetch.noun, record);
  // A live record has no links: it is about the person about whom the agency was asked.
  return fetch.rowOf({ ...record, $whole: String(whole), $names: String(names), $subject: id });
}
