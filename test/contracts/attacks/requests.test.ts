/**
 * Requests that are not what they claim: batches, other methods and content types, other sites, slow and endless ones.
 */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AttackedHub } from './attacked-hub.ts';
import { post, send, times } from './posting.ts';

const headersTimeoutMs = 4_000;
let hub: AttackedHub;
beforeAll(async () => {
  hub = await AttackedHub.start({
    HUB_HEADERS_TIMEOUT_MS: String(headersTimeoutMs),
    HUB_REQUEST_TIMEOUT_MS: '8000',
    HUB_CONNECTIONS: '200',
    HUB_GRAPHIQL: 'true',
    HUB_ORIGINS: 'https://hall.example',
  });
});
afterAll(() => hub?.stop());

const json = { 'content-type': 'application/json' };
const ask = '{ agencies { nodes { code } } }';
const inUrl = (query: string, more = '') => `/graphql?query=${encodeURIComponent(query)}${more}`;
const elsewhere = { origin: 'https://elsewhere.example' };
const preflighted = { 'apollo-require-preflight': 'true' };
const expensive =
  '{ persons(first: 200) { nodes { cases(first: 200) { nodes { approvals(first: 200) { nodes { name } } } } } } }';

interface Attack {
  readonly path?: string;
  readonly init: RequestInit;
  readonly must: { readonly status: number; readonly code?: string; readonly says?: RegExp };
}
const attacks: Readonly<Record<string, Attack>> = {
  'a batch of operations': {
    init: { method: 'POST', headers: json, body: JSON.stringify(Array.from({ length: 100 }, () => ({ query: ask }))) },
    must: { status: 400, code: 'BAD_REQUEST', says: /batching/ },
  },
  'a mutation by GET': {
    path: inUrl('mutation { __typename }'),
    init: { headers: preflighted },
    must: { status: 405 },
  },
  'a subscription by GET': {
    path: inUrl('subscription { changes { cursor } }'),
    init: { headers: preflighted },
    must: { status: 405 },
  },
  'a question by GET that no script sends': {
    path: inUrl(ask),
    init: {},
    must: { status: 400, code: 'BAD_REQUEST', says: /Cross-Site Request Forgery/ },
  },
  'a question by GET from another site': {
    path: inUrl(ask),
    init: { headers: elsewhere },
    must: { status: 403, code: 'FORBIDDEN', says: /HUB_ORIGINS/ },
  },
  'a question by POST from another site': {
    init: { method: 'POST', headers: { ...json, ...elsewhere }, body: JSON.stringify({ query: ask }) },
    must: { status: 403, code: 'FORBIDDEN', says: /HUB_ORIGINS/ },
  },
  'a question by POST from a page without an origin of its own': {
    init: { method: 'POST', headers: { ...json, origin: 'null' }, body: JSON.stringify({ query: ask }) },
    must: { status: 403, code: 'FORBIDDEN', says: /HUB_ORIGINS/ },
  },
  'a stream by GET from another site': {
    path: inUrl('subscription { changes { cursor } }').replace('/graphql', '/graphql/stream'),
    init: { headers: elsewhere },
    must: { status: 403, code: 'FORBIDDEN', says: /HUB_ORIGINS/ },
  },
  'a file from another site': {
    path: '/export/cases-by-month.csv',
    init: { headers: elsewhere },
    must: { status: 403, code: 'FORBIDDEN', says: /HUB_ORIGINS/ },
  },
  'a preflight from another site': {
    init: { method: 'OPTIONS', headers: { ...elsewhere, 'access-control-request-method': 'POST' } },
    must: { status: 403, code: 'FORBIDDEN', says: /HUB_ORIGINS/ },
  },
  'a form that is posted': {
    init: {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `query=${encodeURIComponent(ask)}`,
    },
    must: { status: 415, code: 'BAD_REQUEST' },
  },
  'plain text that is posted': {
    init: { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ query: ask }) },
    must: { status: 400, code: 'BAD_REQUEST', says: /Cross-Site Request Forgery/ },
  },
  'plain text that calls itself preflighted': {
    init: {
      method: 'POST',
      headers: { 'content-type': 'text/plain', ...preflighted },
      body: JSON.stringify({ query: ask }),
    },
    must: { status: 400, code: 'BAD_REQUEST' },
  },
  'files in parts': {
    init: {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${JSON.stringify({ query: ask })}\r\n--x--\r\n`,
    },
    must: { status: 415, code: 'BAD_REQUEST' },
  },
  'a body without a type': {
    init: { method: 'POST', body: new Blob([JSON.stringify({ query: ask })]) },
    must: { status: 415, code: 'BAD_REQUEST' },
  },
  'a body beyond the limit': {
    init: { method: 'POST', headers: json, body: JSON.stringify({ query: ask, padding: 'x'.repeat(300_000) }) },
    must: { status: 413, code: 'BAD_REQUEST' },
  },
  'a body that is not JSON': {
    init: { method: 'POST', headers: json, body: '{"query": 13072219' },
    must: { status: 400, code: 'BAD_REQUEST', says: /^Invalid JSON: the body cannot be read$/ },
  },
  'brackets in brackets': {
    init: { method: 'POST', headers: json, body: '['.repeat(199_000) },
    must: { status: 400, code: 'LIMIT_EXCEEDED', says: /^The JSON is nested deeper than 104 levels$/ },
  },
  'variables in variables': {
    init: {
      method: 'POST',
      headers: json,
      body: `{"query": ${JSON.stringify(ask)}, "variables": ${'{"a":'.repeat(104)}1${'}'.repeat(104)}}`,
    },
    must: { status: 400, code: 'LIMIT_EXCEEDED', says: /^The JSON is nested deeper than 104 levels$/ },
  },
  'variables in variables, by GET': {
    path: inUrl(ask, `&variables=${'['.repeat(3_000)}`),
    init: { headers: preflighted },
    must: { status: 400, code: 'BAD_USER_INPUT', says: /must be a JSON object/ },
  },
  'a body that poisons prototypes': {
    init: { method: 'POST', headers: json, body: `{"query": ${JSON.stringify(ask)}, "__proto__": {"role": "clerk"}}` },
    must: { status: 400, code: 'BAD_REQUEST' },
  },
  'a tree in place of a document': {
    init: { method: 'POST', headers: json, body: JSON.stringify({ query: { kind: 'Document', definitions: [] } }) },
    must: { status: 400, code: 'BAD_REQUEST' },
  },
  'variables as text': {
    init: { method: 'POST', headers: json, body: JSON.stringify({ query: ask, variables: '{}' }) },
    must: { status: 400, code: 'BAD_USER_INPUT', says: /must be a JSON object/ },
  },
  'another method': { init: { method: 'PUT', headers: json, body: '{}' }, must: { status: 404 } },
  'a query hidden behind a second question mark': {
    path: `/graphql?a=1?b=2&query=${encodeURIComponent(expensive)}`,
    init: { headers: preflighted },
    must: { status: 400, code: 'COST_EXCEEDED' },
  },
  'a query given twice': {
    path: inUrl(ask, `&query=${encodeURIComponent(expensive)}`),
    init: { headers: preflighted },
    must: { status: 400, code: 'BAD_REQUEST' },
  },
  'an expensive query under the hash of a harmless one': {
    init: {
      method: 'POST',
      headers: json,
      body: JSON.stringify({
        query: expensive,
        extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } },
      }),
    },
    must: { status: 400, code: 'COST_EXCEEDED' },
  },
  'a query under a wrong hash': {
    init: {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ query: ask, extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } }),
    },
    must: { status: 400, says: /sha does not match/ },
  },
  'the id of an operation that is not stored': {
    init: { method: 'POST', headers: json, body: JSON.stringify({ documentId: 'sha256:beef' }) },
    must: { status: 200, code: 'PERSISTED_QUERY_NOT_FOUND' },
  },
  'variables that are torn, by GET': {
    path: inUrl(ask, `&variables=${encodeURIComponent('{"a')}`),
    init: { headers: preflighted },
    must: { status: 400, code: 'BAD_USER_INPUT', says: /must be a JSON object/ },
  },
  'a subscription over HTTP': {
    init: {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ query: 'subscription { changes { position } }' }),
    },
    must: { status: 400, code: 'BAD_USER_INPUT', says: /over a WebSocket/ },
  },
  'a path that is no text': {
    path: '/export/%E0%A4%A.csv?who=13072219',
    init: {},
    must: { status: 400, code: 'BAD_REQUEST' },
  },
  'a way out of the folder': { path: '/..%2f..%2fetc%2fpasswd', init: {}, must: { status: 404 } },
};

test.each(Object.entries(attacks))('%s is refused before anything is read', async (_name, { path, init, must }) => {
  const budget = hub.budget();
  const answer = await send(`${hub.url}${path ?? '/graphql'}`, init);
  expect(answer.status).toBe(must.status);
  if (must.code) expect(answer.codes[0]).toBe(must.code);
  if (must.says) expect(answer.messages.join('; ')).toMatch(must.says);
  expect(answer.data ?? null).toBeNull();
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  expect(answer.text).not.toContain('13072219');
  expect(budget.untouched).toBe(true);
});

/** Writes raw bytes and resolves with what came back when the hub has closed the connection. */
function raw(first: string, then?: (socket: Socket) => () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(hub.url);
    let heard = '';
    const socket = connect(Number(port), 'localhost', () => socket.write(first));
    const stop = then?.(socket);
    socket.setEncoding('latin1').on('data', part => {
      heard += part;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      stop?.();
      resolve(heard);
    });
    socket.setTimeout(20_000, () => {
      socket.destroy();
      reject(new Error('The hub kept the connection'));
    });
  });
}
const every = (ms: number, text: string) => (socket: Socket) => {
  const timer = setInterval(() => socket.writable && socket.write(text), ms);
  return () => clearInterval(timer);
};

const statusOf = (text: string) => /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];

test('a head that comes drop by drop is cut off, many of them at once too', async () => {
  const drops = Array.from({ length: 40 }, () =>
    raw('POST /graphql HTTP/1.1\r\nhost: x\r\n', every(100, 'x-a: b\r\n')),
  );
  expect(new Set((await Promise.all(drops)).map(statusOf))).toEqual(new Set(['408']));
});

test('a body that comes drop by drop is cut off', async () => {
  const head = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{`;
  expect(statusOf(await raw(head, every(100, ' ')))).toBe('408');
});

