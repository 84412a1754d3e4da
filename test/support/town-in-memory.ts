/** Every stored row of a hub in memory, to compare answers with. */
import type { Scalar } from '../../adapters/kit/record.ts';
import type { PlainRow, World } from '../../src/access/rows.ts';
import type { StoredNoun } from '../../src/catalog/catalog.ts';
import type { Store } from '../../src/store/apply.ts';
import { columnsOf } from '../../src/store/tables.ts';

export interface TownInMemory {
  /** Rows that are not deleted, by noun; values are PostgreSQL's text. */
  readonly rows: ReadonlyMap<string, readonly PlainRow[]>;
  readonly world: World;
}

export async function readTown({ catalog, database }: Store): Promise<TownInMemory> {
  const rows = new Map<string, PlainRow[]>();
  const byId = new Map<string, PlainRow>();
  const byLink = new Map<string, PlainRow[]>();
  for (const noun of catalog.all()) {
    const list = await readRows(noun, database.read);
    rows.set(noun.name, list);
    for (const row of list) {
      byId.set(`${noun.name} ${row.id}`, row);
      for (const link of noun.links) {
        const key = `${noun.name} ${link.column} ${row[link.column]}`;
        byLink.set(key, [...(byLink.get(key) ?? []), row]);
      }
    }
  }
  const world: World = {
    byId: (noun, id) => byId.get(`${noun} ${id}`) ?? null,
    about: (noun, link, id) => byLink.get(`${noun} ${link} ${id}`) ?? [],
  };
  return { rows, world };
}

async function readRows(noun: StoredNoun, read: Store['database']['read']): Promise<PlainRow[]> {
  const names = columnsOf(noun).map(c => c.name);
  const found = await read(`select ${names.map(n => `"${n}"`)} from ${noun.table} where not deleted`, []);
  return found.map(values => Object.fromEntries(names.map((name, i) => [name, values[i]])));
}

/** A value as the graph returns it. */
export function graphValue(scalar: Scalar, text: unknown): unknown {
  if (text === null || text === undefined) return null;
  if (scalar === 'integer') return Number(text);
  if (scalar === 'flag') return text === 't' || text === true;
  if (scalar === 'instant') return instantOf(String(text));
  if (scalar === 'geometry') return typeof text === 'string' ? JSON.parse(text) : text;
  return text;
}
/** Converts `2026-11-23 01:30:00.5+00` to ISO 8601. */
export const instantOf = (text: string): string => `${text.replace(' ', 'T').replace(/(\+00|Z)$/, '')}Z`;
