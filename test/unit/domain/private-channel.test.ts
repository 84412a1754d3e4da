/** What counts as a private channel, by the words of its address. */
import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { makeRandom } from '../../../seeds/township/random.ts';
import { isPrivateChannel, isPrivateDatabase } from '../../../src/domain/private-channel.ts';
import { testSeed } from '../../support/test-seed.ts';

test.each([
  ['https://10.0.0.1/rbsp', true],
  ['http://localhost:8080', true],
  ['http://127.0.0.1', true],
  ['http://127.8.9.10', true],
  ['http://[::1]:80/', true],
  ['http://2130706433/', true],
  ['http://10.0.0.1', false],
  ['http://203.0.113.9/rbsp', false],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
  ['http://0.0.0.0', false],
  ['http://[::]', false],
  ['ftp://127.0.0.1', false],
  ['file:///etc/passwd', false],
])('%s: %s', (address, isPrivate) => {
  expect(isPrivateChannel(new URL(address))).toBe(isPrivate);
});

describe('a database', () => {
  test.each([
    ['postgresql://hub:word@127.0.0.1:5432/hub', true],
    ['postgresql://hub@localhost/hub', true],
    ['postgresql://hub@[::1]/hub', true],
    ['postgresql://hub@%2Fvar%2Frun%2Fpostgresql/hub', true],
    ['postgresql:///hub?host=/var/run/postgresql', true],
    ['postgresql://hub@db/hub?sslmode=verify-full', true],
    ['postgresql://hub@db/hub?sslmode=verify-ca&sslrootcert=/etc/ca.pem', true],
    ['postgresql://hub@db/hub', false],
    ['postgresql://hub@db/hub?sslmode=require', false],
    ['postgresql://hub@db/hub?sslmode=no-verify', false],
    ['postgresql://hub@db/hub?sslmode=verify-ca', false],
    ['postgresql://hub@db/hub?ssl=true', false],
    ['postgresql://hub@127.0.0.1/hub?host=203.0.113.9', false],
    ['postgresql://hub@db/hub?sslmode=verify-full&sslmode=disable', false],
    ['postgresql:///hub', false],
    ['no address', false],
  ])('%s: %s', (url, isPrivate) => {
    expect(isPrivateDatabase(url)).toBe(isPrivate);
  });

  test('that counts as private is one that pg connects to privately', () => {
    const random = makeRandom(testSeed, 'databases');
    const hosts = ['127.0.0.1', 'localhost', '[::1]', 'db.example', '203.0.113.9', '', '%2Ftmp'];
    const parts = [
      'sslmode=verify-full',
      'sslmode=disable',
      'sslmode=no-verify',
      'ssl=0',
      'ssl=no-verify',
      'host=/tmp',
    ];
    const more = ['host=db.example', 'host=127.0.0.1', 'uselibpqcompat=true', 'port=1'];
    const found = { private: 0, open: 0 };
    for (let i = 0; i < 2_000; i++) {
      const given = Array.from({ length: random.below(4) }, () => random.pick([...parts, ...more]));
      const url = `postgresql://hub@${random.pick(hosts)}/hub?${given.join('&')}`;
      if (!URL.canParse(url)) continue;
      const isPrivate = isPrivateDatabase(url);
      found[isPrivate ? 'private' : 'open']++;
      if (!isPrivate) continue;
      const { host, ssl } = new pg.Client({ connectionString: url }) as pg.Client & { ssl: unknown };
      const checks = typeof ssl === 'object' && (ssl as { rejectUnauthorized?: boolean }).rejectUnauthorized !== false;
      const isHere = ['127.0.0.1', 'localhost', '::1', '[::1]', '/tmp'].includes(host);
      expect({ url, isPrivate: isHere || checks }).toEqual({ url, isPrivate: true });
    }
    expect(Math.min(found.private, found.open)).toBeGreaterThan(100);
  });
});
