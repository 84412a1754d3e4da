/**
 * Verifies access tokens: JWTs (RFC 9068) signed by the configured issuer, for this hub, of a session that has not been
 * ended.
 */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { HubError } from '../domain/error-codes.ts';
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
/** Whose a refused token is, where its signature proves that. */
export interface TokenHolder {
  readonly subject: string | null;
  readonly session: string | null;
}
/**
 * The reader for the value of an `authorization` header.
 *
 * @throws HubError UNAUTHENTICATED with the reason, for whatever is not accepted; ISSUER_UNAVAILABLE where the key is
 *   unknown and the issuer cannot be asked for it now
 */
export type Authenticate = (authorization: unknown) => Promise<Principal>;

/** Beside the error, whose details go to the client. */
const holders = new WeakMap<HubError, TokenHolder>();
/** Whose token was refused with this error; null where nothing proves it. */
export const holderOf = (error: HubError): TokenHolder | null => holders.get(error) ?? null;

/**
 * @param reason said to whoever gave them: no personal data, and no quotation marks, for it stands in a header too
 * @param holder for the audit log: whose token it is, once its signature is verified
 */
export function unauthenticated(reason: string, holder: TokenHolder | null = null): HubError {
  const error = new HubError('UNAUTHENTICATED', `Your credentials are not accepted: ${reason}`, { reason });
  if (holder) holders.set(error, holder);
  return error;
}

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
    if (!token.split('.').every(isCanonical)) throw notOfTheForm();
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
  const readerOf = async (token: string) => {
    try {
      const known = verified.get(token);
      const holds = known && known.untilMs > Date.now() && (await keys(...known.signed)) === known.key;
      return holds ? known.principal : await verify(token);
    } catch (error) {
      throw refusalOf(error);
    }
  };
  return async authorization => {
    const principal = await readerOf(tokenIn(authorization));
    if (ended.refuses(principal)) throw unauthenticated('the session of the token was ended, sign in again', principal);
    return principal;
  };
}

/** The token of a header `authorization`, which is the only place for one. */
function tokenIn(authorization: unknown): string {
  const token = typeof authorization === 'string' && /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
  if (token && token.length <= largestToken) return token;
  throw notOfTheForm();
}

const notOfTheForm = () => unauthenticated('Authorization should be Bearer and one JWT');

/** The last character of base64url may hold bits that mean nothing: one token has one spelling. */
const isCanonical = (part: string) => Buffer.from(part, 'base64url').toString('base64url') === part;

function refusalOf(error: unknown): HubError {
  if (error instanceof HubError) return error;
  if (error instanceof IssuerUnavailable) {
    const { retryAfterMs } = error;
    return new HubError('ISSUER_UNAVAILABLE', 'The token cannot be verified now: its issuer does not answer', {
      retryAfterMs,
    });
  }
  // Claims are looked at once the signature is verified.
  if (error instanceof errors.JWTExpired) return unauthenticated('the token has expired', holderIn(error.payload));
  return unauthenticated('the token is not for this hub');
}

const holderIn = ({ sub, sid }: JWTPayload): TokenHolder => ({
  subject: sub ?? null,
  session: typeof sid === 'string' ? sid : null,
});

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
  if (!role || role === 'public') throw unauthenticated('the role in the token is not known', holderIn(claims));
  if (typeof claims.sub !== 'string' || !claims.sub) throw unauthenticated('the token names nobody (sub)');
  const text = (name: string) => (typeof claims[name] === 'string' ? (claims[name] as string) : null);
  const missing = needed[role]?.find(name => text(name) === null);
  if (missing) throw unauthenticated(`a token of the role ${role} needs the claim ${missing}`, holderIn(claims));
  const [agency, host, village] = [text('agency'), text('host'), text('village')];
  return { ...nobody(), role, subject: claims.sub, agency, host, village, session: text('sid'), token };
}
