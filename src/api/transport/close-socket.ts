/** Closes a WebSocket with a reason, and cuts off a client that does not answer the closing in time. */
import type { WebSocket } from 'ws';

const closeGraceMs = 500;

export function closeSocket(socket: WebSocket, code?: number, reason?: string): void {
  if (socket.readyState >= socket.CLOSING) return;
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), closeGraceMs).unref();
}
