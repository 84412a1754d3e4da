/** Where the keys come from that verify tokens: a configured set, or what the issuer publishes now. */
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { parseJson } from '../../adapters/kit/json.ts';
import { isPrivateChannel } from '../domain/private-channel.ts';

export interface IssuerLimits {
  /** For each of the two requests to the issuer: where the keys are, and what they are. */
  readonly deadlineMs: number;
  /** Between two searches for an unknown key, and between two requests to an issuer that does not answer. */
  readonly pauseMs: number;
}

/** The issuer could not be asked, so a token can be neither accepted nor refused now. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
  constructor(
    message: string,
    /** When the issuer may be asked again. */
    readonly retryAfterMs: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const configuredKeys = (keys: JSONWebKeySet): JWTVerifyGetKey => createLocalJWKSet(keys);

/** After this time a withdrawn key is noticed. */
const refreshAfterMs = 600_000;
/** Known keys are used this long while the issuer is down; nobody can sign in then anyway. */
const keptMs = 3_600_000;
const largestAnswerBytes = 200_000;
/** A key set is a list of objects; what an issuer says of itself may hold more. */
const deepest = 32;

/**
 * The keys of an OpenID Connect issuer: found by discovery when the first token comes, not before, so the hub starts
 * without it. A token with an unknown key causes a new search, because keys rotate without notice.
 *
 * @param onFailure called for every request that failed, at most once in `pauseMs`
 * @throws IssuerUnavailable while the issuer cannot be asked
 */
export function issuerKeys(
  issuer: string,
  limits: IssuerLimits,
  onFailure: (error: unknown) => void = () => {},
): JWTVerifyGetKey {
  const requests = new IssuerRequests(limits.pauseMs, onFailure);
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  let remote: ReturnType<typeof createRemoteJWKSet> | null = null;
  let discovering: Promise<void> | null = null;
  let refreshedAt = 0;

  async function discover(): Promise<void> {
    const options = { redirect: 'manual', signal: AbortSignal.timeout(limits.deadlineMs) } as const;
    const keys = await requests.ask(address, options, answer => keysIn(answer, issuer));
    remote = createRemoteJWKSet(keys, {
      timeoutDuration: limits.deadlineMs,
      cooldownDuration: limits.pauseMs,
      cacheMaxAge: keptMs,
      [customFetch]: (url, given) => requests.ask(url, given, answer => new Response(keySetIn(answer))),
    });
    refreshedAt = Date.now();
  }
  function refreshInTime(): void {
    if (!remote || Date.now() - refreshedAt < refreshAfterMs) return;
    refreshedAt = Date.now();
    // The known keys stay in use; the next attempt comes after the usual time.
    remote.reload().catch(() => {});
  }
  return async (header, token) => {
    if (!remote) {
      discovering ??= discover().finally(() => {
        discovering = null;
      });
      await discovering;
    }
    refreshInTime();
    return remote!(header, token);
  };
}

/** OpenID Connect Discovery: the issuer says where its keys are, and must name itself as it is configured. */
function keysIn(description: string, issuer: string): URL {
  const facts = parseJson(description, deepest) as Record<string, unknown> | null;
  const keys = typeof facts?.jwks_uri === 'string' ? URL.parse(facts.jwks_uri) : null;
  if (facts?.issuer === issuer && keys && isPrivateChannel(keys)) return keys;
  throw new Error('The issuer does not describe itself as OpenID Connect Discovery demands');
}

/** Returns the text unchanged if a key set can be read from it; throws otherwise. */
function keySetIn(answer: string): string {
  createLocalJWKSet(parseJson(answer, deepest) as JSONWebKeySet);
  return answer;
}

/**
 * Asks the issuer. Answers are bounded, and after a failure the issuer is not asked for a while however many tokens
 * come.
 */
class IssuerRequests {
  private failedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly pauseMs: number,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** @throws IssuerUnavailable for whatever goes wrong with the request, the answer, or reading it */
  async ask<T>(url: string, options: RequestInit, read: (answer: string) => T): Promise<T> {
    const pauseLeftMs = this.failedAt + this.pauseMs - performance.now();
    if (pauseLeftMs > 0) throw new IssuerUnavailable('The issuer did not answer a moment ago', Math.ceil(pauseLeftMs));
    try {
      const response = await fetch(url, options);
      if (response.status !== 200) throw new Error(`The issuer answered with ${response.status}`);
      return read(await readBounded(response));
    } catch (error) {
      this.failedAt = performance.now();
      this.onFailure(error);
      throw new IssuerUnavailable('The issuer did not answer as it should', this.pauseMs, { cause: error });
    }
  }
}

async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > largestAnswerBytes) throw new Error('The answer of the issuer is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
