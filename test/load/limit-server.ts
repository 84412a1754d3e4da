/** The limit of W1 to W4: node:http, and one prepared statement whose JSON goes out as PostgreSQL made it. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { type WebSocket, WebSocketServer } from 'ws';
import { readTask, ready } from './contender-task.ts';
import { eventChannel } from './fan-out-event.ts';

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
// W4: the frame is made once; a bare loop sends it to every socket.
const subscribers = new Set<WebSocket>();
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: false,
  handleProtocols: () => 'graphql-transport-ws',
});
sockets.on('connection', socket => {
  socket.on('message', data => {
    const { type } = JSON.parse(String(data)) as { type: string };
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    else if (type === 'subscribe') subscribers.add(socket);
  });
  socket.on('close', () => subscribers.delete(socket));
});
const listener = new pg.Client(databaseUrl);
await listener.connect();
listener.on('notification', ({ payload }) => {
  const frame = Buffer.from(`{"id":"1","type":"next","payload":{"data":{"approvalChanged":${payload}}}}`);
  for (const socket of subscribers) socket.send(frame, { binary: false });
});
await listener.query(`listen ${eventChannel}`);

server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.once('SIGTERM', () => process.exit(0));
ready((server.address() as AddressInfo).port);
