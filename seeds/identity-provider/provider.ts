/** The town's OpenID Connect provider: who may sign in, with which client, and what its tokens say. */
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { type AdapterFactory, type Configuration, errors, interactionPolicy, Provider } from 'oidc-provider';
import { staff, systems } from './accounts.ts';

/** The hub as a resource (RFC 8707). */
export const hubResource = 'urn:outpost-hub';
/** Another service of the town, whose tokens are not for the hub. */
export const queueResource = 'urn:hall-queue';
/** How the tokens for a resource name it (aud). */
const audiences: Readonly<Record<string, string>> = { [hubResource]: 'outpost-hub', [queueResource]: 'hall-queue' };
/** The console's client: public, with PKCE; any port of this machine may be its address. */
export const consoleClient = 'outpost-hub-console';
export const redirectPath = '/signed-in';
const scope = 'hub';

export interface ProviderSetup {
  readonly issuer: string;
  /** Private signing keys, the newest first. */
  readonly keys: readonly JsonWebKey[];
  readonly cookieKey: string;
  readonly memory: AdapterFactory;
  /** Public keys of the systems, by client id: with them they prove who they are (private_key_jwt). */
  readonly systemKeys: Readonly<Record<string, JsonWebKey>>;
  readonly tokenSeconds: number;
}

export const makeSigningKey = (): JsonWebKey => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  alg: 'ES256',
  use: 'sig',
});

export const makeProvider = (setup: ProviderSetup): Provider => new Provider(setup.issuer, configuration(setup));

function configuration(setup: ProviderSetup): Configuration {
  const { keys, memory, cookieKey, tokenSeconds } = setup;
  return {
    adapter: memory,
    jwks: { keys: [...keys] as never },
    cookies: { keys: [cookieKey] },
    clients: [consoleMetadata, ...systemMetadata(setup)] as Configuration['clients'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientBasedCORS: (_ctx, origin, client) => client.clientId === consoleClient && isLoopback(origin),
    findAccount: (_ctx, subject) =>
      staff.some(account => account.subject === subject)
        ? { accountId: subject, claims: async () => ({ sub: subject }) }
        : undefined,
    extraTokenClaims: (_ctx, token) => {
      if (!('accountId' in token)) return { ...systems.find(s => s.clientId === token.clientId)?.claims };
      const account = staff.find(a => a.subject === token.accountId);
      return { ...account?.claims, sid: token.sessionUid };
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => hubResource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          const audience = audiences[resource];
          if (!audience) throw new errors.InvalidTarget();
          const jwt = { sign: { alg: 'ES256' as const } };
          return { scope, audience, accessTokenFormat: 'jwt', accessTokenTTL: tokenSeconds, jwt };
        },
      },
    },
    interactions: { policy: withoutConsent(), url: (_ctx, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
      grant.addOIDCScope('openid');
      for (const resource of Object.keys(audiences)) grant.addResourceScope(resource, scope);
      await grant.save();
      return grant;
    },
    ttl: {
      AccessToken: tokenSeconds,
      ClientCredentials: tokenSeconds,
      IdToken: 3_600,
      Session: 43_200,
      Grant: 43_200,
      Interaction: 600,
    },
  };
}

const consoleMetadata = {
  client_id: consoleClient,
  // A native client's address may have any port of this machine.
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code'],
  response_types: ['code'],
  redirect_uris: ['localhost', '127.0.0.1'].map(host => `http://${host}${redirectPath}`),
};

const systemMetadata = ({ systemKeys }: ProviderSetup) =>
  systems
    .filter(({ clientId }) => systemKeys[clientId])
    .map(({ clientId }) => ({
      client_id: clientId,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      jwks: { keys: [systemKeys[clientId]!] },
    }));

/** Everybody who may sign in may use the hub: no consent is asked for. */
function withoutConsent() {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return policy;
}

const isLoopback = (origin: string) => ['localhost', '127.0.0.1'].includes(URL.parse(origin)?.hostname ?? '');
