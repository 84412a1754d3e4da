/** Gets tokens in the usual ways: people sign in with a browser (code with PKCE), systems use their private key. */
import { createHash, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { consoleClient, hubResource, redirectPath } from './provider.ts';

interface Endpoints {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
}
const endpointsOf = async (issuer: string): Promise<Endpoints> =>
  (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Endpoints;

/** The console's address. Nothing needs to listen there, because the code is in the address. */
const redirectUri = `http://localhost${redirectPath}`;
const maxRedirects = 10;

/** Signs in a member of staff through the provider's pages; returns the access token for the hub. */
export async function signIn(issuer: string, subject: string, resource = hubResource): Promise<string> {
  const { authorization_endpoint, token_endpoint } = await endpointsOf(issuer);
  const [verifier, state] = [randomBytes(32).toString('base64url'), randomUUID()];
  const question = new URLSearchParams({
    client_id: consoleClient,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid hub',
    resource,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const browser = new Browser();
  const page = await browser.open(`${authorization_endpoint}?${question}`);
  const back = await browser.submit(page, { account: subject });
  const answer = new URL(back.url).searchParams;
  if (answer.get('state') !== state || !answer.has('code')) throw new Error(`${subject} could not sign in`);
  return askForToken(token_endpoint, {
    grant_type: 'authorization_code',
    client_id: consoleClient,
    code: answer.get('code')!,
    code_verifier: verifier,
    redirect_uri: redirectUri,
    resource,
  });
}

/** A system's access token for the hub, by client credentials with private_key_jwt. */
export async function systemToken(
  issuer: string,
  clientId: string,
  privateKey: KeyObject,
  resource = hubResource,
): Promise<string> {
  const { token_endpoint } = await endpointsOf(issuer);
  const assertion = await new SignJWT()
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(issuer)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(privateKey);
  return askForToken(token_endpoint, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    scope: 'hub',
    resource,
  });
}

async function askForToken(endpoint: string, form: Record<string, string>): Promise<string> {
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) });
  const answer = (await response.json()) as { access_token?: string; error?: string };
  if (!answer.access_token) throw new Error(`The identity provider gave no token: ${answer.error}`);
  return answer.access_token;
}

interface Page {
  readonly url: string;
  readonly html: string;
}

/** The parts of a browser that a sign-in needs: cookies with their paths, redirects, one form. */
class Browser {
  private readonly cookies = new Map<string, { readonly value: string; readonly path: string }>();

  /** Follows redirects until the console's address. */
  async open(url: string, form?: Record<string, string>): Promise<Page> {
    let [next, body] = [url, form];
    for (let redirects = 0; redirects < maxRedirects; redirects++) {
      if (next.startsWith(redirectUri)) return { url: next, html: '' };
      const response = await fetch(next, {
        redirect: 'manual',
        headers: { cookie: this.cookiesFor(new URL(next).pathname) },
        ...(body && { method: 'POST', body: new URLSearchParams(body) }),
      });
      this.keep(response.headers.getSetCookie());
      const html = await response.text();
      const location = response.headers.get('location');
      if (!location) return { url: next, html };
      [next, body] = [new URL(location, next).href, undefined];
    }
    throw new Error('The identity provider redirects without end');
  }

  submit({ url, html }: Page, form: Record<string, string>): Promise<Page> {
    const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1];
    if (!action) throw new Error('The identity provider showed no form');
    return this.open(new URL(action, url).href, form);
  }

  private cookiesFor(path: string): string {
    const fitting = [...this.cookies].filter(([, cookie]) => path.startsWith(cookie.path));
    return fitting.map(([name, { value }]) => `${name}=${value}`).join('; ');
  }
  private keep(cookies: readonly string[]): void {
    for (const cookie of cookies) {
      const [pair = '', ...attributes] = cookie.split(/;\s*/);
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const path = attributes.find(attribute => /^path=/i.test(attribute))?.slice(5) ?? '/';
      if (value) this.cookies.set(name, { value, path });
      else this.cookies.delete(name);
    }
  }
}
