/** A socket lives no longer than its right: until its reader's session is ended, or his token is too old. */
import type { EndedSessions } from '../access/ended-sessions.ts';
import type { Principal } from '../access/principal.ts';

const longestTimerMs = 2 ** 31 - 1;

/** Returns how to stop watching: when the socket is gone, or its token is renewed. */
export function guardToken(
  principal: Principal,
  endings: EndedSessions,
  { ended, expired }: { readonly ended: () => void; readonly expired: () => void },
): () => void {
  if (!principal.token) return () => {};
  const forget = endings.onEnding(() => {
    if (endings.refuses(principal)) ended();
  });
  const leftMs = Math.max(0, Math.min(principal.token.expiresAtMs - Date.now(), longestTimerMs));
  const expiry = setTimeout(expired, leftMs).unref();
  return () => {
    forget();
    clearTimeout(expiry);
  };
}
