/** The limit of W1 to W3: node:http, and one prepared statement whose JSON goes out as PostgreSQL made it. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { readTask, ready } from './contender-task.ts';

const { databaseUrl, connections, statements } = readTask();
interface Busy {
  readonly client: pg.Client;
  load: number;
}
const pool: Busy[] = await Promise.all(
  Array.from({ length: connections }, async () => {
    const client = new pg.Client({ connectionString: databaseUrl, options: '-c timezone=UTC' });
    await client.connect();
    return { client, load: 0 };
  }),
);

function answer(name: string, variables: Readonly<Record<string, unknown>>, response: ServerResponse): void {
  const { text, values } = statements[name]!;
  const busy = pool.reduce((least, one) => (one.load < least.load ? one : least));
  busy.load += 1;
  const query = { name, text, values: values.map(value => variables[value]), rowMode: 'array' as const };
  busy.client.query(query, (error: Error | null, result: { rows: string[][] }) => {
    busy.load -= 1;
    const body = error ? String(error) : result.rows[0]![0]!;
    response.writeHead(error ? 500 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', chunk => {
    body += chunk;
  });
  request.on('end', () => answer(request.url!.slice(1), JSON.parse(body), response));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.once('SIGTERM', () => process.exit(0));
ready((server.address() as AddressInfo).port);