test('a delivery that comes drop by drop is cut off', async () => {
  const proof = `x-ea-timestamp: ${Math.floor(Date.now() / 1000)}\r\nx-ea-signature: sha256=${'0'.repeat(64)}\r\n`;
  const head = `POST /push/food-drug HTTP/1.1\r\nhost: x\r\n${proof}content-length: 1000\r\n\r\n{`;
  expect(statusOf(await raw(head, every(100, ' ')))).toBe('408');
});

test('an endless head is refused', async () => {
  const text = await raw(`GET /graphql HTTP/1.1\r\nhost: x\r\n${times(2_000, i => `x-h${i}: ${'v'.repeat(20)}\r\n`)}`);
  expect(['431', '400']).toContain(statusOf(text));
});

test.each([
  ['two lengths', 'content-length: 5\r\ncontent-length: 6\r\n'],
  ['a length and chunks', 'content-length: 5\r\ntransfer-encoding: chunked\r\n'],
])('a request with %s cannot smuggle another one in', async (_name, lines) => {
  const text = await raw(
    `POST /graphql HTTP/1.1\r\nhost: x\r\n${lines}\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nhost: x\r\n\r\n`,
  );
  expect(statusOf(text)).toBe('400');
  expect(text).not.toContain('alive');
});

test.each([
  ['an upgrade to an address that is none', '//'],
  ['an upgrade to an address with a port that is none', 'http://x:99999/graphql'],
  ['an upgrade elsewhere', '/push/food-drug'],
])('%s ends the connection, not the hub', async (_name, path) => {
  const upgrade = `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
  expect(statusOf(await raw(upgrade))).not.toBe('101');
  expect((await send(`${hub.url}/livez`, {})).status).toBe(200);
});

test.each(['//', '/graphql//', '//x:99999/graphql', '/%', '/graphql?query=%'])(
  'the address %s is answered',
  async path => {
    const text = await raw(`GET ${path} HTTP/1.1\r\nhost: ::::\r\nconnection: close\r\n\r\n`);
    expect(Number(statusOf(text))).toBeGreaterThanOrEqual(400);
    expect(Number(statusOf(text))).toBeLessThan(500);
  },
);

test('every answer declares itself as data, may not be framed, and reveals no referrer', async () => {
  for (const path of ['/graphql', '/livez', '/nowhere', inUrl(ask)]) {
    const { headers } = await send(`${hub.url}${path}`, {});
    expect({
      path,
      sniff: headers.get('x-content-type-options'),
      frame: headers.get('x-frame-options'),
      referrer: headers.get('referrer-policy'),
      policy: headers.get('content-security-policy'),
      transport: headers.get('strict-transport-security'),
      server: headers.get('x-powered-by'),
    }).toEqual({
      path,
      sniff: 'nosniff',
      frame: 'DENY',
      referrer: 'no-referrer',
      policy: "default-src 'none'; frame-ancestors 'none'",
      transport: null,
      server: null,
    });
  }
});

test('the page for browsers runs its own scripts only, and asks this hub only', async () => {
  const { headers, text, status } = await send(`${hub.url}/graphql`, { headers: { accept: 'text/html' } });
  expect(status).toBe(200);
  const policy = headers.get('content-security-policy')!;
  expect(policy).toMatch(/script-src 'sha256-[\w+/=]+'/);
  expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:|\*/);
  expect(policy).toContain("connect-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(text).not.toMatch(/<(script|link|img)\b[^>]*\b(src|href)="https?:/);
});

test('a stranger who floods the hub receives a time to come again, and others are not delayed', async () => {
  const clerk = await hub.issuer.token({ role: 'clerk', sub: 'busy-clerk' });
  const heavy = '{ agencies(first: 200) { nodes { code name delegationsGiven(first: 10) { nodes { number } } } } }';
  const codes: string[] = [];
  let refusal: Awaited<ReturnType<typeof post>> | null = null;
  for (let i = 0; i < 60 && !refusal; i++) {
    const answer = await post(hub.url, heavy);
    codes.push(answer.codes[0] ?? 'answered');
    if (answer.codes[0] === 'RATE_LIMITED') refusal = answer;
  }
  expect(codes[0]).toBe('answered');
  expect(refusal).toMatchObject({ status: 429, data: undefined });
  expect(Number(refusal!.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refusal!.text).toMatch(/"retryAfterMs":\d+/);
  const forwarded = await post(hub.url, heavy, { headers: { 'x-forwarded-for': '192.0.2.1' } });
  expect(forwarded.codes[0]).toBe('RATE_LIMITED');
  const other = await post(hub.url, ask, { token: clerk });
  expect(other.codes).toEqual([]);
});

test('afterwards the hub is healthy', async () => {
  const clerk = await hub.client({ role: 'clerk', sub: 'clerk' });
  const { data } = await clerk.ask('{ agencies(first: 1) { nodes { code } } }');
  expect(data.agencies.nodes).toHaveLength(1);
  expect(hub.leaks(hub.log)).toEqual([]);
});
