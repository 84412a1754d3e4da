/** Verifies tokens: JWTs signed by one of the configured keys, for this hub, by the configured issuer. */
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import { nobody, type Principal, type Role, roles } from './principal.ts';

export interface TokenSettings {
  readonly keys: JSONWebKeySet;
  readonly issuer: string;
  readonly audience: string;
}
export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

/** Only signatures with a private key that the hub does not have: never `none`, never a shared secret. */
const algorithms = ['EdDSA', 'ES256', 'RS256', 'PS256'];

export function makeAuthenticate({ keys, issuer, audience }: TokenSettings): Authenticate {
  const keySet = createLocalJWKSet(keys);
  return async authorization => {
    if (!authorization) return nobody();
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
    if (!token) return nobody('it is not of the form "Bearer <JWT>"');
    try {
      const { payload } = await jwtVerify(token, keySet, {
        issuer,
        audience,
        algorithms,
        requiredClaims: ['sub', 'exp'],
      });
      return principalOf(payload);
    } catch (error) {
      return nobody(error instanceof errors.JWTExpired ? 'it has expired' : 'it is not valid for this hub');
    }
  };
}

/** Claims that a role cannot do without. */
const needed: Partial<Record<Role, readonly ('agency' | 'host' | 'village')[]>> = {
  officer: ['agency', 'host'],
  'village-agent': ['village'],
  integrator: ['agency'],
};

function principalOf(claims: Readonly<Record<string, unknown>>): Principal {
  const role = roles.find(r => r === claims.role) as Role | undefined;
  if (!role || role === 'public') return nobody('its role is not known');
  const text = (name: string) => (typeof claims[name] === 'string' ? (claims[name] as string) : null);
  const missing = needed[role]?.find(name => text(name) === null);
  if (missing) return nobody(`the role ${role} needs the claim \`${missing}\``);
  const [agency, host, village] = [text('agency'), text('host'), text('village')];
  return { ...nobody(), role, subject: String(claims.sub), agency, host, village, session: text('sid') };
}
