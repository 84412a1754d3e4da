/** Deliveries that are replayed, changed on the way, not signed, or too large to take. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { AttackedHub } from './attacked-hub.ts';
import { send } from './posting.ts';

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
const push = (text: string | Uint8Array, headers: Readonly<Record<string, string>>, agency = 'food-drug') =>
  send(`${hub.url}/push/${agency}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    body: text as never,
  });

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
  // The hub answers before it has read everything and closes, so a sender that still writes may see only the end.
  const large = await push('x'.repeat(9_000_000), {}).then(
    answer => answer.status,
    () => 'closed',
  );
  expect([413, 'closed']).toContain(large);
  const lines = '{}\n'.repeat(6_000);
  expect((await push(lines, signed(lines))).status).toBe(401);
  expect(await contents()).toBe(before);
});

test('a compressed delivery is not unpacked', async () => {
  const headers = { ...signed(body), 'content-encoding': 'gzip' };
  // The bytes are taken as they are: the signature covers them, and an 8 MB bomb stays 8 MB.
  expect([200, 415]).toContain((await push(body, headers)).status);
});

test('lines made to cause harm are parked, and the others of the delivery are taken', async () => {
  const deep = `{"TABLE":"EA_JC_STEP_PROC","CD_OPERATION":"I","ROW":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`;
  const poison = `{"TABLE":"EA_JC_STEP_PROC","CD_OPERATION":"I","ROW":{"__proto__":{"PROJID":"x"},"PROJID":"'; drop table hub_person; --"}}`;
  const nul = `{"TABLE":"EA_JC_STEP_BASICINFO","CD_OPERATION":"I","ROW":{"ORGBUSNO":"FD\\u0000","PROJID":"nul\\u0000"}}`;
  const long = `{"TABLE":"${'x'.repeat(1_000_000)}","ROW":{}}`;
  const text = [deep, poison, nul, long, 'null', '[]', '"', '\u0000'].join('\n');
  const answer = await push(text, signed(text));
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: '{"stored":0,"parked":8}' });
});

test('afterwards the hub is healthy', async () => {
  expect(await hub.stillWell()).toMatchObject({ alive: true, leaked: [] });
});
