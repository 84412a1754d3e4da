/** Verifies tokens of the real identity provider. */
import type { ProviderProcess } from '../../seeds/identity-provider/provider-process.ts';
import { systemToken } from '../../seeds/identity-provider/sign-in.ts';
import { EndedSessions } from '../../src/access/ended-sessions.ts';
import { type IssuerLimits, issuerKeys } from '../../src/access/token-keys.ts';
import { type Authenticate, makeAuthenticate } from '../../src/access/tokens.ts';

/** Settings with which a hub trusts the issuer and looks for new keys immediately. */
export const trusting = (issuer: string) => ({
  HUB_TOKEN_ISSUER: issuer,
  HUB_TOKEN_KEYS: '',
  HUB_ISSUER_PAUSE_MS: '1',
});

/** Verifies tokens as a hub that trusts the issuer does. */
export const verifierOf = (
  issuer: string,
  skewSeconds = 5,
  limits: IssuerLimits = { deadlineMs: 3_000, pauseMs: 1 },
): Authenticate =>
  makeAuthenticate({
    keys: issuerKeys(issuer, limits),
    issuer,
    audience: 'outpost-hub',
    type: 'at+jwt',
    skewSeconds,
    maxSeconds: 43_200,
    ended: new EndedSessions(skewSeconds * 1000),
  });

export const systemTokenOf = ({ issuer, privateKeys }: ProviderProcess, clientId: string, resource?: string) =>
  systemToken(issuer, clientId, privateKeys.get(clientId)!, resource);
