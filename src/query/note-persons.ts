/**
 * Notes whoever is shown whole: rows of which something personal is shown report to the audit trail whom they are
 * about.
 */
import { namesPerson, type Policy } from '../access/policy.ts';
import type { Column, Noun } from '../catalog/catalog.ts';
import { type FetchedRow, LiveFetch, type NounFetch } from './fetch.ts';
import type { ResponseWriter } from './response-writer.ts';
import type { LiveColumns, SelectedField } from './selected-field.ts';

export type NoteRow = (row: FetchedRow, writer: ResponseWriter) => void;

/**
 * Notes a row if it is shown whole and names somebody: the persons to whom it is linked, whichever of its fields are
 * shown, because what is said of a case is said of its applicant. Where nobody is linked (the representative of an
 * organisation) the row itself stands for whom it names, if a field that names them is shown. Null if no row of the
 * noun can name anybody.
 *
 * @param told names of the row's fields that are shown
 */
export function noteWriter(
  { policy }: { readonly policy: Policy },
  fetch: NounFetch,
  told: readonly string[],
): NoteRow | null {
  const { noun } = fetch;
  const naming = namingColumns(noun, policy);
  if (!fetch.mayBeWhole || !naming.length) return null;
  const isWhole = fetch.whole();
  const isNamed = namedIn(fetch, naming);
  const subject = fetch.subject();
  const persons = noun.name === 'Person' ? [] : personLinks(noun).map(column => fetch.column(column));
  const toldNaming = naming.filter(({ name }) => told.includes(name));
  // A record from an agency is about the person about whom the agency was asked.
  const isOwn = noun.name === 'Person' || fetch instanceof LiveFetch;
  const isNamedAlone = isOwn ? isNamed : toldNaming.length ? namedIn(fetch, toldNaming) : () => false;
  return (row, writer) => {
    if (!isWhole(row)) return;
    const linked = persons.flatMap(at => row[at] ?? []);
    if (linked.length ? isNamed(row) : isNamedAlone(row)) writer.reader.saw(linked.length ? linked : [row[subject]!]);
  };
}

/** The fields of which something is shown where these parts of a row are selected. */
export const shownFields = (noun: Noun, selected: readonly SelectedField[]): string[] =>
  selected.flatMap(({ read }) => {
    if (read.kind === 'field') return [read.name];
    if (read.kind === 'spellings')
      return [...noun.columns.values()].filter(({ field }) => field.format).map(c => c.name);
    // The source's id of a record is often made from its key.
    return read.kind === 'source' ? noun.kind.key : [];
  });

export const personLinks = ({ links }: Noun): string[] =>
  links.filter(({ target }) => target.name === 'Person').map(({ column }) => column);

/**
 * Personal fields, and identifiers that name a person in some rows (sole traders), if the policy ever shows them whole.
 */
function namingColumns(noun: Noun, policy: Policy): Column[] {
  return [...noun.columns.values()].filter(
    ({ name, field }) =>
      (field.sensitivity === 'personal' || field.format?.personPrefix) && policy.field(noun, name, true) === 'whole',
  );
}

/** Whether one of these fields has a value, or the source wrote an invalid value in it. */
function namedIn(fetch: NounFetch, naming: readonly Column[]): (row: FetchedRow) => boolean {
  if (naming.some(({ field }) => field.sensitivity === 'personal' && !field.optional)) return () => true;
  const cell = `$names ${naming.map(({ name }) => name).join(' ')}`;
  const at = fetch instanceof LiveFetch ? fetch.column('$names') : fetch.cell(cell, () => namedSql(fetch.noun, naming));
  return row => row[at] === 'true';
}

function namedSql(noun: Noun, naming: readonly Column[]): string {
  const tests = naming.map(({ column, field }) =>
    field.sensitivity === 'personal'
      ? `t."${column}" is not null`
      : `coalesce(starts_with(t."${column}", '${field.format!.personPrefix}'), false)`,
  );
  // The spelling of an invalid identifier is kept beside its field, which is then empty.
  const spelled = naming.filter(({ field }) => field.format).map(({ name }) => `@.field == "${name}"`);
  if (spelled.length && noun.origin !== 'derived')
    tests.push(`coalesce(t.spellings @? '$[*] ? (${spelled.join(' || ')})', false)`);
  return `(${tests.join(' or ')})::text`;
}

/** The same test for a record from an agency, which is in no table. */
export function namesSomebody(noun: Noun, record: LiveColumns): boolean {
  const naming = [...noun.columns.values()].filter(({ column, field }) => {
    const value = record[column] ?? null;
    return field.sensitivity === 'personal' ? value !== null : namesPerson(field, value);
  });
  return naming.length > 0 || (record.spellings ?? null) !== null;
}
