/** Closes a socket when its reader's session is ended, or his token is too old: a socket lives no longer than its right. */
import type WebSocket from 'ws';
import type { EndedSessions } from '../access/ended-sessions.ts';
import type { Principal } from '../access/principal.ts';

/** `Unauthorized` in the protocol of graphql-ws: the client signs in again. */
const unauthorized = 4401;
/** A client that does not answer to the closing is cut off. */
const farewellMs = 500;
const longestTimerMs = 2 ** 31 - 1;

export function guardSession(socket: WebSocket, principal: Principal, ended: EndedSessions): void {
  if (!principal.token) return;
  const close = (reason: string) => {
    // What waits for a slow reader would still be sent before the closing.
    if (socket.bufferedAmount > 0) return socket.terminate();
    socket.close(unauthorized, reason);
    setTimeout(() => socket.terminate(), farewellMs).unref();
  };
  const forget = ended.onEnding(() => {
    if (ended.refuses(principal)) close('Session ended');
  });
  const leftMs = Math.max(0, Math.min(principal.token.expiresAtMs - Date.now(), longestTimerMs));
  const expiry = setTimeout(() => close('Token expired'), leftMs).unref();
  socket.once('close', () => {
    forget();
    clearTimeout(expiry);
  });
}
