/**
 * Lists the fields of a row that its reader sees masked: by rule, so they are named whether or not they have a value.
 */
import { namesPerson, type Policy } from '../access/policy.ts';
import { type Column, isStated, type Noun } from '../catalog/catalog.ts';
import type { NounFetch } from './fetch.ts';
import type { Planner, WriteRow } from './planner.ts';

export function maskedWriter({ policy }: Planner, fetch: NounFetch): WriteRow {
  const { noun } = fetch;
  const isWhole = fetch.whole();
  const [inPart, whole] = [false, true].map(shown => JSON.stringify(maskedOf(policy, noun, shown))) as [string, string];
  // Columns of codes that name a person in some rows only.
  const traders = [...noun.columns.values()]
    .filter(({ name, field }) => field.format?.personPrefix && policy.field(noun, name, false) === 'whole')
    .map(column => ({ column, at: fetch.column(column.column) }));
  return (row, writer) => {
    if (isWhole(row)) return writer.write(whole);
    const named = traders.filter(({ column, at }) => namesPerson(column.field, row[at])).map(({ column }) => column);
    return writer.write(named.length ? JSON.stringify(maskedOf(policy, noun, false, named)) : inPart);
  };
}

/** @param named further columns that are masked in a row */
function maskedOf(policy: Policy, noun: Noun, whole: boolean, named: readonly Column[] = []): string[] {
  const columns = [...noun.columns.values()];
  const masked = columns.filter(each => named.includes(each) || policy.field(noun, each.name, whole) !== 'whole');
  // A heading shows persons as the reader sees them; readers who see the row masked mostly see the persons masked too.
  const heading = masked.length && noun.heading.length ? ['heading'] : [];
  const time = !isStated(noun) || policy.statementTime(noun, whole) === 'whole' ? [] : ['asOf', 'observedAt'];
  return [...masked.map(({ name }) => name), ...heading, ...time];
}
