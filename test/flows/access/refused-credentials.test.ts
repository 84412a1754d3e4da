/**
 * Credentials that are given and not accepted are refused on every transport, with the reason: nobody who gives any is
 * served as the public.
 */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { greet } from '../../support/greeting.ts';
import { trusting, verifierOf } from '../../support/identity-provider.ts';
import { listenToRoutes } from '../../support/listen-to-routes.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

/** How each route treats credentials; a route that is missing here fails the first test. */
const routes: Readonly<Record<string, 'refuses bad ones' | 'reads none'>> = {
  'GET /graphql': 'refuses bad ones',
  'HEAD /graphql': 'refuses bad ones',
  'POST /graphql': 'refuses bad ones',
  'OPTIONS /graphql': 'refuses bad ones',
  'GET /graphql/stream': 'refuses bad ones',
  'HEAD /graphql/stream': 'refuses bad ones',
  'POST /graphql/stream': 'refuses bad ones',
  'GET /export/:file': 'refuses bad ones',
  'HEAD /export/:file': 'refuses bad ones',
  'GET /export/tickets/:file': 'refuses bad ones',
  'HEAD /export/tickets/:file': 'refuses bad ones',
  'GET /export/manifests/:file': 'refuses bad ones',
  'HEAD /export/manifests/:file': 'refuses bad ones',
  // Agencies sign what they deliver (flows/access/pushing-with-certificates, contracts/attacks/deliveries).
  'POST /push/:agency': 'reads none',
  'GET /livez': 'reads none',
  'HEAD /livez': 'reads none',
  'GET /readyz': 'reads none',
  'HEAD /readyz': 'reads none',
};
const refusing = Object.keys(routes).filter(route => routes[route] === 'refuses bad ones');

let t: TestHub;
let issuer: TokenIssuer;
let seen: ReadonlySet<string>;
/** Values of `authorization`, by what is wrong with them. */
let bad: Readonly<Record<string, string>>;
let good: string;
const listening = listenToRoutes();
beforeAll(async () => {
  issuer = await makeTokenIssuer();
  t = await startTestHub({ adapters: [], environment: issuer.environment });
  seen = listening.seen;
  listening.stop();
  const clerk = await issuer.token({ role: 'clerk', sub: 'clerk' });
  const other = await issuer.token({ role: 'clerk', sub: 'other' });
  const tokens = await issuer.badTokens({ role: 'clerk' });
  good = `Bearer ${clerk}`;
  bad = {
    ...Object.fromEntries(Object.entries(tokens).map(([what, token]) => [what, `Bearer ${token}`])),
    'another scheme': 'Basic Y2xlcms6Y2xlcms=',
    'a good token under another scheme': `Basic ${clerk}`,
    'a token without a scheme': clerk,
    'a scheme without a token': 'Bearer',
    nothing: '',
    'two good tokens': `${good}, Bearer ${other}`,
    'two good tokens after one scheme': `${good} ${other}`,
  };
});
afterAll(() => t?.stop());

const question = '{ agencies { nodes { code } } }';
function asking(route: string, authorization: string | readonly string[] | null, url = t.hub.url) {
  const [method, pattern] = route.split(' ') as [string, string];
  const path = pattern.replace(':file', 'cases-by-month.csv').replace(':agency', 'nobody');
  const search = path.startsWith('/graphql') && method !== 'POST' ? `?query=${encodeURIComponent(question)}` : '';
  const headers = {
    'content-type': 'application/json',
    'apollo-require-preflight': 'true',
    ...(authorization !== null && { authorization: authorization as string }),
  };
  return sent(url, { method, path: `${path}${search}`, headers }, JSON.stringify({ query: question }));
}
interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}
/** By node:http, because `fetch` joins headers of one name and refuses odd ones. */
function sent(url: string, options: object, body = ''): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, response => {
      let text = '';
      response.setEncoding('utf8').on('data', part => {
        text += part;
        // An event stream is left open by whoever serves it to the public.
        if (String(response.headers['content-type']).startsWith('text/event-stream')) response.destroy();
      });
      const done = () => resolve({ status: response.statusCode!, headers: response.headers, text });
      response.on('end', done).on('close', done);
    });
    asked.on('error', reject).end((options as { method?: string }).method === 'POST' ? body : undefined);
  });
}

