/**
 * The limit of W5: the rows that the hub wrote, copied as ready text into the same tables with the same indexes, page
 * by page.
 */
import { once } from 'node:events';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { type IngestOutcome, type IngestTask, outcomeOf } from './ingest-task.ts';

/** Lines of a table in COPY's text form. */
async function linesOf(client: pg.Client, table: string): Promise<Buffer[]> {
  const stream = client.query(copyTo(`copy ${pg.escapeIdentifier(table)} to stdout`));
  const lines: Buffer[] = [];
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let at = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, at)) {
      lines.push(Buffer.from(rest.subarray(at, end + 1)));
      at = end + 1;
    }
    rest = rest.subarray(at);
  }
  return lines;
}

export async function ingestByCopy(task: IngestTask, postgresCpu: () => number | null): Promise<IngestOutcome[]> {
  const tables = await pagesOfTables(task);
  const client = new pg.Client(task.databaseUrl);
  await client.connect();
  const outcome = await outcomeOf('first', postgresCpu, async () => {
    for (let page = 0; page * task.pageSize < task.count; page++) {
      await client.query('begin');
      for (const { table, pages } of tables) await copyInto(client, table, pages[page]!);
      await client.query('commit');
    }
  });
  await client.end();
  return [outcome];
}

/** Everything that the hub has written, table by table, in as many parts as the records have pages. */
async function pagesOfTables({
  writtenUrl,
  count,
  pageSize,
}: IngestTask): Promise<{ table: string; pages: Buffer[] }[]> {
  const client = new pg.Client(writtenUrl);
  await client.connect();
  const tables: { table: string; pages: Buffer[] }[] = [];
  for (const table of await filledTables(client)) {
    const lines = await linesOf(client, table);
    const size = Math.ceil(lines.length / Math.ceil(count / pageSize));
    const part = (page: number) => Buffer.concat(lines.slice(page * size, (page + 1) * size));
    tables.push({ table, pages: Array.from({ length: Math.ceil(count / pageSize) }, (_, page) => part(page)) });
  }
  await client.end();
  return tables;
}

/** Tables into which the hub has written rows; its few internal tables (settings, cursors) do not count. */
async function filledTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ table: string }>(
    `select tablename as "table" from pg_tables where schemaname = 'public' order by tablename`,
  );
  const filled: string[] = [];
  for (const { table } of rows) {
    const { rowCount } = await client.query(`select from ${pg.escapeIdentifier(table)} limit 10`);
    if (rowCount === 10) filled.push(table);
  }
  return filled;
}

async function copyInto(client: pg.Client, table: string, text: Buffer): Promise<void> {
  if (!text.length) return;
  const stream = client.query(copyFrom(`copy ${pg.escapeIdentifier(table)} from stdin`));
  stream.end(text);
  await once(stream, 'finish');
}
