/** Inserts new rows by COPY: the fastest way into a table, and as safe as any in the same transaction. */
import { finished } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { later } from './database.ts';

/**
 * Lines have a cell for each of the columns. `meanwhile` runs once PostgreSQL has received all lines and is storing
 * them.
 */
export async function copyRows(
  client: pg.PoolClient,
  table: string,
  columns: readonly string[],
  lines: Buffer,
  meanwhile?: () => void,
): Promise<void> {
  const names = columns.map(name => pg.escapeIdentifier(name)).join(', ');
  const stream = client.query(copyFrom(`copy ${pg.escapeIdentifier(table)} (${names}) from stdin`));
  const stored = later(finished(stream));
  const handedOver = new Promise<void>(resolve => stream.write(lines, () => resolve()));
  stream.end();
  await Promise.race([handedOver, stored]);
  try {
    meanwhile?.();
  } finally {
    // The connection cannot be used before COPY has ended, whatever happens.
    await stored;
  }
}
