/** Tokens that are forged, confused or not for this hub are refused: they open nothing, not even what is public. */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import { greet } from '../../support/greeting.ts';
import { AttackedHub } from './attacked-hub.ts';
import { post, send } from './posting.ts';

let hub: AttackedHub;
let keyServer: Server;
let fetches = 0;
let forged: Readonly<Record<string, string>>;
beforeAll(async () => {
  hub = await AttackedHub.start();
  keyServer = createServer((_request, response) => {
    fetches += 1;
    response.end('{"keys":[]}');
  });
  await new Promise<void>(resolve => keyServer.listen(0, '127.0.0.1', resolve));
  forged = { ...(await hub.issuer.badTokens({ role: 'clerk' })), ...(await confusedTokens()) };
});
afterAll(async () => {
  keyServer?.close();
  await hub?.stop();
});

/** Tokens whose header names the place of the key that the hub should trust. */
async function confusedTokens(): Promise<Record<string, string>> {
  const { port } = keyServer.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/keys.json`;
  const stranger = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = await exportJWK(stranger.publicKey);
  const { keys } = JSON.parse(hub.issuer.environment.HUB_TOKEN_KEYS!) as { keys: Record<string, unknown>[] };
  const { kid } = keys[0]! as { kid?: string };
  const signed = (header: Partial<JWTHeaderParameters>) =>
    new SignJWT({ role: 'clerk' })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header } as JWTHeaderParameters)
      .setSubject('somebody')
      .setIssuer(hub.issuer.environment.HUB_TOKEN_ISSUER!)
      .setAudience(hub.issuer.environment.HUB_TOKEN_AUDIENCE!)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(stranger.privateKey);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
  const head = `${encode({ alg: 'HS512', typ: 'at+jwt' })}.${encode({ role: 'clerk' })}`;
  return {
    'with its key in the header (jwk)': await signed({ jwk }),
    'with the address of its key in the header (jku)': await signed({ jku: url }),
    'with the address of its certificate in the header (x5u)': await signed({ x5u: url }),
    'with a key id of this hub': await signed({ kid: kid ?? '0' }),
    'with a key id that is a path': await signed({ kid: '../../../../dev/null' }),
    'with a key id that is SQL': await signed({ kid: "' union select 'secret" }),
    'with a part that must be understood (crit)': await signed({ crit: ['b64'], b64: true }),
    'without a type': await signed({ typ: 'JWT' }),
    'HS512 with some public key': `${head}.${createHmac('sha512', rsa).update(head).digest('base64url')}`,
    'with a signature of zeros': `${encode({ alg: 'EdDSA', typ: 'at+jwt' })}.${encode({ role: 'clerk' })}.${Buffer.alloc(64).toString('base64url')}`,
    'of sixty thousand letters': `${'a'.repeat(5_000)}.${'b'.repeat(5_000)}.${'c'.repeat(5_000)}`,
    'with claims in circles of brackets': `${encode({ alg: 'EdDSA' })}.${Buffer.from('['.repeat(3_000)).toString('base64url')}.AA`,
  };
}
const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

const personal =
  '{ persons(first: 5) { nodes { name address } } cases(first: 5) { nodes { title } } agencies(first: 1) { nodes { code } } }';

test('no forged token opens anything, and its refusal contains nothing of it', async () => {
  expect(Object.keys(forged).length).toBeGreaterThan(20);
  for (const [name, token] of Object.entries(forged)) {
    const headers = { authorization: `Bearer ${token}`, 'x-purpose': 'task:test' };
    const { data, codes, status, text, headers: head } = await post(hub.url, personal, { headers });
    expect({ name, status, codes, data }).toEqual({ name, status: 401, codes: ['UNAUTHENTICATED'], data: undefined });
    expect(hub.leaks(text)).toEqual([]);
    if (token) expect(`${text} ${head.get('www-authenticate')}`).not.toContain(token);
  }
});

test('a forged token is refused on each transport before anything is read', async () => {
  const budget = hub.budget();
  for (const [name, token] of Object.entries(forged)) {
    const headers = { authorization: `Bearer ${token}`, 'x-purpose': 'task:test' };
    const query = `?query=${encodeURIComponent(personal)}`;
    for (const path of [
      `/graphql${query}`,
      `/graphql/stream${query}`,
      '/export/cases-by-month.csv',
      '/export/manifests/x',
    ])
      expect({ name, path, status: (await send(`${hub.url}${path}`, { headers })).status }).toEqual({
        ...{ name, path, status: 401 },
      });
    expect({ name, ...(await greet(hub.url, headers)) }).toMatchObject({ name, code: 4401 });
  }
  expect(budget.untouched).toBe(true);
});

test.each([
  'Digest username="clerk"',
  'Basic Y2xlcms6Y2xlcms=',
  '',
  'Bearer',
  'Bearer  ',
  'bearer null',
  'Negotiate AAAA',
  'Bearer a.b.c d.e.f',
  `Bearer ${'.'.repeat(2_000)}`,
])('the header %s makes nobody a clerk, nor a stranger', async authorization => {
  const { data, status, codes } = await post(hub.url, personal, { headers: { authorization } });
  expect({ data, status, codes }).toEqual({ data: undefined, status: 401, codes: ['UNAUTHENTICATED'] });
});

test('a good token opens more, so the tests above mean something', async () => {
  const token = await hub.issuer.token({ role: 'clerk', sub: 'clerk' });
  const { data, codes } = await post(hub.url, personal, { token, headers: { 'x-purpose': 'task:test' } });
  expect(codes).toEqual([]);
  expect((data as { cases: { nodes: unknown[] } }).cases.nodes.length).toBeGreaterThan(0);
});

test('no header of a token made the hub ask a server for keys', () => {
  expect(fetches).toBe(0);
});

test('the log contains no token and no claim', () => {
  for (const token of Object.values(forged).filter(text => text.length > 20)) expect(hub.log).not.toContain(token);
});

test('afterwards the hub is healthy', async () => {
  expect(await hub.stillWell()).toMatchObject({ alive: true, leaked: [] });
});
