/** The root fields of a query: a list, a record by its key or its id, or all that fits a search. */
import { namesPerson } from '../access/policy.ts';
import { type Column, isStored, type StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { type FetchedRow, type NounFetch, unkeyed } from './fetch.ts';
import { containsSql, spellingOf, testedSql } from './filters.ts';
import { personLinks } from './note-persons.ts';
import { items, listWriter } from './plan-list.ts';
import type { Planner } from './planner.ts';
import type { ResponseWriter, Written } from './response-writer.ts';
import { type SelectedField, typeOf } from './selected-field.ts';

/** Nouns that a search looks through, those that a clerk means most often first. */
const searchedNouns = ['Person', 'Organisation', 'Case', 'Licence', 'Matter', 'PowerListEntry', 'Region', 'Agency'];
const largestSearch = 50;
const maxSearch = 100;

export type WriteRoot = (writer: ResponseWriter) => Written;
export interface PlannedRoot {
  readonly write: WriteRoot;
  /** Set if the root is read by a key, which belongs to the request and not to the plan. */
  readonly keyed: { readonly fetch: NounFetch; readonly keyOf: (args: SelectedField['args']) => string } | null;
}

/** Plans a root field. Null if it is not read from the store. */
export function planRoot(planner: Planner, selected: SelectedField): PlannedRoot | null {
  const { read } = selected;
  if (read.kind === 'typename') return { write: writer => writer.write(`"${typeOf(selected)}"`), keyed: null };
  if (read.kind === 'list') return orFailing(planner, selected, () => planList(planner, selected, read.noun));
  if (read.kind === 'byKey') return orFailing(planner, selected, () => planByKey(planner, selected, read.noun));
  if (read.kind === 'byId') return orFailing(planner, selected, () => planById(planner, selected));
  return read.kind === 'search' ? orFailing(planner, selected, () => planSearch(planner, selected)) : null;
}

function orFailing(planner: Planner, selected: SelectedField, plan: () => PlannedRoot): PlannedRoot {
  let keyed: PlannedRoot['keyed'] = null;
  const write = planner.orFailing(selected, () => {
    const root = plan();
    keyed = root.keyed;
    return (_row, writer) => root.write(writer);
  });
  return { keyed, write: writer => write(noRow, writer) };
}
const noRow: FetchedRow = [];

function planList(planner: Planner, selected: SelectedField, noun: StoredNoun): PlannedRoot {
  const write = listWriter(planner, noun, 0, selected, null);
  return { keyed: null, write: writer => write(noRow, writer) };
}

/**
 * Whether keys of the noun are values of the request and not of its plan, so queries for several keys share one
 * statement.
 */
export const isReadByKeys = ({ kind, columns }: StoredNoun): boolean =>
  kind.key.length === 1 && columns.get(kind.key[0]!)!.field.scalar === 'text';

/** Plans the row with this key, in any spelling of the key; the newest row, if sources use the key twice. */
function planByKey(planner: Planner, selected: SelectedField, noun: StoredNoun): PlannedRoot {
  const { policy } = planner;
  planner.demand(noun);
  const given = noun.kind.key.filter(name => selected.args[name] !== null && selected.args[name] !== undefined);
  if (!policy.mayFind(noun)) throw notFindable(noun, given[0]!);
  const columns = given.map(name => noun.columns.get(name)!);
  const spelled = columns.map(({ name, field }) =>
    field.format ? field.format.normalise(String(selected.args[name])) : selected.args[name],
  );
  const [only] = columns;
  const fetch = planner.fetch(noun, 0, null, (selected.args.asOf as string | undefined) ?? null);
  const sought = soughtBy(planner, fetch, columns);
  const found = (column: (typeof columns)[number]) =>
    policy.findsPersons ? `t."${column.column}"` : testedSql(policy, noun, column);
  if (isReadByKeys(noun)) {
    const keyOf = ({ [only!.name]: value }: SelectedField['args']) =>
      only!.field.format ? only!.field.format.normalise(String(value)) : String(value);
    if (noun.origin === 'derived' || noun.origin === 'town') {
      // Its id is made from its key, so linked rows can be read without waiting for it.
      const rest = `from ${fetch.from()} where ${fetch.visible()} and ${found(only!)} is not null`;
      fetch.keyIs('id').reads('uuid', (select, ids) => `select ${select('t.id::text')} ${rest} and t.id = any(${ids})`);
      const idOf = (args: SelectedField['args']) => planner.ground.idOf(noun, keyOf(args));
      return oneRoot(planner, selected, fetch.givenIds(), idOf, sought);
    }
    const column = `t."${only!.column}"`;
    const rest = `from ${fetch.from()} where ${fetch.visible()} and ${found(only!)}`;
    fetch.reads(
      'text',
      (select, keys) => `select distinct on (${column}) ${select(column)} ${rest} = any(${keys})
        order by ${column}, t.observed_at desc, t.id`,
    );
    return oneRoot(planner, selected, fetch, keyOf, sought);
  }
  const tests = columns.map((column, i) => `${found(column)} = ${fetch.level.values.add(spelled[i])}`);
  const latest = noun.kind.key.slice(given.length).map(name => `t."${noun.columns.get(name)!.column}" desc, `);
  const where = [...tests, fetch.visible()].join(' and ');
  const from = fetch.from();
  fetch.reads(
    null,
    select => `select ${select('null')} from ${from} where ${where}
      order by ${latest.join('')}t.observed_at desc, t.id limit 1`,
  );
  return oneRoot(planner, selected, fetch, null, sought);
}

const notFindable = (noun: StoredNoun, name: string): HubError =>
  new HubError(
    'FILTER_FORBIDDEN',
    `${noun.name}.${name} is masked for you: roles that may find persons by it need a purpose that holds`,
  );

/**
 * A reader who looks for somebody by an identifier reads about them, even if nobody is found or only masked fields are
 * shown: notes whom the row is about, or else whose identifier it is. Null if the key names nobody.
 */
function soughtBy({ catalog }: Planner, fetch: NounFetch, columns: readonly Column[]): NoteSought | null {
  const { noun } = fetch;
  const isPersonal = columns.some(({ field }) => field.sensitivity === 'personal');
  // Whether such a key names a person is known only from the row that it finds.
  const naming = columns.filter(({ field }) => field.format?.personPrefix !== undefined);
  if (!isPersonal && !naming.length) return null;
  const places = naming.map(({ column, field }) => ({ field, at: fetch.column(column) }));
  const links = personLinks(noun).map(column => fetch.column(column));
  const id = fetch.column('id');
  const ownId = noun === catalog.get('Person');
  return (row, key, writer) => {
    if (!row)
      return void (isPersonal && writer.reader.sought({ persons: ownId ? [key] : [], misses: 1, reads: false }));
    if (!isPersonal && !places.some(({ field, at }) => namesPerson(field, row[at]))) return;
    const persons = links.flatMap(at => row[at] ?? []);
    writer.reader.sought({ persons: persons.length ? persons : [row[id]!], misses: 0, reads: false });
  };
}
/** @param key of the root's row: its id where that is made from the key */
type NoteSought = (row: FetchedRow | undefined, key: string, writer: ResponseWriter) => void;

function planById(planner: Planner, selected: SelectedField): PlannedRoot {
  const [, name, key] = /^(\w+):([0-9a-f-]{36})$/.exec(String(selected.args.id)) ?? [];
  const noun = name === undefined ? undefined : planner.catalog.nouns.get(name);
  if (!noun || !key || !isStored(noun)) throw new HubError('BAD_USER_INPUT', 'The id was not made by this hub');
  planner.demand(noun);
  return oneRoot(planner, selected, planner.byIds(noun, 0, null, null).givenIds(), () => key);
}

function oneRoot(
  planner: Planner,
  selected: SelectedField,
  fetch: NounFetch,
  keyOf: ((args: SelectedField['args']) => string) | null,
  sought: NoteSought | null = null,
): PlannedRoot {
  const write = planner.object(fetch, 0, selected.of(fetch.noun.name));
  return {
    keyed: keyOf && { fetch, keyOf },
    write: writer => {
      const key = keyOf ? writer.inputs.keys.get(selected.key)! : unkeyed;
      const [row] = writer.rows(fetch, key);
      sought?.(row, key, writer);
      if (!row) return planner.absent(selected, writer);
      writer.path.push(selected.key);
      const written = writer.attempt(() => write(row, writer), selected.required);
      writer.path.pop();
      return written;
    },
  };
}

/**
 * Plans a search: rows whose searched fields contain the text, or whose key it is in some spelling. Fields that the
 * reader sees masked are never searched.
 */
function planSearch(planner: Planner, selected: SelectedField): PlannedRoot {
  const { text: given, first } = selected.args as { text: string; first: number };
  const text = given.trim();
  if (text === '' || given.length > maxSearch)
    throw new HubError('BAD_USER_INPUT', `Search for 1 to ${maxSearch} characters`);
  if (first < 1 || first > largestSearch)
    throw new HubError('BAD_USER_INPUT', `\`first\` goes from 1 to ${largestSearch}`);
  const lists = searchedNouns
    .map(name => planner.catalog.stored(name))
    .filter(noun => planner.policy.sees(noun))
    .flatMap(noun => {
      const found = searchFetch(planner, noun, text, first);
      if (!found) return [];
      const { fetch } = found;
      return [{ ...found, id: fetch.column('id'), write: planner.object(fetch, 0, selected.of(noun.name)) }];
    });
  return {
    keyed: null,
    write: writer => {
      const found = lists.flatMap(({ fetch, write }) => writer.rows(fetch, unkeyed).map(row => ({ row, write })));
      noteSearch(writer, lists, found.length);
      const shown = found.slice(0, first);
      const writers = new Map(shown.map(({ row, write }) => [row, write]));
      return items(
        writer,
        selected,
        shown.map(({ row }) => row),
        row => writers.get(row)!(row, writer),
      );
    },
  };
}

interface SearchFetch {
  readonly fetch: NounFetch;
  /** If the text is a person's identifier, the id of that person. */
  readonly person: string | null;
  /** Whether persons are found by a personal field. */
  readonly findsPersons: boolean;
}

/** Notes whoever is looked for, even if nobody is found; persons found by a name are noted where they are written. */
function noteSearch(
  writer: ResponseWriter,
  lists: readonly (SearchFetch & { readonly id: number })[],
  found: number,
): void {
  for (const { fetch, person, id } of lists) {
    if (person === null) continue;
    const ids = writer.rows(fetch, unkeyed).map(row => row[id]!);
    writer.reader.sought({ persons: ids.length ? ids : [person], misses: ids.length ? 0 : 1, reads: false });
  }
  const byName = lists.some(({ person, findsPersons }) => person === null && findsPersons);
  if (byName && !found) writer.reader.sought({ persons: [], misses: 1, reads: false });
}

function searchFetch(planner: Planner, noun: StoredNoun, text: string, limit: number): SearchFetch | null {
  const { policy } = planner;
  const searched = [...noun.columns.values()].flatMap((column): { column: Column; key: string | null }[] => {
    const { name, field } = column;
    if (!policy.mayFilter(noun, name)) return [];
    if (!field.format || !noun.kind.key.includes(name)) return field.searched ? [{ column, key: null }] : [];
    const key = field.format.normalise(text);
    return field.format.faults(key).length ? [] : [{ column, key }];
  });
  if (!searched.length) return null;
  const fetch = planner.fetch(noun, 0, null, null);
  const { values } = fetch.level;
  const tests = searched.map(({ column, key }) =>
    key === null
      ? containsSql(`t."${column.column}"`, values.add(spellingOf(column)(text)))
      : `${testedSql(policy, noun, column)} = ${values.add(key)}`,
  );
  const where = `(${tests.join(' or ')}) and ${fetch.visible()}`;
  const from = fetch.from();
  fetch.reads(null, select => `select ${select('null')} from ${from} where ${where} order by t.id limit ${limit}`);
  const [number] = searched.flatMap(({ column, key }) =>
    column.field.sensitivity === 'personal' && key !== null ? [key] : [],
  );
  const findsPersons = searched.some(({ column }) => column.field.sensitivity === 'personal');
  return { fetch, person: number === undefined ? null : planner.ground.idOf(noun, number), findsPersons };
}
