/** Ready-made tokens of a test issuer, which are faster than signing in. The tests of sign-in use a real provider. */
import type { DemoTokens } from '../../src/cli/demo-tokens.ts';
import { makeTokenIssuer } from './token-issuer.ts';

/** `environment` makes a hub trust the tokens, and keep its audit log where no other hub writes. */
export async function makeTestTokens(): Promise<{ tokens: DemoTokens; environment: Readonly<Record<string, string>> }> {
  const { token, environment } = await makeTokenIssuer();
  const tokens = {
    clerk: await token({ sub: 'test-clerk', role: 'clerk' }),
    analyst: await token({ sub: 'test-analyst', role: 'analyst' }),
    integrator: await token({ sub: 'test-integrator', role: 'integrator', agency: 'commerce' }),
  };
  return { tokens, environment };
}
