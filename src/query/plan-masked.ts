/** Which fields of a row its reader sees masked: by rule, so that they are named whether or not there is a value. */
import { namesPerson } from '../access/policy.ts';
import type { NounFetch } from './fetch.ts';
import type { Planner, WriteRow } from './planner.ts';

export function maskedWriter({ policy }: Planner, fetch: NounFetch): WriteRow {
  const { noun } = fetch;
  const columns = [...noun.columns.values()];
  const isWhole = fetch.whole();
  const masked = [false, true].map(
    whole => new Set(columns.filter(({ name }) => policy.field(noun, name, whole) !== 'whole')),
  );
  const [inPart, whole] = masked.map(set => namesOf([...set])) as [string, string];
  // Codes that name a person in some rows only.
  const traders = columns
    .filter(column => column.field.format?.personPrefix && !masked[0]!.has(column))
    .map(column => ({ column, at: fetch.column(column.column) }));
  return (row, run) => {
    if (isWhole(row)) return run.write(whole);
    const named = traders.filter(({ column, at }) => namesPerson(column.field, row[at])).map(({ column }) => column);
    if (!named.length) return run.write(inPart);
    return run.write(namesOf(columns.filter(column => masked[0]!.has(column) || named.includes(column))));
  };
}

const namesOf = (columns: readonly { readonly name: string }[]) => JSON.stringify(columns.map(({ name }) => name));
