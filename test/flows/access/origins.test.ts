/**
 * One list says which pages may use the hub from a browser, for HTTP, event streams, exports and sockets. The hub's own
 * origin always may, and so may programs, which send none.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { greet } from '../../support/greeting.ts';
import { listenToRoutes } from '../../support/listen-to-routes.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const listed = 'http://localhost:5173';
const foreign = [
  'https://evil.example',
  'null',
  'http://localhost:5174',
  'http://localhost:5173.evil.example',
  'https://localhost:5173',
  'HTTP://LOCALHOST:5173',
  `${listed}, https://evil.example`,
  '*',
  '',
];
let open: TestHub;
let plain: TestHub;
let routes: readonly string[];
beforeAll(async () => {
  const listening = listenToRoutes();
  const environment = { HUB_ORIGINS: `${listed}, https://hall.example`, HUB_TRUSTED_PROXIES: '127.0.0.1,::1' };
  open = await startTestHub({ adapters: [], environment });
  listening.stop();
  routes = [...listening.seen];
  plain = await startTestHub({ adapters: [] });
});
afterAll(async () => {
  await open?.stop();
  await plain?.stop();
});

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}
const question = '{ agencies { nodes { code } } }';
function ask(hub: TestHub, route: string, headers: Readonly<Record<string, string>>): Promise<Reply> {
  const [method, pattern] = route.split(' ') as [string, string];
  const path = pattern.replace(':file', 'no-such-query.csv').replace(':agency', 'nobody');
  const search = path.startsWith('/graphql') && method !== 'POST' ? `?query=${encodeURIComponent(question)}` : '';
  return new Promise((resolve, reject) => {
    const asked = request(
      hub.hub.url,
      { method, path: path + search, headers: { 'content-type': 'application/json', ...headers } },
      response => {
        let text = '';
        response.setEncoding('utf8').on('data', part => {
          text += part;
        });
        response.on('close', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      },
    );
    asked.on('error', reject).end(method === 'POST' ? JSON.stringify({ query: question }) : undefined);
  });
}
const own = (hub: TestHub) => new URL(hub.hub.url).origin;
const refused = {
  status: 403,
  headers: expect.not.objectContaining({ 'access-control-allow-origin': expect.anything() }),
};
const readable = {
  'access-control-allow-origin': listed,
  'access-control-expose-headers': expect.stringContaining('www-authenticate'),
  'cross-origin-resource-policy': 'cross-origin',
  vary: expect.stringMatching(/\bOrigin\b/i),
};

test('no route answers a page of another origin', async () => {
  expect(routes.length).toBeGreaterThan(15);
  for (const route of routes)
    for (const origin of foreign) {
      expect([route, origin, await ask(open, route, { origin })]).toEqual([
        route,
        origin,
        expect.objectContaining(refused),
      ]);
    }
  expect(await ask(plain, 'GET /graphql/stream', { origin: listed })).toMatchObject(refused);
});

test('every route answers pages of listed origins in a way that they can read, refusals too', async () => {
  for (const route of routes) {
    const { status, headers } = await ask(open, route, { origin: listed });
    expect([route, status]).not.toEqual([route, 403]);
    expect([route, headers]).toMatchObject([route, readable]);
  }
  const refusal = await ask(open, 'POST /graphql', { origin: listed, authorization: 'Bearer x' });
  expect(refusal).toMatchObject({ status: 401, headers: readable });
});

test('every route answers programs and pages of its own origin, without a word about others', async () => {
  for (const route of routes)
    for (const given of [{}, { origin: own(open) }] as Record<string, string>[]) {
      const { status, headers } = await ask(open, route, given);
      expect([route, given, status]).not.toEqual([route, given, 403]);
      expect(headers).toMatchObject({ 'cross-origin-resource-policy': 'same-origin' });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
});

test.each(['/graphql', '/graphql/stream', '/export/:file'])('a browser may ask beforehand about %s', async path => {
  const asking = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,x-purpose',
  };
  const { status, headers } = await ask(open, `OPTIONS ${path}`, { origin: listed, ...asking });
  expect([status, headers]).toMatchObject([204, { 'access-control-allow-origin': listed }]);
  expect(String(headers['access-control-allow-methods']).split(', ')).toEqual(expect.arrayContaining(['GET', 'POST']));
  expect(String(headers['access-control-allow-headers']).split(', ')).toEqual(
    expect.arrayContaining(['authorization', 'content-type', 'x-purpose', 'last-event-id']),
  );
  expect(Number(headers['access-control-max-age'])).toBeGreaterThan(0);
  expect(headers).not.toHaveProperty('access-control-allow-credentials');
  for (const origin of foreign)
    expect(await ask(open, `OPTIONS ${path}`, { origin, ...asking })).toMatchObject(refused);
});

test('what a page loads without an origin, such as an image, is refused; a link that is followed is not', async () => {
  for (const site of ['cross-site', 'same-site']) {
    const loaded = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' };
    expect(await ask(open, 'GET /graphql/stream', loaded)).toMatchObject(refused);
    const followed = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' };
    expect((await ask(open, 'GET /export/:file', followed)).status).not.toBe(403);
  }
});

describe('a socket', () => {
  test('is not opened to a page of another origin', async () => {
    for (const origin of foreign)
      expect([origin, await greet(open.hub.url, {}, { headers: { origin } })]).toEqual([origin, { status: 403 }]);
    expect(await greet(plain.hub.url, {}, { headers: { origin: listed } })).toEqual({ status: 403 });
  });

  test('is opened to listed origins, to its own, and to programs', async () => {
    for (const headers of [{ origin: listed }, { origin: own(open) }, {}] as Record<string, string>[])
      expect(await greet(open.hub.url, {}, { headers })).toEqual({ welcome: null });
  });
});

describe('behind a proxy that ends TLS', () => {
  const origin = 'https://hub.example';
  const status = async (hub: TestHub, headers: Readonly<Record<string, string>>) =>
    (await ask(hub, 'POST /graphql', { origin, ...headers })).status;

  test('the host that the browser asks for is the own one', async () => {
    for (const hub of [open, plain]) expect(await status(hub, { host: 'hub.example' })).toBe(200);
    expect(await status(open, { host: 'hub.example:443' })).toBe(200);
    expect(await status(open, { host: 'hub.example:8443' })).toBe(403);
  });

  test('what a trusted proxy says of scheme and host counts, and what others say does not', async () => {
    const proxied = { host: '10.0.0.7:4000', 'x-forwarded-host': 'hub.example', 'x-forwarded-proto': 'https' };
    expect(await status(open, proxied)).toBe(200);
    expect(await status(open, { ...proxied, 'x-forwarded-proto': 'http' })).toBe(403);
    expect(await status(plain, proxied)).toBe(403);
  });
});
