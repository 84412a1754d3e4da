/** The demo's ready-made tokens, from the town's identity provider in the usual way. */
import type { ProviderProcess } from '../../seeds/identity-provider/provider-process.ts';
import { signIn, systemToken } from '../../seeds/identity-provider/sign-in.ts';

export interface DemoTokens {
  readonly clerk: string;
  readonly analyst: string;
  readonly integrator: string;
}

/**
 * Two people sign in (code with PKCE); the integrator of commerce is a system (client credentials, private_key_jwt).
 */
export async function demoTokens({ issuer, privateKeys }: ProviderProcess): Promise<DemoTokens> {
  const system = 'commerce-integrator';
  const [clerk, analyst, integrator] = await Promise.all([
    signIn(issuer, 'clerk-1'),
    signIn(issuer, 'analyst-1'),
    systemToken(issuer, system, privateKeys.get(system)!),
  ]);
  return { clerk, analyst, integrator };
}

/** Makes a hub trust the provider; keys in the environment belong to another issuer. */
export const trustOf = ({ issuer }: ProviderProcess) => ({ HUB_TOKEN_ISSUER: issuer, HUB_TOKEN_KEYS: '' });
