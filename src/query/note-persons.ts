/** Whoever is shown whole is noted: rows of which something personal is shown tell the audit trail whom they are about. */
import { namesPerson, type Policy } from '../access/policy.ts';
import type { Column, Noun } from '../catalog/catalog.ts';
import { LiveFetch, type NounFetch, type Row } from './fetch.ts';
import type { Run } from './run.ts';
import type { LiveColumns } from './wanted.ts';

export type NoteRow = (row: Row, run: Run) => void;

/**
 * Notes a row if it is shown whole and names somebody. Null: no row of the noun can. Where no person is linked (the
 * representative of an organisation) the row itself stands for whom it names.
 */
export function noteWriter({ policy }: { readonly policy: Policy }, fetch: NounFetch): NoteRow | null {
  const { noun } = fetch;
  const naming = namingColumns(noun, policy);
  if (!fetch.mayBeWhole || !naming.length) return null;
  const isWhole = fetch.whole();
  const isNamed = namedIn(fetch, naming);
  const subject = fetch.subject();
  const persons = noun.name === 'Person' ? [] : personLinks(noun).map(column => fetch.column(column));
  return (row, run) => {
    if (!isWhole(row) || !isNamed(row)) return;
    const linked = persons.flatMap(at => row[at] ?? []);
    run.reader.saw(linked.length ? linked : [row[subject]!]);
  };
}

export const personLinks = ({ links }: Noun): string[] =>
  links.filter(({ target }) => target.name === 'Person').map(({ column }) => column);

/** Personal fields, and identifiers that name a person in some rows (sole traders), as far as the policy ever shows them. */
function namingColumns(noun: Noun, policy: Policy): Column[] {
  return [...noun.columns.values()].filter(
    ({ name, field }) =>
      (field.sensitivity === 'personal' || field.format?.personPrefix) && policy.field(noun, name, true) === 'whole',
  );
}

/** Whether one of these fields has a value, or the source wrote something in it that is none. */
function namedIn(fetch: NounFetch, naming: readonly Column[]): (row: Row) => boolean {
  if (naming.some(({ field }) => field.sensitivity === 'personal' && !field.optional)) return () => true;
  const at =
    fetch instanceof LiveFetch ? fetch.column('$names') : fetch.cell('$names', () => namedSql(fetch.noun, naming));
  return row => row[at] === 'true';
}

function namedSql(noun: Noun, naming: readonly Column[]): string {
  const tests = naming.map(({ column, field }) =>
    field.sensitivity === 'personal'
      ? `t."${column}" is not null`
      : `coalesce(starts_with(t."${column}", '${field.format!.personPrefix}'), false)`,
  );
  // The spelling of an identifier that is none is kept beside the field, which then is empty.
  const spelled = naming.filter(({ field }) => field.format).map(({ name }) => `@.field == "${name}"`);
  if (spelled.length && noun.origin !== 'derived')
    tests.push(`coalesce(t.spellings @? '$[*] ? (${spelled.join(' || ')})', false)`);
  return `(${tests.join(' or ')})::text`;
}

/** The same of a record that an agency gave, which is in no table. */
export function namesSomebody(noun: Noun, record: LiveColumns): boolean {
  const naming = [...noun.columns.values()].filter(({ column, field }) => {
    const value = record[column] ?? null;
    return field.sensitivity === 'personal' ? value !== null : namesPerson(field, value);
  });
  return naming.length > 0 || (record.spellings ?? null) !== null;
}
