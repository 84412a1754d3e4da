/** The contents of tables, in a form that tests can compare and that fails with readable differences. */
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { Database } from '../../src/store/database.ts';

/** The rows of each table as JSON, sorted. */
export type TableContents = Readonly<Record<string, readonly string[]>>;

export interface Tables {
  readonly database: Database;
  readonly catalog: Catalog;
}

const nounTables = (catalog: Catalog) => catalog.all().map(noun => noun.table);
const historyTables = (catalog: Catalog) => nounTables(catalog).map(table => `${table}_history`);
const ingestTables = ['hub_change', 'hub_batch', 'hub_cursor', 'hub_parked', 'hub_seen', 'hub_held_removal'];

/** Every noun without its time of observation: this must not depend on the order of arrival. */
export const nounContents = ({ database, catalog }: Tables): Promise<TableContents> =>
  readTables(database, nounTables(catalog), ['observed_at']);

/** All that a page can write: nouns with the time of observation, history, changes, batches, cursors, parked items. */
export const allContents = ({ database, catalog }: Tables): Promise<TableContents> =>
  readTables(database, [...nounTables(catalog), ...historyTables(catalog), ...ingestTables]);

export async function readTables(
  database: Database,
  tables: readonly string[],
  without: readonly string[] = [],
): Promise<TableContents> {
  const contents: Record<string, readonly string[]> = {};
  for (const table of tables) {
    const rows = await database.read(`select (to_jsonb(t) - $1::text[])::text from "${table}" t order by 1`, [without]);
    contents[table] = rows.map(([row]) => row!);
  }
  return contents;
}

/** Deletes everything that pages have written and keeps the settings. */
export async function emptyTables({ database, catalog }: Tables): Promise<void> {
  const tables = [...nounTables(catalog), ...historyTables(catalog), ...ingestTables];
  await database.pool.query(`truncate ${tables.map(table => `"${table}"`).join(', ')} restart identity`);
}

/**
 * `Kind sourceId` of all records that an agency has stated, with version and deletion, sorted: comparable with
 * ReferenceHub.
 */
export async function statedRecords({ database, catalog }: Tables, agency: string): Promise<string[]> {
  const selects = catalog
    .all()
    .filter(({ origin }) => origin === 'agency' || origin === 'hall')
    .map(
      ({ name, table }) =>
        `select '${name} ' || source_id || ' ' || version || ' ' || deleted as record from "${table}" where agency = $1`,
    );
  const rows = await database.read(selects.join(' union all '), [agency]);
  return rows.map(([record]) => record!).sort();
}

/** Rows that stand in only one of the two, each with its table; empty when the two are equal. */
export function differences(expected: TableContents, found: TableContents): string[] {
  return Object.keys({ ...expected, ...found }).flatMap(table => {
    const [wanted, there] = [new Set(expected[table]), new Set(found[table])];
    return [
      ...[...wanted].filter(row => !there.has(row)).map(row => `${table} misses ${row}`),
      ...[...there].filter(row => !wanted.has(row)).map(row => `${table} has ${row}`),
    ];
  });
}
