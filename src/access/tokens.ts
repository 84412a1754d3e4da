/**
 * Verifies access tokens: JWTs (RFC 9068) signed by the configured issuer, for this hub, of a session that has not been
 * ended.
 */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LruCache } from '../domain/lru-cache.ts';
import type { EndedSessions } from './ended-sessions.ts';
import { nobody, type Principal, type Role, roles } from './principal.ts';
import { IssuerUnavailable } from './token-keys.ts';

export interface TokenSettings {
  readonly keys: JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  /** The type that access tokens of this issuer have in their header (typ). */
  readonly type: string;
  /** By how much the issuer's clock and the hub's may differ. */
  readonly skewSeconds: number;
  /** Older tokens are refused whatever their own expiry. */
  readonly maxSeconds: number;
  readonly ended: EndedSessions;
}
/** The reader for the value of an `authorization` header; never throws, whatever a client sends. */
export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

/** Only signatures with a private key that the hub does not have: never `none`, never a shared secret. */
const algorithms = 'EdDSA Ed25519 ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512'.split(' ');
const largestToken = 8_000;
/** A screen uses one token all day: its signature is verified once, as long as the issuer's key is the same. */
const verifiedTokens = 5_000;
interface Verified {
  readonly principal: Principal;
  readonly signed: Parameters<JWTVerifyGetKey>;
  readonly key: Awaited<ReturnType<JWTVerifyGetKey>>;
  readonly untilMs: number;
}

export function makeAuthenticate(settings: TokenSettings): Authenticate {
  const { keys, issuer, audience, type, skewSeconds, maxSeconds, ended } = settings;
  const demands = {
    issuer,
    audience,
    algorithms,
    typ: type,
    clockTolerance: skewSeconds,
    maxTokenAge: maxSeconds,
    requiredClaims: ['sub', 'exp', 'iat'],
  };
  const verified = new LruCache<string, Verified>(verifiedTokens);
  const verify = async (token: string) => {
    let signed: Verified['signed'] | undefined;
    let key: Verified['key'] | undefined;
    const find: JWTVerifyGetKey = async (...given) => {
      signed = given;
      key = await keys(...given);
      return key;
    };
    const { payload } = await jwtVerify(token, find, demands);
    const validity = validityOf(payload, maxSeconds, skewSeconds);
    const principal = principalOf(payload, validity);
    verified.set(token, { principal, signed: signed!, key: key!, untilMs: validity.expiresAtMs });
    return principal;
  };
  return async authorization => {
    if (!authorization) return nobody();
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
    if (!token || token.length > largestToken) return nobody('it is not of the form "Bearer <JWT>"');
    try {
      const known = verified.get(token);
      const holds = known && known.untilMs > Date.now() && (await keys(...known.signed)) === known.key;
      const principal = holds ? known.principal : await verify(token);
      return ended.refuses(principal) ? nobody('its session was ended: sign in again') : principal;
    } catch (error) {
      return nobody(problemOf(error));
    }
  };
}

function problemOf(error: unknown): string {
  if (error instanceof IssuerUnavailable) return 'it is not verifiable now: the issuer does not answer';
  return error instanceof errors.JWTExpired ? 'it has expired' : 'it is not valid for this hub';
}

/** Until when the hub accepts the token, for sockets that outlive it. */
function validityOf({ iat, exp }: JWTPayload, maxSeconds: number, skewSeconds: number): Validity {
  const end = Math.min(exp!, iat! + maxSeconds) + skewSeconds;
  return { issuedAtMs: iat! * 1000, expiresAtMs: end * 1000 };
}
type Validity = NonNullable<Principal['token']>;

/** Claims that a role cannot do without. */
const needed: Partial<Record<Role, readonly ('agency' | 'host' | 'village')[]>> = {
  officer: ['agency', 'host'],
  'village-agent': ['village'],
  integrator: ['agency'],
};

function principalOf(claims: JWTPayload, token: Validity): Principal {
  const role = roles.find(r => r === claims.role) as Role | undefined;
  if (!role || role === 'public') return nobody('its role is not known');
  const text = (name: string) => (typeof claims[name] === 'string' ? (claims[name] as string) : null);
  const missing = needed[role]?.find(name => text(name) === null);
  if (missing) return nobody(`the role ${role} needs the claim \`${missing}\``);
  const [agency, host, village] = [text('agency'), text('host'), text('village')];
  return { ...nobody(), role, subject: String(claims.sub), agency, host, village, session: text('sid'), token };
}
