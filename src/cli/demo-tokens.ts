/** The demo's own issuer: a key made at every start, and a token for each kind of reader. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface DemoTokens {
  readonly clerk: string;
  readonly analyst: string;
  readonly integrator: string;
}
export const demoIssuer = 'outpost-hub-demo';

/** `environment` makes a hub trust the tokens. */
export async function makeDemoTokens(): Promise<{ tokens: DemoTokens; environment: Record<string, string> }> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA');
  const sign = (claims: Record<string, string>) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA' })
      .setSubject(`demo-${claims.role}`)
      .setIssuer(demoIssuer)
      .setAudience('outpost-hub')
      .setIssuedAt()
      .setExpirationTime('12h')
      .sign(privateKey);
  return {
    tokens: {
      clerk: await sign({ role: 'clerk' }),
      analyst: await sign({ role: 'analyst' }),
      integrator: await sign({ role: 'integrator', agency: 'commerce' }),
    },
    environment: {
      HUB_TOKEN_KEYS: JSON.stringify({ keys: [await exportJWK(publicKey)] }),
      HUB_TOKEN_ISSUER: demoIssuer,
    },
  };
}