test('every route says how it treats credentials', () => {
  expect([...seen].sort()).toEqual(Object.keys(routes).sort());
});

test.each(refusing)('%s refuses what is not accepted with 401, the reason, and nothing else', async route => {
  for (const [what, authorization] of Object.entries(bad)) {
    const { status, headers, text } = await asking(route, authorization);
    expect([what, status, headers['www-authenticate']]).toEqual([
      what,
      401,
      expect.stringMatching(/^Bearer error="invalid_token", error_description="[^"]+"$/),
    ]);
    if (route.startsWith('HEAD')) continue;
    const extensions = { code: 'UNAUTHENTICATED', retry: false, reason: expect.any(String) };
    expect([what, JSON.parse(text)]).toEqual([what, { errors: [{ message: expect.any(String), extensions }] }]);
  }
});

test.each(refusing)('%s takes a good token, and serves those who give none as the public', async route => {
  for (const authorization of [good, null]) expect((await asking(route, authorization)).status).not.toBe(401);
});

test('routes that read no credentials answer the same whatever stands there', async () => {
  for (const route of Object.keys(routes).filter(each => routes[each] === 'reads none')) {
    const { status } = await asking(route, null);
    for (const authorization of Object.values(bad)) expect((await asking(route, authorization)).status).toBe(status);
  }
});

test('a second header does not hide behind a first one', async () => {
  for (const pair of [
    [good, bad.expired!],
    [bad.expired!, good],
    [good, good],
  ])
    expect((await asking('POST /graphql', pair)).status).toBe(401);
});

test('a token in the address is refused, a good one too', async () => {
  const inAddress = `?query=${encodeURIComponent(question)}&access_token=${good.slice('Bearer '.length)}`;
  for (const path of ['/graphql', '/graphql/stream'])
    expect((await sent(t.hub.url, { path: `${path}${inAddress}` })).status).toBe(401);
  expect(await greet(t.hub.url, {}, { path: `/graphql${inAddress}` })).toMatchObject({ code: 4401 });
});

test('a path that does not exist gives no way around', async () => {
  expect((await sent(t.hub.url, { path: '/nothing', headers: { authorization: bad.expired! } })).status).toBe(401);
  expect((await sent(t.hub.url, { path: '/nothing' })).status).toBe(404);
});

describe('over a connection that is kept', () => {
  /** Writes raw requests over one connection and resolves with the statuses of as many answers. */
  async function statuses(text: string, count: number): Promise<string[]> {
    const socket = connect(Number(new URL(t.hub.url).port), 'localhost');
    await once(socket, 'connect');
    socket.write(text);
    let heard = '';
    const found = () => [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status!);
    socket.on('data', part => {
      heard += part;
      if (found().length >= count) socket.destroy();
    });
    await once(socket, 'close');
    return found();
  }
  const head = (more: string) => `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${more}\r\n`;

  test('the head is refused before the body has come', async () => {
    expect(await statuses(head(`authorization: ${bad.expired}\r\ncontent-length: 150000\r\n`), 1)).toEqual(['401']);
  });

  test('what follows the refused request is answered', async () => {
    const body = JSON.stringify({ query: question, padding: 'x'.repeat(150_000) });
    const refused = head(`authorization: ${bad.expired}\r\ncontent-length: ${body.length}\r\n`) + body;
    expect(await statuses(`${refused}GET /livez HTTP/1.1\r\nhost: x\r\n\r\n`, 2)).toEqual(['401', '200']);
  });
});

