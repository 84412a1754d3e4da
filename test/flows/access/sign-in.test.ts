import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { staff, systems } from '../../../seeds/identity-provider/accounts.ts';
import { consoleClient, hubResource, queueResource, redirectPath } from '../../../seeds/identity-provider/provider.ts';
import { ProviderProcess } from '../../../seeds/identity-provider/provider-process.ts';
import { signIn, systemToken } from '../../../seeds/identity-provider/sign-in.ts';
import { roles } from '../../../src/access/principal.ts';
import type { Authenticate } from '../../../src/access/tokens.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import type { HubError } from '../../../src/domain/error-codes.ts';
import { systemTokenOf, trusting, verifierOf } from '../../support/identity-provider.ts';
import { freePort } from '../../support/spawned-command.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

let provider: ProviderProcess;
let authenticate: Authenticate;
const bearer = (token: string, verify = authenticate) => verify(`Bearer ${token}`);
/** The code and the reason of a refusal; null when the token is accepted. */
const refusal = (token: string, verify = authenticate) =>
  bearer(token, verify).then(
    () => null,
    ({ code, details }: HubError) => [code, details.reason],
  );
const notForThisHub = ['UNAUTHENTICATED', 'the token is not for this hub'];

beforeAll(async () => {
  provider = await ProviderProcess.start();
});
afterAll(() => provider.stop());
beforeEach(() => {
  authenticate = verifierOf(provider.issuer);
});

describe('people sign in by authorization code with PKCE', () => {
  test.each(staff.map(account => [account.claims.role, account] as const))(
    'somebody with the role %s',
    async (role, { subject, claims }) => {
      const principal = await bearer(await signIn(provider.issuer, subject));
      const { agency = null, host = null, village = null } = claims;
      expect(principal).toMatchObject({ role, subject, agency, host, village });
      expect(principal.session).toMatch(/^[\w-]{20,}$/);
    },
  );

  test('every role but the public has an account', () => {
    expect(new Set(['public', ...staff.map(account => account.claims.role)])).toEqual(new Set(roles));
  });

  test('two sign-ins are two sessions', async () => {
    const tokens = [await signIn(provider.issuer, 'clerk-1'), await signIn(provider.issuer, 'clerk-1')];
    const [first, second] = await Promise.all(tokens.map(token => bearer(token)));
    expect(first!.session).not.toBe(second!.session);
  });

  test('a stranger gets no token', async () => {
    await expect(signIn(provider.issuer, 'stranger-1')).rejects.toThrow('stranger-1 could not sign in');
  });

  test.each([
    ['no challenge', {}],
    ['a challenge that is the verifier itself', { code_challenge: 'v'.repeat(43), code_challenge_method: 'plain' }],
  ])('a browser that comes with %s is sent back without a code', async (_what, challenge) => {
    const question = new URLSearchParams({
      client_id: consoleClient,
      response_type: 'code',
      redirect_uri: `http://localhost${redirectPath}`,
      scope: 'openid hub',
      resource: hubResource,
      ...challenge,
    });
    const response = await fetch(`${provider.issuer}/auth?${question}`, { redirect: 'manual' });
    const back = new URL(response.headers.get('location')!).searchParams;
    expect([back.get('error'), back.get('code')]).toEqual(['invalid_request', null]);
  });

  test('tokens are access tokens, contain no name, and live 12 hours', async () => {
    const token = await signIn(provider.issuer, 'clerk-1');
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
    const claims = decodeJwt(token);
    expect(Object.keys(claims).sort()).toEqual('aud client_id exp iat iss jti role scope sid sub'.split(' '));
    expect(claims.exp! - claims.iat!).toBe(43_200);
  });
});

describe('systems sign in by client credentials with private_key_jwt', () => {
  test.each(systems)('$clientId', async ({ clientId, claims }) => {
    const principal = await bearer(await systemTokenOf(provider, clientId));
    const { role, agency = null } = claims;
    expect(principal).toMatchObject({ role, subject: clientId, agency, session: null });
  });

  test("a system gets no token with another system's key, nor with a key of its own making", async () => {
    const { issuer, privateKeys } = provider;
    const anyKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    for (const key of [privateKeys.get('land-integrator')!, anyKey]) {
      await expect(systemToken(issuer, 'commerce-integrator', key)).rejects.toThrow('invalid_client');
    }
  });
});

describe('what the hub does not accept', () => {
  test('a token for another service of the town', async () => {
    for (const token of [
      await signIn(provider.issuer, 'clerk-1', queueResource),
      await systemTokenOf(provider, 'hall-screen', queueResource),
    ]) {
      expect(await refusal(token)).toEqual(notForThisHub);
    }
  });

  test('a token of another issuer', async () => {
    const other = await ProviderProcess.start();
    try {
      const token = await signIn(other.issuer, 'clerk-1');
      expect(await refusal(token)).toEqual(notForThisHub);
    } finally {
      await other.stop();
    }
  });

  describe("with an issuer whose clock differs from the hub's", () => {
    const lifetime = 43_200;
    afterAll(() => provider.setClock(0));
    test.each([
      ['expired 3 s ago', -lifetime - 3, null],
      ['expired a minute ago', -lifetime - 60, ['UNAUTHENTICATED', 'the token has expired']],
      ['issued 3 s from now', 3, null],
      ['issued a minute from now', 60, notForThisHub],
    ])('a few seconds are tolerated: a token that was %s', async (_what, aheadSeconds, problem) => {
      await provider.setClock(aheadSeconds);
      const token = await signIn(provider.issuer, 'clerk-1');
      expect(await refusal(token)).toEqual(problem);
      // Without tolerance neither token passes.
      expect(await refusal(token, verifierOf(provider.issuer, 0))).not.toBeNull();
    });
  });
});

