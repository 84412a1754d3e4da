/** Brings a socket of `ws` and the protocol of graphql-ws together; a failure of ours closes the one socket, in the log. */
import { CloseCode, makeServer, type ServerOptions } from 'graphql-ws';
import type { WebSocket } from 'ws';

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
    socket.close(CloseCode.InternalServerError, 'Internal server error');
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
      close: (code, reason) => socket.close(code, reason),
      onMessage: handle =>
        socket.on('message', data => {
          handle(String(data)).catch((error: Error) => {
            // What only a server may say.
            if (error.message.startsWith('Unexpected message of type'))
              socket.close(CloseCode.BadRequest, error.message);
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

function keepAlive(socket: WebSocket, pingMs: number, prove: () => void): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (socket.readyState !== socket.OPEN) return;
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
    prove();
  }, pingMs);
  return () => clearInterval(timer);
}
