/** Deliveries that are replayed, changed on the way, not signed, too large to take, or too many. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { AttackedHub } from './attacked-hub.ts';
import { send } from './posting.ts';
import { RawSender } from './raw-sender.ts';

let hub: AttackedHub;
let secret: string;
beforeAll(async () => {
  hub = await AttackedHub.start();
  secret = hub.system.environment.HUB_FOOD_DRUG_SECRET!;
});
afterAll(() => hub?.stop());

const body = readFileSync(new URL('../../../adapters/food-drug/samples/delivery.ndjson', import.meta.url), 'utf8');
const now = () => Math.floor(Date.now() / 1000);
const signatureOf = (text: string, timestamp: string, key = secret) =>
  `sha256=${createHmac('sha256', key).update(`${timestamp}.`).update(text).digest('hex')}`;
const signed = (text: string, timestamp = String(now()), key = secret) => ({
  'x-ea-timestamp': timestamp,
  'x-ea-signature': signatureOf(text, timestamp, key),
});
/** Sent again, as the agency does, while others are under way. */
async function push(text: string, headers: Readonly<Record<string, string>>, agency = 'food-drug') {
  for (;;) {
    const answer = await send(`${hub.url}/push/${agency}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...headers },
      body: text,
    });
    if (answer.status !== 503) return answer;
    expect(answer.headers.get('retry-after')).toBe('2');
  }
}

/**
 * Everything that a delivery may change: records, derived data, changes, parked items; but not the time of the last
 * one.
 */
async function contents(): Promise<string> {
  const client = new pg.Client({ connectionString: hub.traffic.url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'
       and table_name <> 'hub_health' order by 1`,
    );
    const digests: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ digest: string }>(
        `select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) || ' ' || count(*) as digest from ${pg.escapeIdentifier(name)} t`,
      );
      digests.push(`${name} ${rows[0]!.digest}`);
    }
    return digests.join('\n');
  } finally {
    await client.end();
  }
}

