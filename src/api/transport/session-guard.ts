/** Ends a socket or an event stream when its reader's session is ended or their token expires. */
import type { EndedSessions } from '../../access/ended-sessions.ts';
import type { Principal } from '../../access/principal.ts';
import { HubError } from '../../domain/error-codes.ts';

const maxTimerMs = 2 ** 31 - 1;

/** Returns a function that stops watching; call it when the socket is gone, or its token is renewed. */
export function guardToken(
  principal: Principal,
  endings: EndedSessions,
  { ended, expired }: { readonly ended: () => void; readonly expired: () => void },
): () => void {
  if (!principal.token) return () => {};
  const forget = endings.onEnding(() => {
    if (endings.refuses(principal)) ended();
  });
  const leftMs = Math.max(0, Math.min(principal.token.expiresAtMs - Date.now(), maxTimerMs));
  const expiry = setTimeout(expired, leftMs).unref();
  return () => {
    forget();
    clearTimeout(expiry);
  };
}

/** For a stream whose reader's token has run out. */
export const tokenExpired = () =>
  new HubError('TOKEN_EXPIRED', 'The token ran out: sign in again, and go on at the cursor');