describe('a socket', () => {
  const refused = { code: 4401, reason: expect.stringMatching(/^UNAUTHENTICATED: ./) };

  test('is closed with 4401 and the reason, wherever the credentials stand', async () => {
    for (const [what, authorization] of Object.entries(bad)) {
      expect([what, await greet(t.hub.url, { authorization })]).toEqual([what, refused]);
      expect([what, await greet(t.hub.url, { Authorization: authorization })]).toEqual([what, refused]);
      const headers = { authorization };
      expect([what, await greet(t.hub.url, {}, { headers })]).toEqual([what, refused]);
      expect([what, await greet(t.hub.url, { authorization: good }, { headers })]).toEqual([what, refused]);
    }
    for (const authorization of [7, {}, [good], true, false, 0])
      expect([authorization, await greet(t.hub.url, { authorization })]).toEqual([authorization, refused]);
  });

  test('is closed where two good tokens disagree', async () => {
    const other = `Bearer ${await issuer.token({ role: 'clerk', sub: 'other' })}`;
    expect(await greet(t.hub.url, { authorization: good, AUTHORIZATION: other })).toEqual(refused);
    expect(await greet(t.hub.url, { authorization: other }, { headers: { authorization: good } })).toEqual(refused);
  });

  test('takes a good token in either place, and in both when they are the same', async () => {
    const headers = { authorization: good };
    expect(await greet(t.hub.url, { authorization: good })).toEqual({ welcome: null });
    expect(await greet(t.hub.url, {}, { headers })).toEqual({ welcome: null });
    expect(await greet(t.hub.url, { authorization: good }, { headers })).toEqual({ welcome: null });
    for (const authorization of [undefined, null])
      expect(await greet(t.hub.url, { authorization })).toEqual({ welcome: null });
  });
});

describe('while the issuer does not answer', () => {
  let server: Server;
  let url: string;
  let asked = 0;
  let silent = false;
  const pair = generateKeyPair('EdDSA', { extractable: true });
  beforeAll(async () => {
    const jwk = { ...(await exportJWK((await pair).publicKey)), kid: 'known', alg: 'EdDSA' };
    server = createServer((asking, response) => {
      asked += 1;
      if (silent) return response.destroy();
      const answer = asking.url === '/keys' ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/keys` };
      return response.end(JSON.stringify(answer));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  const token = async (kid: string) =>
    `Bearer ${await new SignJWT({ role: 'clerk' })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
      .setSubject('somebody')
      .setIssuer(url)
      .setAudience('outpost-hub')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign((await pair).privateKey)}`;
  const outcome = (verify: ReturnType<typeof verifierOf>, authorization: string) =>
    verify(authorization).then(
      ({ role }) => role,
      ({ code }: { code: string }) => code,
    );

  test('every transport asks to try again, and serves the public and those whose key is known', async () => {
    silent = false;
    const hub = await startTestHub({ adapters: [], environment: trusting(url) });
    try {
      const [known, unknown] = [await token('known'), await token('new')];
      expect((await asking('POST /graphql', known, hub.hub.url)).status).toBe(200);
      silent = true;
      for (const route of refusing) {
        const { status, headers, text } = await asking(route, unknown, hub.hub.url);
        expect([route, status, headers['retry-after'], headers['www-authenticate']]).toEqual([
          route,
          503,
          '1',
          undefined,
        ]);
        const extensions = { code: 'ISSUER_UNAVAILABLE', retry: true };
        if (!route.startsWith('HEAD')) expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions }] });
        for (const authorization of [known, null])
          expect([401, 503]).not.toContain((await asking(route, authorization, hub.hub.url)).status);
      }
      const later = { code: 1013, reason: expect.stringMatching(/^ISSUER_UNAVAILABLE: ./) };
      expect(await greet(hub.hub.url, { authorization: unknown })).toEqual(later);
      expect(await greet(hub.hub.url, { authorization: known })).toEqual({ welcome: null });
      silent = false;
      expect((await asking('POST /graphql', unknown, hub.hub.url)).status).toBe(401);
    } finally {
      await hub.stop();
    }
  });

  test('a flood of invented keys makes one request in a pause, and known keys stay known', async () => {
    silent = false;
    asked = 0;
    const pauseMs = 50;
    const verify = verifierOf(url, 5, { deadlineMs: 3_000, pauseMs });
    const [known, begun] = [await token('known'), performance.now()];
    expect(await outcome(verify, known)).toBe('clerk');
    silent = true;
    const invented = await Promise.all(Array.from({ length: 100 }, (_, i) => token(`invented ${i}`)));
    const told = new Set<string>();
    // What was found out a moment ago holds for a pause; after it the issuer is asked, in vain.
    while (!told.has('ISSUER_UNAVAILABLE')) {
      for (const each of await Promise.all(invented.map(other => outcome(verify, other)))) told.add(each);
      expect(await outcome(verify, known)).toBe('clerk');
    }
    expect([...told].sort()).toEqual(['ISSUER_UNAVAILABLE', 'UNAUTHENTICATED']);
    expect(asked).toBeLessThanOrEqual(2 + Math.ceil((performance.now() - begun) / pauseMs));
  });
});
