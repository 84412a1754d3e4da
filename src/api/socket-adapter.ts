/** Brings a socket of `ws` and the protocol of graphql-ws together; a failure of ours closes the one socket, in the log. */
import { CloseCode, makeServer, type ServerOptions } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { closeSocket } from './close-socket.ts';

type Wire<E extends Record<PropertyKey, unknown>> = ReturnType<typeof makeServer<Record<string, unknown>, E>>;
export const makeWire = <E extends Record<PropertyKey, unknown>>(
  options: ServerOptions<Record<string, unknown>, E>,
): Wire<E> => makeServer(options);

export interface AdaptedSocket {
  /** Between pings, and for the answer to one. */
  readonly pingMs: number;
  /** Called with every ping: says in the protocol's own message how far everything is. */
  readonly prove: () => void;
  /** Answers a client's ping, which may carry something; null: as it came. */
  readonly answerPing: (payload: Record<string, unknown> | undefined) => Promise<Record<string, unknown> | null>;
  readonly onFailure: (error: unknown) => void;
}

export function adaptSocket<E extends Record<PropertyKey, unknown>>(
  wire: Wire<E>,
  socket: WebSocket,
  extra: E,
  { pingMs, prove, answerPing, onFailure }: AdaptedSocket,
): void {
  const fail = (error: unknown) => {
    onFailure(error);
    closeSocket(socket, CloseCode.InternalServerError, 'Internal server error');
  };
  const send = (data: string) =>
    new Promise<void>((resolve, reject) => {
      if (socket.readyState !== socket.OPEN) return resolve();
      socket.send(data, error => (error ? reject(error) : resolve()));
    });
  const closed = wire.opened(
    {
      protocol: socket.protocol,
      send,
      close: (code, reason) => closeSocket(socket, code, reason),
      onMessage: handle =>
        socket.on('message', data => {
          handle(String(data)).catch((error: Error) => {
            // What only a server may say.
            if (error.message.startsWith('Unexpected message of type'))
              closeSocket(socket, CloseCode.BadRequest, error.message);
            // Its client is gone: nobody failed.
            else if (socket.readyState === socket.OPEN) fail(error);
          });
        }),
      onPing: async given => {
        const payload = (await answerPing(given)) ?? given;
        await send(JSON.stringify({ type: 'pong', ...(payload && { payload }) }));
      },
    },
    extra,
  );
  const stopPings = keepAlive(socket, pingMs, prove);
  socket.once('close', (code, reason) => {
    stopPings();
    Promise.resolve(closed(code, String(reason))).catch(onFailure);
  });
}

/** Pings, and lets a client go from which nothing came since the last ping. */
function keepAlive(socket: WebSocket, pingMs: number, prove: () => void): () => void {
  let isHeard = true;
  const hear = () => {
    isHeard = true;
  };
  for (const event of ['message', 'ping', 'pong']) socket.on(event, hear);
  const askAgain = () => {
    if (socket.readyState !== socket.OPEN) return;
    if (!isHeard) return socket.terminate();
    isHeard = false;
    socket.ping();
    prove();
  };
  // What came while this process was busy is read before the client is judged.
  const timer = setInterval(() => setImmediate(askAgain), pingMs);
  return () => clearInterval(timer);
}