test('a delivery that is replayed, in time and many times, changes nothing', async () => {
  const headers = signed(body);
  expect((await push(body, headers)).status).toBe(200);
  const before = await contents();
  const answers = await Promise.all(Array.from({ length: 20 }, () => push(body, headers)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(await contents()).toBe(before);
});

test('an old line that comes back behind a newer one does not bring the old state back', async () => {
  const lines = body.trimEnd().split('\n');
  const before = await contents();
  for (const text of [lines.toReversed().join('\n'), lines.slice(0, 3).join('\n')]) {
    expect((await push(text, signed(text))).status).toBe(200);
  }
  expect(await contents()).toBe(before);
});

const late = String(now() - 3_600);
const forgeries: Readonly<Record<string, () => readonly [text: string, headers: Record<string, string>]>> = {
  'that nobody signed': () => [body, {}],
  'with another body': () => [body.replace('福满楼', '福满樓'), signed(body)],
  'with a line more': () => [`${body}{}\n`, signed(body)],
  'with a line less': () => [body.slice(0, body.indexOf('\n') + 1), signed(body)],
  'with a newer timestamp on an old signature': () => [
    body,
    { ...signed(body, late), 'x-ea-timestamp': String(now()) },
  ],
  'that was signed an hour ago': () => [body, signed(body, late)],
  'that was signed in an hour': () => [body, signed(body, String(now() + 3_600))],
  'signed with another secret': () => [body, signed(body, String(now()), 'another-secret')],
  'signed with no secret': () => [body, signed(body, String(now()), '')],
  'signed in upper case and cut': () => [
    body,
    { ...signed(body), 'x-ea-signature': signed(body)['x-ea-signature'].slice(0, -2) },
  ],
  'with a timestamp that is no number': () => [body, signed(body, 'NaN')],
  'with a timestamp of many digits': () => [body, signed(body, '9'.repeat(400))],
  'with two signatures': () => [
    body,
    { ...signed(body), 'x-ea-signature': `sha256=${'0'.repeat(64)}, ${signed(body)['x-ea-signature']}` },
  ],
};
test.each(Object.entries(forgeries))('a delivery %s is refused and changes nothing', async (_name, forge) => {
  const before = await contents();
  const [text, headers] = forge();
  const answer = await push(text, headers);
  expect(answer.status).toBe(401);
  expect(answer.text).not.toContain(secret);
  expect(answer.text).not.toContain(signatureOf(text, headers['x-ea-timestamp'] ?? ''));
  expect(await contents()).toBe(before);
});

test('a delivery to an agency that does not push is not accepted', async () => {
  for (const agency of ['police', '..%2ffood-drug', 'constructor', '__proto__', 'x'.repeat(2_000)]) {
    expect([404, 414]).toContain((await push(body, signed(body), agency)).status);
  }
});

test('a delivery beyond its size or its lines is refused as a whole', async () => {
  const before = await contents();
  const large = 'x'.repeat(9_000_000);
  expect((await push(large, signed(large))).status).toBe(413);
  const lines = '{}\n'.repeat(6_000);
  expect((await push(lines, signed(lines))).status).toBe(401);
  expect(await contents()).toBe(before);
});

test('a compressed delivery is not unpacked', async () => {
  expect((await push(body, { ...signed(body), 'content-encoding': 'gzip' })).status).toBe(415);
});

/** In the right form: only its body shows that it is from nobody. */
const wellFormed = (timestamp = String(now())) => ({
  'x-ea-timestamp': timestamp,
  'x-ea-signature': `sha256=${'0'.repeat(64)}`,
});
const large = { 'content-length': '7900000' };
const heads: Readonly<
  Record<string, readonly [status: number, says: RegExp, headers: Record<string, string>, to?: string]>
> = {
  'to no agency': [404, /No agency/, { ...wellFormed(), ...large }, 'nobody'],
  'to an agency that does not push': [404, /No agency/, { ...wellFormed(), ...large }, 'police'],
  'without a signature': [401, /not signed/, large],
  'without a time': [401, /not signed/, { ...large, 'x-ea-signature': wellFormed()['x-ea-signature'] }],
  'with a short signature': [401, /not signed/, { ...wellFormed(), ...large, 'x-ea-signature': 'sha256=00' }],
  'with a signature of an hour ago': [401, /300 s away/, { ...wellFormed(late), ...large }],
  'with a signature of tomorrow': [401, /300 s away/, { ...wellFormed(String(now() + 86_400)), ...large }],
  'that is too large': [413, /8000000 bytes/, { ...wellFormed(), 'content-length': '8000001' }],
  'that is packed': [415, /content-encoding/, { ...wellFormed(), ...large, 'content-encoding': 'gzip' }],
};
test.each(Object.entries(heads))(
  'a delivery %s is refused by its head, before a byte of its body',
  async (_name, [status, says, headers, agency = 'food-drug']) => {
    const sender = await RawSender.open(hub.url, `/push/${agency}`, headers);
    expect(await sender.answer).toMatchObject({ status, text: expect.stringMatching(says) });
    sender.leave();
  },
);

test('a stranger on sixty connections holds two bodies, and the others are told to come again', async () => {
  const senders = await Promise.all(
    Array.from({ length: 60 }, () => RawSender.open(hub.url, '/push/food-drug', { ...wellFormed(), ...large })),
  );
  const answers: Awaited<RawSender['answer']>[] = [];
  const refused = new Promise<void>(resolve => {
    for (const { answer } of senders)
      void answer.then(given => answers.push(given) === 58 && resolve()).catch(() => {});
  });
  for (const sender of senders) sender.write(Buffer.alloc(100_000, 0x61));
  await refused;
  expect(new Set(answers.map(({ status, retryAfter }) => `${status} ${retryAfter}`))).toEqual(new Set(['503 2']));
  for (const sender of senders) sender.leave();
  expect((await push(body, signed(body))).status).toBe(200);
  // Those two never got an answer: their places were given back with their connections.
  expect(answers).toHaveLength(58);
});

const ways = ['a length', 'chunks'] as const;
test.each(ways)('whoever sends too much by %s, and reads only then, still reads 413', async way => {
  for (const [path, bytes, headers] of [
    ['/push/food-drug', 9_000_000, wellFormed()],
    ['/graphql', 1_000_000, { 'content-type': 'application/json' }],
    ['/graphql/stream', 1_000_000, { 'content-type': 'application/json' }],
  ] as const) {
    const length = way === 'chunks' ? 'transfer-encoding' : 'content-length';
    const sender = await RawSender.open(hub.url, path, {
      ...headers,
      [length]: way === 'chunks' ? 'chunked' : String(bytes),
    });
    sender.pauseReading();
    const part = Buffer.alloc(100_000, 0x20);
    for (let sent = 0; sent < bytes; sent += part.length) await sender.writeAll(sender.framed(part, way === 'chunks'));
    if (way === 'chunks') await sender.writeAll(Buffer.from('0\r\n\r\n'));
    sender.resumeReading();
    expect({ path, status: (await sender.answer).status }).toEqual({ path, status: 413 });
    await sender.over;
  }
});

test('whoever never stops sending is cut off at a bound', async () => {
  const sender = await RawSender.open(hub.url, '/push/food-drug', { 'transfer-encoding': 'chunked' });
  const part = sender.framed(Buffer.alloc(1_000_000, 0x61), true);
  let sent = 0;
  while (sent < 1_000 && (await sender.writeAll(part))) sent++;
  expect((await sender.answer).status).toBe(401);
  // The bound, and the buffers of two sockets.
  expect(sent).toBeGreaterThanOrEqual(64);
  expect(sent).toBeLessThan(100);
});

test('lines made to cause harm are parked, and the others of the delivery are taken', async () => {
  const deep = `{"TABLE":"EA_JC_STEP_PROC","CD_OPERATION":"I","ROW":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`;
  const poison = `{"TABLE":"EA_JC_STEP_PROC","CD_OPERATION":"I","ROW":{"__proto__":{"PROJID":"x"},"PROJID":"'; drop table hub_person; --"}}`;
  const nul = `{"TABLE":"EA_JC_STEP_BASICINFO","CD_OPERATION":"I","ROW":{"ORGBUSNO":"FD\\u0000","PROJID":"nul\\u0000"}}`;
  const long = `{"TABLE":"${'x'.repeat(1_000_000)}","ROW":{}}`;
  const brackets = '['.repeat(60_000);
  const text = [deep, brackets, poison, nul, long, 'null', '[]', '"', '\u0000'].join('\n');
  const answer = await push(text, signed(text));
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '{"stored":0,"parked":9}' });
  const client = new pg.Client({ connectionString: hub.traffic.url });
  await client.connect();
  const { rows } = await client.query(`select distinct reason from hub_parked where field = 'line' order by 1`);
  await client.end();
  expect(rows.map(({ reason }) => reason)).toEqual(
    expect.arrayContaining(['is longer than 65536 bytes', 'is nested deeper than 8 levels']),
  );
});

test('afterwards the hub is healthy', async () => {
  expect(await hub.stillWell()).toMatchObject({ alive: true, leaked: [] });
});
