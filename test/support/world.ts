/** Everything that the tables of a hub hold, in memory: what plain predicates of tests decide over. */
import type { PlainRow, World } from '../../src/access/rows.ts';
import type { StoredNoun } from '../../src/catalog/catalog.ts';
import { fromText } from '../../src/query/record-row.ts';
import type { Store } from '../../src/store/apply.ts';
import { columnsOf } from '../../src/store/tables.ts';

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
