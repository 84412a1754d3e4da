/**
 * Connects a socket of `ws` with the protocol of graphql-ws; an internal failure is logged and closes only that socket.
 */
import { CloseCode, makeServer, type ServerOptions } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { NestingError, nestsDeeper } from '../../../adapters/kit/json.ts';
import { deepestJson } from '../../access/limits.ts';
import { closeSocket } from './close-socket.ts';

type Wire<E extends Record<PropertyKey, unknown>> = ReturnType<typeof makeServer<Record<string, unknown>, E>>;
export const makeWire = <E extends Record<PropertyKey, unknown>>(
  options: ServerOptions<Record<string, unknown>, E>,
): Wire<E> => makeServer(options);

export interface AdaptedSocket {
  /** Time between pings, and for the answer to one. */
  readonly pingMs: number;
  /** Called with every ping: reports how far every stream is, in a message of the protocol. */
  readonly prove: () => void;
  /** Answers a client's ping, which may carry a payload; null returns the payload as it came. */
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
          const text = String(data);
          if (nestsDeeper(text, deepestJson))
            return closeSocket(socket, CloseCode.BadRequest, new NestingError(deepestJson).message);
          handle(text).catch((error: Error) => {
            // The client sent a message that only a server may send.
            if (error.message.startsWith('Unexpected message of type'))
              closeSocket(socket, CloseCode.BadRequest, error.message);
            // If the client has disconnected, this is no failure.
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

/** Pings the client, and disconnects one from which nothing came since the last ping. */
function keepAlive(socket: WebSocket, pingMs: number, prove: () => void): () => void {
  let isAlive = true;
  const markAlive = () => {
    isAlive = true;
  };
  for (const event of ['message', 'ping', 'pong']) socket.on(event, markAlive);
  const ping = () => {
    if (socket.readyState !== socket.OPEN) return;
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
    prove();
  };
  // Messages that came while this process was busy are read before the client is judged.
  const timer = setInterval(() => setImmediate(ping), pingMs);
  return () => clearInterval(timer);
}
