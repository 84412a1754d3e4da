/** Everything that the tables of a hub hold, in memory: what plain predicates of tests decide over. */
import { namesPerson, type Policy } from '../../src/access/policy.ts';
import { holds, type PlainRow, type World } from '../../src/access/rows.ts';
import { isStored, type Noun, type Relation, type StoredNoun } from '../../src/catalog/catalog.ts';
import { fromText } from '../../src/query/record-row.ts';
import type { Store } from '../../src/store/apply.ts';
import { columnsOf } from '../../src/store/tables.ts';
import type { Row } from './where-model.ts';

export interface LoadedWorld {
  readonly world: World;
  /** Rows by noun, columns by name as PostgreSQL writes them; what is deleted is left out. */
  readonly tables: ReadonlyMap<string, readonly PlainRow[]>;
}

export async function loadWorld({ catalog, database }: Store): Promise<LoadedWorld> {
  const tables = new Map<string, PlainRow[]>();
  const byId = new Map<string, PlainRow>();
  const byLink = new Map<string, PlainRow[]>();
  for (const noun of catalog.all()) {
    const names = columnsOf(noun).map(c => c.name);
    const found = await database.read(`select ${names.map(n => `"${n}"`)} from ${noun.table} where not deleted`, []);
    const rows = found.map(values => Object.fromEntries(names.map((name, i) => [name, values[i]])));
    tables.set(noun.name, rows);
    for (const row of rows) {
      byId.set(`${noun.name} ${row.id}`, row);
      for (const link of noun.links) {
        const key = `${noun.name} ${link.column} ${row[link.column]}`;
        byLink.set(key, [...(byLink.get(key) ?? []), row]);
      }
    }
  }
  const world = {
    byId: (noun: string, id: string) => byId.get(`${noun} ${id}`) ?? null,
    about: (noun: string, link: string, id: string) => byLink.get(`${noun} ${link} ${id}`) ?? [],
  };
  return { world, tables };
}

/** A row's fields by their names in the graph. */
export const fieldsOf = (
  noun: StoredNoun,
  row: PlainRow,
): { readonly id: string; readonly [name: string]: unknown } => ({
  id: String(row.id),
  ...Object.fromEntries(
    [...noun.columns.values()].map(({ name, column, field }) => [
      name,
      fromText(field.scalar, (row[column] ?? null) as string | null),
    ]),
  ),
});

/** The rows of nouns as one reader's tests see them, and what they are related to. */
export function sightOf(policy: Policy, loaded: LoadedWorld) {
  const plain = new Map<string, PlainRow>();
  const rowOf = (noun: StoredNoun, row: PlainRow): Row => {
    const fields: Record<string, unknown> & { id: string } = { ...fieldsOf(noun, row) };
    for (const { name, field } of noun.columns.values()) {
      if (policy.whole(noun) !== 'all' && namesPerson(field, fields[name])) fields[name] = null;
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
      loaded.tables
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
