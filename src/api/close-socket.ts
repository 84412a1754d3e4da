/** How every WebSocket ends: it is told why, and a client that does not answer to that is cut off. */
import type { WebSocket } from 'ws';

const farewellMs = 500;

export function closeSocket(socket: WebSocket, code?: number, reason?: string): void {
  if (socket.readyState >= socket.CLOSING) return;
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), farewellMs).unref();
}
