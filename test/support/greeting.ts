/** Greets the hub over a WebSocket with any payload and headers, and says how the hub takes it. */
import WebSocket from 'ws';

export interface Greeted {
  /** The payload of `connection_ack`; undefined when there was none, null when it had no payload. */
  readonly welcome?: unknown;
  /** Why the hub closed the socket instead. */
  readonly code?: number;
  readonly reason?: string;
  /** The HTTP status by which the upgrade was refused. */
  readonly status?: number;
}

export function greet(
  url: string,
  payload: object,
  { headers = {}, path = '/graphql' }: { headers?: Readonly<Record<string, string>>; path?: string } = {},
): Promise<Greeted> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, 'graphql-transport-ws', { headers });
  return new Promise<Greeted>(resolve => {
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload })));
    socket.on('message', text => {
      const { type, payload: welcome = null } = JSON.parse(String(text)) as { type: string; payload?: unknown };
      if (type === 'connection_ack') resolve({ welcome });
    });
    socket.on('unexpected-response', (_request, { statusCode }) => resolve({ status: statusCode! }));
    socket.on('error', () => {});
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  }).finally(() => socket.terminate());
}
