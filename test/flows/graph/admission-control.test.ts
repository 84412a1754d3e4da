import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import WebSocket from 'ws';
import { type GraphqlAnswer, HallClient } from '../../../src/cli/hall-client.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { hubDatabase, startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTestTokens } from '../../support/test-tokens.ts';

const project = path.resolve(import.meta.dirname, '../../..');
let t: TestHub;
beforeAll(async () => {
  t = await startTestHub({ adapters: [], environment: { HUB_GRAPHIQL: 'true' } });
});
afterAll(() => t?.stop());

test('a browser gets all of GraphiQL from this server: nothing is loaded from another host', async () => {
  const response = await fetch(`${t.hub.url}/graphql`, { headers: { accept: 'text/html,application/xhtml+xml' } });
  const page = await response.text();
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page).toContain('Outpost Hub');
  const markup = page
    .replace(/(<script[^>]*>)[\s\S]*?(<\/script>)/g, '$1$2')
    .replace(/(<style[^>]*>)[\s\S]*?(<\/style>)/g, '$1$2');
  const loaded = [
    ...markup.matchAll(/<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)\s*=\s*["']?([^"'\s>]+)/g),
  ].map(([, url]) => url!);
  expect(loaded.filter(url => /^(https?:)?\/\//.test(url))).toEqual([]);
  const styles = [...page.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map(([, text]) => text!).join('\n');
  expect(styles).not.toMatch(/url\(\s*["']?(https?:)?\/\//);
  expect(styles).not.toMatch(/@import/);
});

test('a hub has no page for browsers unless it is told to', async () => {
  const plain = await startTestHub({ adapters: [] });
  try {
    const headers = { accept: 'text/html' };
    const front = await fetch(plain.hub.url, { headers, redirect: 'manual' });
    const page = await fetch(`${plain.hub.url}/graphql`, { headers });
    expect([front.status, page.status]).toEqual([404, 400]);
    expect(await page.text()).not.toContain('<');
  } finally {
    await plain.stop();
  }
});

test('the front page redirects browsers there, and programs get no page', async () => {
  const front = await fetch(t.hub.url, { redirect: 'manual' });
  expect([front.status, front.headers.get('location')]).toEqual([302, '/graphql']);
  const { data } = await t.anybody.ask('{ __typename }');
  expect(data).toEqual({ __typename: 'Query' });
});

describe('one port', () => {
  test('answers over HTTP and over a WebSocket', async () => {
    const inbox = await t.anybody.subscribe('query { __typename agencies { totalCount } }');
    expect(await inbox.next()).toEqual(await t.anybody.ask('{ __typename agencies { totalCount } }'));
    await inbox.close();
  });

  test('accepts no socket on another path', async () => {
    const socket = new WebSocket(`${t.hub.url.replace('http', 'ws')}/elsewhere`, 'graphql-transport-ws');
    const [error] = await once(socket, 'error');
    expect(String(error)).toMatch(/hang up|ECONNRESET/);
  });
});

/** Both ways to send a document: over HTTP and over a socket. */
const ways: readonly [string, (query: string, variables?: Record<string, unknown>) => Promise<GraphqlAnswer>][] = [
  ['HTTP', (query, variables) => t.clerk.ask(query, variables)],
  [
    'a socket',
    async (query, variables) => {
      const inbox = await t.clerk.subscribe(query, variables);
      try {
        return await inbox.next();
      } catch (errors) {
        if (Array.isArray(errors)) return { errors };
        throw errors;
      } finally {
        await inbox.close();
      }
    },
  ],
];

describe.each(ways)('over %s a document is refused that', (_, ask) => {
  const refusal = async (query: string) => {
    const { data, errors } = await ask(query);
    expect(data ?? null).toBeNull();
    expect(errors).toHaveLength(1);
    return errors![0]!.message;
  };
  const nested = (levels: number): string => (levels ? `parent { ${nested(levels - 1)} }` : 'code');

  test('is too deep, also through fragments', async () => {
    expect(await refusal(`{ regions { nodes { ${nested(12)} } } }`)).toBe(
      'The operation has 15 levels; at most 14 are allowed',
    );
    const fragments = Array.from(
      { length: 12 },
      (_, i) => `fragment F${i} on Region { parent { ${i ? `...F${i - 1}` : 'code'} } }`,
    );
    expect(await refusal(`{ regions { nodes { ...F11 } } } ${fragments.join(' ')}`)).toMatch(/15 levels/);
    expect((await ask(`{ regions { nodes { ${nested(11)} } } }`)).errors).toBeUndefined();
  });

  test('has too many fields, also where fragments multiply them', async () => {
    expect(await refusal(`{ regions { nodes { ${'code name '.repeat(260)} } } }`)).toMatch(/522 fields; at most 500/);
    const doubled = Array.from(
      { length: 10 },
      (_, i) => `fragment F${i} on Region { ${i ? `a: parent { ...F${i - 1} } b: parent { ...F${i - 1} }` : 'code'} }`,
    );
    expect(await refusal(`{ regions { nodes { ...F9 } } } ${doubled.join(' ')}`)).toMatch(/fields; at most 500/);
  });

  test('has too many tokens', async () => {
    expect(await refusal(`{ ${'__typename '.repeat(6000)} }`)).toMatch(/3000 tokens/);
  });
});

describe.each(ways)('over %s an input that does not fit is not repeated', (_, ask) => {
  const secret = '371482199001010018';
  const given: readonly [string, unknown][] = [
    ['Int', `${secret}`],
    ['Int', `x; ${secret} at "y"; ${secret}`],
    ['String', { of: secret }],
    ['String', [secret]],
    ['RegionWhere', { code: { eq: [secret] } }],
    ['RegionWhere', { [`a${secret}`]: 1 }],
    ['RegionWhere', { validFrom: { gt: secret } }],
    ['RegionWhere', { level: { eq: secret } }],
    ['RegionWhere', secret],
    ['[RegionOrder!]', [secret]],
  ];
  test.each(given)('as a variable of the type %s: %j', async (type, value) => {
    const argument = { Int: 'first', String: 'after', RegionWhere: 'where', '[RegionOrder!]': 'orderBy' }[type];
    const answer = await ask(`query ($value: ${type}) { regions(${argument}: $value) { totalCount } }`, { value });
    expect(answer.errors!.map(e => e.extensions?.code)).toEqual(['BAD_USER_INPUT']);
    expect(answer.errors![0]!.message).toContain('$value');
    expect(JSON.stringify(answer)).not.toContain(secret);
  });

  test.each([
    ['GRAPHQL_VALIDATION_FAILED', `{ regions(first: "${secret}") { totalCount } }`],
    ['GRAPHQL_VALIDATION_FAILED', `{ regions(where: { validFrom: { gt: "${secret}" } }) { totalCount } }`],
    ['GRAPHQL_VALIDATION_FAILED', `{ regions(where: { level: { eq: "${secret}" } }) { totalCount } }`],
    ['GRAPHQL_VALIDATION_FAILED', `{ regions(orderBy: X${secret}) { totalCount } }`],
    ['GRAPHQL_PARSE_FAILED', `{ regions "${secret}" }`],
    ['GRAPHQL_PARSE_FAILED', `{ regions ${secret} }`],
  ])('in a document: %s %s', async (code, query) => {
    const answer = await ask(query);
    expect(answer.errors!.map(e => e.extensions?.code)).toEqual([code]);
    expect(JSON.stringify(answer)).not.toContain(secret);
  });
});

test('a field that fails ends neither the answer nor the socket', async () => {
  const [, ask] = ways[1]!;
  const { data, errors } = await ask(
    '{ regions(after: "forged") { totalCount nodes { code } } agencies { totalCount } }',
  );
  expect(data).toEqual({ regions: null, agencies: { totalCount: 0 } });
  expect(errors!.map(e => [e.path, e.extensions!.code])).toEqual([[['regions'], 'CURSOR_MALFORMED']]);
});

test('the hub lives without its database, but is not ready', async () => {
  const own = await startTestHub({ adapters: [] });
  const status = async (of: string) => (await fetch(`${own.hub.url}/${of}`)).status;
  expect([await status('livez'), await status('readyz')]).toEqual([200, 200]);
  const { pathname, href } = new URL(own.environment.DATABASE_URL!);
  const server = new pg.Client(href.replace(pathname, '/postgres'));
  await server.connect();
  await server.query(`drop database ${pg.escapeIdentifier(pathname.slice(1))} with (force)`);
  await server.end();
  expect([await status('livez'), await status('readyz')]).toEqual([200, 503]);
  await own.stop();
});

describe('the hub as a process of its own', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  const serve = (environment: Record<string, string>) => {
    const child = spawn(process.execPath, ['bin/run.mjs', 'src/cli/serve.ts'], {
      cwd: project,
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    children.push(child);
    return { child, lines: createInterface(child.stderr!), exit: once(child, 'exit') };
  };
  const settings = async () => {
    const { tokens, environment } = await makeTestTokens();
    const adapters = (await findAdapters()).filter(a => a.agency.code === 'police');
    const database = await hubDatabase(adapters);
    // The police's system is missing, which affects only the police.
    const police = {
      HUB_POLICE_URL: 'http://127.0.0.1:9/rbsp',
      HUB_POLICE_SENDER_ID: 'C37-1',
      HUB_POLICE_ACCESS_KEY: 'key-of-nothing',
    };
    return {
      tokens,
      database,
      environment: { ...environment, ...police, HUB_AGENCIES: 'police', HUB_PORT: '0', DATABASE_URL: database.url },
    };
  };

  test('stops in order on SIGTERM: clients are notified, connections are closed, exit 0', async () => {
    const { tokens, database, environment } = await settings();
    const { child, lines, exit } = serve(environment);
    let url = '';
    for await (const line of lines) {
      const entry = JSON.parse(line);
      if (entry.url) url = entry.url;
      if (url) break;
    }
    const inbox = await new HallClient(url, tokens.clerk).subscribe('subscription { changes { position } }');
    const end = inbox.next();
    child.kill('SIGTERM');
    expect((await end).errors![0]!.extensions).toMatchObject({ code: 'GOING_AWAY', cursor: expect.any(String) });
    expect(await exit).toEqual([0, null]);
    const client = new pg.Client(database.url);
    await client.connect();
    const { rows } = await client.query(
      `select count(*)::int as left from pg_stat_activity where datname = current_database() and application_name = 'outpost-hub'`,
    );
    await client.end();
    expect(rows).toEqual([{ left: 0 }]);
    await database.drop();
  });

  test('does not start with a wrong setting, and says in one line which one and what it should be', async () => {
    const { database, environment } = await settings();
    const { lines, exit } = serve({ ...environment, HUB_POLICE_ACCESS_KEY: 'short' });
    const said: string[] = [];
    for await (const line of lines) said.push(line);
    expect(await exit).toEqual([2, null]);
    expect(said).toEqual([expect.stringMatching(/^HUB_POLICE_ACCESS_KEY should be .+; it is something else$/)]);
    await database.drop();
  });
});
