/** The limit of W5: what the hub wrote, copied as ready text into the same tables with the same indexes, page by page. */
import { once } from 'node:events';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { IngestOutcome } from './ingest-task.ts';

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

/** @param tables everything that an ingest writes to */
export async function copyAll(writtenUrl: string, emptyUrl: string, tables: readonly string[], pages: number): Promise<IngestOutcome> {
  const written = new pg.Client(writtenUrl);
  await written.connect();
  const parts: { table: string; pages: Buffer[] }[] = [];
  for (const table of tables) {
    const lines = await linesOf(written, table);
    const size = Math.ceil(lines.length / pages) || 1;
    parts.push({ table, pages: Array.from({ length: pages }, (_, i) => Buffer.concat(lines.slice(i * size, (i + 1) * size))) });
  }
  await written.end();
  const client = new pg.Client(emptyUrl);
  await client.connect();
  const [since, cpu] = [performance.now(), process.cpuUsage()];
  for (let page = 0; page < pages; page++) {
    await client.query('begin');
    for (const part of parts) await copyInto(client, part.table, part.pages[page]!);
    await client.query('commit');
  }
  const seconds = (performance.now() - since) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await client.end();
  return { seconds, cpuMs: (user + system) / 1000, rssMb: process.memoryUsage.rss() / 2 ** 20 };
}

async function copyInto(client: pg.Client, table: string, text: Buffer): Promise<void> {
  if (!text.length) return;
  const stream = client.query(copyFrom(`copy ${pg.escapeIdentifier(table)} from stdin`));
  stream.end(text);
  await once(stream, 'finish');
}
