/** What an agency's system, or an impostor, may send to the hub: malicious XML, files and answers. */
import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import commerce from '../../../adapters/commerce/adapter.ts';
import foodDrug from '../../../adapters/food-drug/adapter.ts';
import humanResources from '../../../adapters/human-resources/adapter.ts';
import { type Adapter, type AgencySource, SourceError } from '../../../adapters/kit/index.ts';
import police from '../../../adapters/police/adapter.ts';
import { readResponse } from '../../../adapters/police/rbsp.ts';
import { SftpServer } from '../../../seeds/systems/human-resources/sftp-server.ts';
import { boundedFetch, fetchWithin } from '../../../src/ingest/bounded-fetch.ts';

const failure = async (work: () => unknown): Promise<SourceError> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('XML of the police platform', () => {
  const head = '<?xml version="1.0" encoding="UTF-8"?>';
  const message = (rows: string) =>
    `<RBSPMessage><TimeStamp>20261123091500</TimeStamp><Method><Items><Item><Value>${rows}</Value></Item></Items></Method></RBSPMessage>`;
  const row = (text: string) => `<Row><Data>000</Data></Row><Row><Data>XM</Data></Row><Row><Data>${text}</Data></Row>`;
  const laughs = Array.from({ length: 10 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');

  const refused: Readonly<Record<string, string>> = {
    'entities that double ten times over': `${head}<!DOCTYPE l [<!ENTITY l0 "lol">${laughs}]>${message(row('&l10;'))}`,
    'an entity that is a file': `${head}<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]>${message(row('&f;'))}`,
    'an entity that is an address': `${head}<!DOCTYPE l [<!ENTITY f SYSTEM "http://192.0.2.1/">]>${message(row('&f;'))}`,
    'a parameter entity': `${head}<!DOCTYPE l [<!ENTITY % p SYSTEM "http://192.0.2.1/"> %p;]>${message(row('x'))}`,
    'a document type without entities': `<!DOCTYPE RBSPMessage>${message(row('x'))}`,
    'elements in elements, a hundred thousand deep': message('<a>'.repeat(100_000) + '</a>'.repeat(100_000)),
    'elements that are never closed': `${'<Row>'.repeat(200_000)}</RBSPMessage>`,
    'an attribute of a million letters without an end': `<RBSPMessage a="${'x'.repeat(1_000_000)}</RBSPMessage>`,
    'a comment without an end': `<RBSPMessage><!--${'x'.repeat(100_000)}</RBSPMessage>`,
    'elements named as parts of objects': `<RBSPMessage><__proto__><TimeStamp>1</TimeStamp></__proto__><constructor/></RBSPMessage>`,
    'a page of somebody else': '<html><body>Login</body></html>',
    nothing: '',
  };
  test.each(Object.entries(refused))('%s is refused', async (_name, xml) => {
    expect((await failure(() => readResponse(xml))).kind).toBe('MALFORMED');
  });

  test('an entity that nobody declared stays as it was written', () => {
    expect(readResponse(message(row('&l10; &amp;amp; &#65;'))).rows).toEqual([['&l10; &amp; A']]);
    expect({}).not.toHaveProperty('TimeStamp');
  });

  test('a refusal does not quote the input', async () => {
    const error = await failure(() => readResponse(`<RBSPMessage><x>371482198503120037</x></RBSPMessage>`));
    expect(error.message).not.toContain('371482198503120037');
  });
});

describe('answers over HTTP', () => {
  const maxBytes = 1_000_000;
  let server: Server;
  let sentBytes = 0;
  let closed: Promise<void>;
  beforeAll(async () => {
    server = createServer((request, response) => {
      sentBytes = 0;
      closed = new Promise(resolve => response.on('close', () => resolve()));
      const part = Buffer.alloc(65_536, ' ');
      if (request.url === '/bomb') {
        response.setHeader('content-encoding', 'gzip');
        return void response.end(gzipSync(Buffer.alloc(50_000_000)));
      }
      const packed = request.url === '/endless-packed' ? createGzip() : null;
      if (packed) response.setHeader('content-encoding', 'gzip');
      const target = packed ?? response;
      packed?.pipe(response);
      const more = () => {
        while (!response.destroyed) {
          sentBytes += part.length;
          if (!target.write(part)) return void target.once('drain', more);
        }
      };
      more();
      return undefined;
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const source = (path: string): AgencySource<unknown> => {
    const { port } = server.address() as AddressInfo;
    const given = {
      url: `http://127.0.0.1:${port}${path}`,
      senderId: 'C00-00000001',
      accessKey: 'access-key-of-tests',
    };
    const settings = police.settings.parse(given);
    return police.connect(settings as never, { fetch: boundedFetch(fetch, maxBytes), now: () => new Date() });
  };

  test.each(['/endless', '/endless-packed', '/bomb'])(
    '%s ends at the bound, and the connection with it',
    async path => {
      const asked = source(path).lookup!('Resident', ['371482198503120037'], { signal: AbortSignal.timeout(20_000) });
      expect((await failure(() => asked)).kind).toBe('UNREACHABLE');
      await closed;
      // The allowance covers the buffers of two sockets and of the compressor, besides what was read.
      expect(sentBytes).toBeLessThan(maxBytes * 30);
    },
  );

  describe('that are redirects', () => {
    const heard: string[] = [];
    let elsewhere: Server;
    let sending: Server;
    const start = async (answer: RequestListener) => {
      const started = createServer(answer);
      await new Promise<void>(resolve => started.listen(0, '127.0.0.1', resolve));
      return started;
    };
    const addressOf = (of: Server) => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;
    let status = 307;
    beforeAll(async () => {
      elsewhere = await start((request, response) => {
        heard.push(request.url!);
        response.end('{}');
      });
      sending = await start((_, response) => {
        response.writeHead(status, { location: `${addressOf(elsewhere)}/elsewhere` }).end();
      });
    });
    afterAll(async () => {
      for (const one of [elsewhere, sending]) {
        one.closeAllConnections();
        await new Promise(resolve => one.close(resolve));
      }
    });

    const asking: Readonly<Record<string, readonly [Adapter, object, (source: AgencySource<unknown>) => unknown]>> = {
      police: [
        police,
        { senderId: 'C00-00000001', accessKey: 'access-key-of-tests' },
        source => source.lookup!('Resident', ['371482198503120037'], { signal: AbortSignal.timeout(20_000) }),
      ],
      'food-drug': [
        foodDrug,
        { secret: 'a shared secret' },
        source => source.lookup!('Licence', ['91371482MA3C7QXX0B'], { signal: AbortSignal.timeout(20_000) }),
      ],
      commerce: [
        commerce,
        {
          ...{ requesterId: 'r', appKey: '0123456789abcdef', entityServiceId: 'e', changeServiceId: 'c' },
          ...{ abnormalServiceId: 'a', caseServiceId: 's', entityQueryServiceId: 'q' },
        },
        source => source.changes!(null, 10, { signal: AbortSignal.timeout(20_000) }),
      ],
    };
    test.each(Object.entries(asking))('%s follows none, with any status', async (_, [adapter, more, ask]) => {
      const address = addressOf(sending);
      const settings = adapter.settings.parse({ url: address, lookupUrl: address, ...more });
      const within = fetchWithin(fetch, [address]);
      for (status of [301, 302, 303, 307, 308]) {
        const source = adapter.connect(settings as never, { fetch: within, now: () => new Date() });
        const { kind, message } = await failure(() => ask(source));
        expect([kind, message]).toEqual(['REFUSED', expect.stringMatching(/redirect, which is not followed/)]);
      }
      expect(heard).toEqual([]);
    });

    test('nor does anything reach a server that is not in the settings', async () => {
      const within = fetchWithin(fetch, [addressOf(sending), 'https://10.0.0.5/look-up']);
      for (const address of [`${addressOf(elsewhere)}/x`, 'http://10.0.0.5/look-up', 'file:///etc/passwd']) {
        const { kind, message } = await failure(() => within(address));
        expect([kind, message]).toEqual(['REFUSED', 'the address is not one of the settings of the agency']);
      }
      expect(heard).toEqual([]);
    });
  });

  test('an answer within the bound is passed on unchanged', async () => {
    const text = '房寺'.repeat(1_000);
    const bounded = boundedFetch(async () => new Response(text, { status: 201, headers: { 'x-a': 'b' } }), 6_000);
    const response = await bounded('http://hub');
    expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([201, 'b', text]);
    const empty = boundedFetch(async () => new Response(null, { status: 204 }), 1);
    expect((await empty('http://hub')).status).toBe(204);
  });
});

describe('files on SFTP', () => {
  const folder = '/outbox';
  let server: SftpServer;
  let source: AgencySource<unknown>;
  beforeAll(async () => {
    server = await SftpServer.start({ user: 'hub', folder });
  });
  afterEach(() => source.close?.());
  afterAll(() => server.stop());

  const call = () => ({ signal: AbortSignal.timeout(20_000) });
  function put(serial: string, bytes: Buffer, said: Readonly<Record<string, string>> = {}, day = '20261103'): string {
    const name = `AC02_INC_${day}_${serial}.txt`;
    const facts = {
      FILE: name,
      KIND: 'AC02',
      MODE: 'INC',
      PERIOD: day,
      ROWS: String(bytes.toString('latin1').split('\n').filter(Boolean).length),
      SHA256: createHash('sha256').update(bytes).digest('hex'),
      ASOF: '20261103235959',
      ...said,
    };
    server.put(name, bytes);
    server.put(
      name.replace('txt', 'ctl'),
      Buffer.from(
        Object.entries(facts)
          .map(fact => fact.join('='))
          .join('\n'),
      ),
    );
    return name;
  }
  function connect(): AgencySource<unknown> {
    const settings = humanResources.settings.parse({
      host: '127.0.0.1',
      port: server.port,
      user: 'hub',
      password: server.password,
      hostKey: server.hostKeyFingerprint,
      folder,
    });
    source = humanResources.connect(settings as never, { fetch, now: () => new Date() });
    return source;
  }
  /** The refusal that the newest file gets, and how many bytes were fetched for it. */
  async function refusalOf(name: string): Promise<{ kind: string; says: string; bytes: number }> {
    const before = server.sentBytes;
    const error = await failure(() => connect().changes!(null, 2_000, call()));
    const says = error.message.split('; ').find(part => part.includes(name)) ?? error.message;
    return { kind: error.kind, says, bytes: server.sentBytes - before };
  }

  test('a line without end is left after a few blocks', async () => {
    const name = put('000101', Buffer.alloc(60_000_000, 0x61));
    const { kind, says, bytes } = await refusalOf(name);
    expect({ kind, says }).toEqual({ kind: 'MALFORMED', says: expect.stringMatching(/far longer/) });
    expect(bytes).toBeLessThan(20_000_000);
    server.put(name, Buffer.alloc(0));
  });

  test('a file of pipes and feeds only is not what its control file says', async () => {
    const name = put('000102', Buffer.from('|'.repeat(60_000)), { ROWS: '999999999' });
    expect(await refusalOf(name)).toMatchObject({ kind: 'MALFORMED', says: expect.stringMatching(/rows/) });
    server.put(name, Buffer.alloc(0));
  });

  test.each([
    ['fewer rows', { ROWS: '0' }],
    ['a number of rows that is none', { ROWS: '1e99' }],
    ['a negative number of rows', { ROWS: '-1' }],
    ['another digest', { SHA256: '0'.repeat(64) }],
    ['a digest that is a path', { SHA256: '../../etc/passwd' }],
    ['another file', { FILE: '../../../etc/passwd' }],
  ])('a control file that says %s is refused', async (_what, said) => {
    const name = put('000103', Buffer.from('1|2|3\n'), said);
    expect(await refusalOf(name)).toMatchObject({ kind: 'MALFORMED' });
    server.put(name, Buffer.alloc(0));
  });

  test('a file of a day that is none is refused, and those of real days are read all the same', async () => {
    const wrong = put('000107', Buffer.from('1|2|3\n'), {}, '99999999');
    const right = put('000108', Buffer.from('1|2|3\n'));
    const { items, next } = await connect().changes!(null, 2_000, call());
    expect([items.length, next]).toEqual([1, expect.stringContaining('[[108,108]]')]);
    expect((await failure(() => source.changes!(next, 2_000, call()))).message).toContain(
      `file ${wrong} is named after no day of the calendar`,
    );
    for (const name of [wrong, right]) server.put(name, Buffer.alloc(0));
  });

  test('a control file of fifty megabytes is read no further than a control file goes', async () => {
    const name = put('000104', Buffer.from('1|2|3\n'));
    server.put(name.replace('txt', 'ctl'), Buffer.alloc(50_000_000, 0x0a));
    const { kind, bytes } = await refusalOf(name);
    expect(kind).toBe('MALFORMED');
    expect(bytes).toBeLessThan(2_000_000);
    server.put(name.replace('txt', 'ctl'), Buffer.alloc(0));
  });

  test('a packed bomb is a file with a wrong line, not unpacked', async () => {
    const name = put('000105', gzipSync(Buffer.alloc(20_000_000)), { ROWS: '1' });
    const before = server.sentBytes;
    await connect().changes!(null, 2_000, call()).then(
      ({ items }) => expect(items.every(item => 'unreadable' in item)).toBe(true),
      (error: SourceError) => expect(error.kind).toBe('MALFORMED'),
    );
    expect(server.sentBytes - before).toBeLessThan(1_000_000);
    server.put(name, Buffer.alloc(0));
  });

  test('a page of the longest lines stays small', async () => {
    const lines = Buffer.concat(
      Array.from({ length: 700 }, () => Buffer.concat([Buffer.alloc(60_000, 0x61), Buffer.from('\n')])),
    );
    const name = put('000106', lines, { ROWS: '700' });
    const { items, done } = await connect().changes!(null, 2_000, call());
    expect(items.length).toBeGreaterThan(100);
    expect(items.length).toBeLessThan(200);
    expect(items.every(item => 'unreadable' in item)).toBe(true);
    expect(done).toBe(false);
    server.put(name, Buffer.alloc(0));
  });
});
