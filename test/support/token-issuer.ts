/** A token issuer that a test controls: it makes good tokens, and every bad one that somebody may try. */
import { createHmac } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { auditPlaces } from './audit-folder.ts';

export interface Claims {
  readonly role?: string;
  readonly [claim: string]: unknown;
}
export interface TokenIssuer {
  /** Makes a hub trust this issuer, and keep its audit log where no other hub does. */
  readonly environment: Readonly<Record<string, string>>;
  /** A good token, for the claims of a role. It lives an hour unless `lasts` says otherwise, for example `2s`. */
  token(claims: Claims, lasts?: string): Promise<string>;
  /** Tokens that no hub may accept, keyed by what is wrong with them. */
  badTokens(claims: Claims): Promise<Readonly<Record<string, string>>>;
}

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

export async function makeTokenIssuer(issuer = 'test-issuer', audience = 'outpost-hub'): Promise<TokenIssuer> {
  const [own, stranger] = [await generateKeyPair('EdDSA', { extractable: true }), await generateKeyPair('EdDSA')];
  const jwk = await exportJWK(own.publicKey);
  const signed = (claims: Claims, change: { iss?: string; aud?: string; exp?: string; key?: CryptoKey } = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
      .setSubject(typeof claims.sub === 'string' ? claims.sub : 'somebody')
      .setIssuer(change.iss ?? issuer)
      .setAudience(change.aud ?? audience)
      .setIssuedAt()
      .setExpirationTime(change.exp ?? '1h')
      .sign(change.key ?? own.privateKey);
  /** The public key, which everybody knows, is misused as a shared secret. */
  const hmac = (claims: Claims, secret: string) => {
    const head = `${encode({ alg: 'HS256', typ: 'at+jwt' })}.${encode(full(claims))}`;
    return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
  };
  const full = (claims: Claims) => ({
    ...claims,
    sub: 'somebody',
    iss: issuer,
    aud: audience,
    exp: Math.floor(Date.now() / 1000) + 3600,
  });
  return {
    environment: {
      HUB_TOKEN_KEYS: JSON.stringify({ keys: [jwk] }),
      HUB_TOKEN_ISSUER: issuer,
      HUB_TOKEN_AUDIENCE: audience,
      ...auditPlaces(),
    },
    token: (claims, lasts) => signed(claims, { exp: lasts }),
    badTokens: async claims => {
      const good = await signed(claims);
      const [header, payload, signature] = good.split('.') as [string, string, string];
      return {
        expired: await signed(claims, { exp: '-1 minute' }),
        'for another audience': await signed(claims, { aud: 'another-hub' }),
        'of another issuer': await signed(claims, { iss: 'another-issuer' }),
        'signed by a stranger': await signed(claims, { key: stranger.privateKey }),
        'alg none': `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(full(claims))}.`,
        'alg none with a signature': `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(full(claims))}.${signature}`,
        'HS256 with the public key as JWK': hmac(claims, JSON.stringify(jwk)),
        'HS256 with the public key as PEM': hmac(claims, await exportSPKI(own.publicKey)),
        'HS256 with the raw public key': hmac(claims, String(jwk.x)),
        'changed claims': `${header}.${encode({ ...full(claims), role: 'clerk', more: true })}.${signature}`,
        'without signature': `${header}.${payload}.`,
        'of no known role': await signed({ ...claims, role: 'emperor' }),
        'of the role public': await signed({ ...claims, role: 'public' }),
        garbage: 'garbage',
        'three words': 'a.b.c',
        'nothing at all': '',
      };
    },
  };
}
