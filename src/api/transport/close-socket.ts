/** Closes a WebSocket with a reason, and cuts off a client that does not answer the closing in time. */
import type { WebSocket } from 'ws';

/** `Unauthorized` in the protocol of graphql-ws: the client signs in again. */
export const unauthorized = 4401;
/** The same may succeed a little later. */
export const tryAgainLater = 1013;

const closeGraceMs = 500;

export function closeSocket(socket: WebSocket, code?: number, reason?: string): void {
  if (socket.readyState >= socket.CLOSING) return;
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), closeGraceMs).unref();
}
