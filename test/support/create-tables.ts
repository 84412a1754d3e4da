/** The tables of any catalog in an empty database, as if all migrations had led there. */
import type { Catalog } from '../../src/catalog/catalog.ts';
import { openConnection } from '../../src/store/connections.ts';
import { readMigrations, record } from '../../src/store/migrations.ts';
import { tablesSql } from '../../src/store/tables-sql.ts';

/** A hub that starts over them finds nothing to apply, although no migration knows the test's kinds of record. */
export async function createTables(url: string, catalog: Catalog): Promise<void> {
  const client = await openConnection(url);
  try {
    await client.query(await tablesSql(catalog));
    for (const migration of readMigrations()) await record(client, migration, migration.steps.length);
  } finally {
    await client.end();
  }
}