describe('a hub with an issuer', () => {
  let hub: TestHub;
  const question = '{ persons(first: 1) { totalCount } }';
  const ask = async (token: string) => {
    const { errors } = await new HallClient(hub.hub.url, token).ask(question);
    return errors ? errors[0]!.extensions : 'answered';
  };

  test('starts while the issuer is down, reports it, and accepts its tokens once it is up', async () => {
    const port = await freePort();
    hub = await startTestHub({ environment: trusting(`http://127.0.0.1:${port}`) });
    try {
      const early = await systemTokenOf(provider, 'hall-screen');
      expect(await ask(early)).toMatchObject({ code: 'ISSUER_UNAVAILABLE', retry: true, retryAfterMs: 1 });
      const late = await ProviderProcess.start({ port });
      try {
        expect(await ask(await signIn(late.issuer, 'clerk-1'))).toBe('answered');
        expect(await ask(early)).toMatchObject({ code: 'UNAUTHENTICATED', reason: notForThisHub[1] });
      } finally {
        await late.stop();
      }
    } finally {
      await hub.stop();
    }
  });

  test('follows the rotation of keys while it runs', async () => {
    hub = await startTestHub({ environment: trusting(provider.issuer) });
    try {
      const before = await signIn(provider.issuer, 'clerk-1');
      expect(await ask(before)).toBe('answered');
      await provider.rotateKeys();
      const after = await signIn(provider.issuer, 'clerk-1');
      expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
      expect(await ask(after)).toBe('answered');
      expect(await ask(before)).toMatchObject({ code: 'UNAUTHENTICATED', reason: notForThisHub[1] });
    } finally {
      await hub.stop();
    }
  });
});

describe('an issuer that misbehaves', () => {
  let server: Server;
  let issuer: string;
  let asked: string[] = [];
  /** What the issuer answers, by path. */
  let says: Readonly<Record<string, unknown>> = {};
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url!);
      const answer = says[request.url!];
      if (answer instanceof URL) response.writeHead(307, { location: answer.href }).end();
      // For an unknown path the issuer stays silent.
      else if (answer !== undefined) response.end(JSON.stringify(answer));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });
  const discovery = '/.well-known/openid-configuration';
  const unverifiable = ['ISSUER_UNAVAILABLE', undefined];

  test.each([
    [
      'names itself otherwise',
      () => ({ [discovery]: { issuer: 'https://other.example', jwks_uri: `${issuer}/keys` } }),
    ],
    [
      'has its keys where everybody can exchange them',
      () => ({ [discovery]: { issuer, jwks_uri: 'http://192.0.2.1/k' } }),
    ],
    ['has no keys', () => ({ [discovery]: { issuer } })],
    ['speaks of anything else', () => ({ [discovery]: ['hello'] })],
    ['talks without end', () => ({ [discovery]: 'x'.repeat(300_000) })],
    [
      'sends on to another description',
      () => ({ [discovery]: new URL(`${issuer}/other`), '/other': { issuer, jwks_uri: `${issuer}/keys` } }),
    ],
    [
      'sends on to other keys',
      () => ({
        [discovery]: { issuer, jwks_uri: `${issuer}/keys` },
        '/keys': new URL(`${provider.issuer}/jwks`),
      }),
    ],
    ['gives no key set', () => ({ [discovery]: { issuer, jwks_uri: `${issuer}/keys` }, '/keys': { keys: 'none' } })],
  ])('an issuer that %s verifies nothing', async (_what, told) => {
    says = told();
    asked = [];
    const verify = verifierOf(issuer, 5, { deadlineMs: 3_000, pauseMs: 60_000 });
    const token = await systemTokenOf(provider, 'hall-screen');
    for (let i = 0; i < 3; i++) expect(await refusal(token, verify)).toEqual(unverifiable);
    expect(new Set(asked).size).toBe(asked.length);
  });

  test('a silent issuer is given up after its deadline, and is not asked again for every token', async () => {
    says = {};
    asked = [];
    const verify = verifierOf(issuer, 5, { deadlineMs: 100, pauseMs: 60_000 });
    const token = await systemTokenOf(provider, 'hall-screen');
    const refusals = await Promise.all(Array.from({ length: 20 }, () => refusal(token, verify)));
    refusals.push(await refusal(token, verify));
    for (const each of refusals) expect(each).toEqual(unverifiable);
    expect(asked).toEqual([discovery]);
  });

  test('many tokens with invented keys make the hub look for keys only once', async () => {
    const keys = (await (await fetch(`${provider.issuer}/jwks`)).json()) as object;
    says = { [discovery]: { issuer, jwks_uri: `${issuer}/keys` }, '/keys': keys };
    asked = [];
    const verify = verifierOf(issuer, 5, { deadlineMs: 3_000, pauseMs: 60_000 });
    const [, payload, signature] = (await systemTokenOf(provider, 'hall-screen')).split('.');
    for (let i = 0; i < 20; i++) {
      const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: `invented ${i}` })).toString(
        'base64url',
      );
      expect(await refusal(`${header}.${payload}.${signature}`, verify)).toEqual(notForThisHub);
    }
    expect(asked).toEqual([discovery, '/keys']);
  });
});
