/** The rows of a town as the tests of one reader's filters see them. */
import { namesPerson, type Policy } from '../../src/access/policy.ts';
import { holds, type PlainRow } from '../../src/access/rows.ts';
import { isStored, type Noun, type Relation, type StoredNoun } from '../../src/catalog/catalog.ts';
import { graphValue, type TownInMemory } from './town-in-memory.ts';
import type { Row } from './where-model.ts';

/** A row's fields by their names in the graph. */
export const fieldsOf = (
  noun: StoredNoun,
  row: PlainRow,
): { readonly id: string; readonly [name: string]: unknown } => ({
  id: String(row.id),
  ...Object.fromEntries(
    [...noun.columns.values()].map(({ name, column, field }) => [name, graphValue(field.scalar, row[column])]),
  ),
});

/** The rows of nouns as the tests of one reader's filters see them, and their related rows. */
export function sightOf(policy: Policy, loaded: TownInMemory, where: 'lists' | 'groups' = 'lists') {
  const plain = new Map<string, PlainRow>();
  const rowOf = (noun: StoredNoun, row: PlainRow): Row => {
    const fields: Record<string, unknown> & { id: string } = { ...fieldsOf(noun, row) };
    for (const { name, field } of noun.columns.values()) {
      const isHidden = where === 'groups' || policy.whole(noun) !== 'all';
      if (isHidden && namesPerson(field, fields[name])) fields[name] = null;
    }
    plain.set(`${noun.name} ${fields.id}`, row);
    return fields;
  };
  const visible = (noun: StoredNoun, row: PlainRow) => holds(policy.rows(noun), row, loaded.world);
  const known = new Map<Noun, Row[]>();
  const rows = (noun: Noun): Row[] => {
    if (!isStored(noun)) return [];
    const found =
      known.get(noun) ??
      loaded.rows
        .get(noun.name)!
        .filter(row => visible(noun, row))
        .map(row => rowOf(noun, row));
    known.set(noun, found);
    return found;
  };
  const related = ({ from, to, link, many }: Relation, row: Row): Row[] => {
    const own = plain.get(`${from.name} ${row.id}`)!;
    const id = own[link.column];
    const target = many || typeof id !== 'string' ? null : loaded.world.byId(to.name, id);
    const others = many ? loaded.world.about(to.name, link.column, row.id) : target ? [target] : [];
    const stored = to as StoredNoun;
    return others.filter(other => visible(stored, other)).map(other => rowOf(stored, other));
  };
  return { rows, related };
}
