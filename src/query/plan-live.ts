/** Live kinds (不落地): asked of the agency once everything stored has been read, masked and written like stored rows. */
import type { Relation, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { type Fetch, type LiveFetch, type NounFetch, type Row, unkeyed } from './fetch.ts';
import { namesSomebody } from './note-persons.ts';
import { items } from './plan-list.ts';
import { Planner, type WriteRow } from './planner.ts';
import type { FillHole } from './run.ts';
import type { LiveColumns, LiveParent, Wanted } from './wanted.ts';

export function liveWriter(planner: Planner, fetch: NounFetch, wanted: Wanted, relation: Relation): WriteRow {
  const { to: noun } = relation;
  const { policy } = planner;
  if (!policy.sees(noun) || !policy.may('lookup')) {
    throw new HubError('FORBIDDEN', `${noun.kind.plural} are asked of the agency: your role may not ask`);
  }
  const key = fetch.column(fetch.noun.columns.get(fetch.noun.kind.key[0]!)!.column);
  const id = fetch.column('id');
  const isWhole = fetch.whole();
  const fill = filler(planner, noun as StoredNoun, wanted);
  return (row, run) => {
    if (row[key] === null) return run.write('[]');
    return run.hole(wanted, { id: row[id]!, key: row[key]!, whole: isWhole(row) }, fill);
  };
}

/** What the agency's records lead to is stored: a plan of its own, from the records on. */
function filler({ ground, forResolvers }: Planner, noun: StoredNoun, wanted: Wanted): FillHole {
  const planner = new Planner(ground, forResolvers);
  const fetch = planner.liveFetch(noun);
  const write = planner.object(fetch, 0, wanted.of(noun.name));
  const levels = planner.planned();
  return async (hole, run) => {
    let records: readonly LiveColumns[];
    try {
      records = await run.reader.ask(noun, hole.parent);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      run.failures.push({ error, path: hole.path, place: wanted.place });
      return 'null';
    }
    const rows = records.map(record => rowOf(fetch, record, hole.parent));
    const given = new Map<Fetch, readonly Row[]>([[fetch, rows]]);
    const results =
      levels.length > 1 ? await run.reader.read(levels, given, run.given.values) : [new Map([[unkeyed, rows]])];
    const inner = run.inside(hole, results);
    inner.path.pop();
    const text = inner.apart(() => items(inner, wanted, rows, row => write(row, inner)));
    const filled = text && (await inner.filled(text));
    run.failures.push(...inner.failures);
    return filled?.toString() ?? 'null';
  };
}

function rowOf(fetch: LiveFetch, record: LiveColumns, { id, whole }: LiveParent): Row {
  const names = namesSomebody(fetch.noun, record);
  // What is never stored has no links: it is about whom the agency was asked about.
  return fetch.rowOf({ ...record, $whole: String(whole), $names: String(names), $subject: id });
}
