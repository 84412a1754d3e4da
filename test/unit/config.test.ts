import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { snake } from '../../src/catalog/catalog.ts';
import { ConfigError, type Environment, readAdapterSettings, readConfig } from '../../src/config.ts';
import { findAdapters } from '../../src/ingest/find-adapters.ts';

const good: Environment = {
  DATABASE_URL: 'postgresql://hub:word@localhost:5432/hub',
  HUB_TOKEN_KEYS: '{"keys":[]}',
  HUB_TOKEN_ISSUER: 'https://issuer.example',
};
const pair = generateKeyPairSync('ed25519');
const [publicJwk, privateJwk] = [pair.publicKey, pair.privateKey].map(key => key.export({ format: 'jwk' }));
const variable = (name: string) => snake(name).toUpperCase();
const complaint = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as ConfigError;
    expect(message).not.toContain('\n');
    return message;
  }
  throw new Error('Nothing was complained about');
};

describe('the settings of the hub', () => {
  test('have defaults, except for what only the operator can know', () => {
    expect(readConfig(good)).toMatchObject({
      hubHost: '127.0.0.1',
      hubPort: 4000,
      hubTokenAudience: 'outpost-hub',
      hubTokenKeys: { keys: [] },
    });
    for (const name of ['DATABASE_URL', 'HUB_TOKEN_ISSUER']) {
      expect(complaint(() => readConfig({ ...good, [name]: undefined }))).toMatch(
        new RegExp(`^${name} should be .+; it is not set$`),
      );
    }
  });

  test('treat an empty variable as one that is not set', () => {
    expect(readConfig({ ...good, HUB_PORT: '' }).hubPort).toBe(4000);
    expect(complaint(() => readConfig({ ...good, HUB_TOKEN_ISSUER: '' }))).toMatch(/it is not set$/);
  });

  test('report a removed setting to the operator who relies on it, with the reason', () => {
    const gone =
      'HUB_SMALLEST_GROUP is gone and should not be set: groups are shown whole; what protects persons are classes, masks, purposes and the log';
    expect(complaint(() => readConfig({ ...good, HUB_SMALLEST_GROUP: '5' }))).toBe(gone);
    expect(complaint(() => readConfig({ ...good, HUB_SMALLEST_GROUP_FILE: '/run/secrets/five' }))).toBe(gone);
    expect(readConfig({ ...good, HUB_SMALLEST_GROUP: '' }).hubPort).toBe(4000);
  });

  describe('in a file', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-secrets-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const fileOf = (content: string) => {
      const file = path.join(folder, String(Math.random()));
      writeFileSync(file, content);
      return file;
    };
    const inFile = (content: string) => ({ ...good, DATABASE_URL: undefined, DATABASE_URL_FILE: fileOf(content) });

    test('are read from it, whether or not a line feed ends it', () => {
      for (const end of ['', '\n', '\r\n'])
        expect(readConfig(inFile(`postgresql://hub:secret@db/hub${end}`)).databaseUrl).toBe(
          'postgresql://hub:secret@db/hub',
        );
      expect(readConfig({ ...good, HUB_PORT_FILE: fileOf('4321\n') }).hubPort).toBe(4321);
    });

    test('include those of agencies, such as a key of several lines', async () => {
      const adapter = (await findAdapters()).find(({ agency }) => agency.code === 'human-resources')!;
      const key = '-----BEGIN KEY-----\nabc\n-----END KEY-----';
      const settings = { HOST: 'h', PORT: '22', USER: 'hub', HOST_KEY: `SHA256:${'a'.repeat(43)}`, FOLDER: '/out' };
      const environment = Object.fromEntries(Object.entries(settings).map(([k, v]) => [`HUB_HUMAN_RESOURCES_${k}`, v]));
      const read = readAdapterSettings(adapter, {
        ...environment,
        HUB_HUMAN_RESOURCES_PRIVATE_KEY_FILE: fileOf(`${key}\n`),
      });
      expect(read).toMatchObject({ privateKey: key });
    });

    test("are reported as wrong without a word of the file's content", () => {
      const wrong = complaint(() => readConfig(inFile('mysql://hub:secret@db')));
      expect(wrong).toMatch(/^DATABASE_URL should be .+; what DATABASE_URL_FILE holds is something else$/);
      expect(wrong).not.toContain('secret');
      const absent = complaint(() => readConfig({ ...good, DATABASE_URL: '', DATABASE_URL_FILE: '/nowhere' }));
      expect(absent).toMatch(/^DATABASE_URL_FILE should be the path of a file .+; it cannot be read$/);
      const both = complaint(() => readConfig({ ...good, DATABASE_URL_FILE: fileOf('x') }));
      expect(both).toBe('DATABASE_URL and DATABASE_URL_FILE are both set: one of them should be');
    });
  });

  test('every number has bounds, and the error names the variable and both bounds', () => {
    const numbers = Object.entries(readConfig(good)).filter(([, value]) => typeof value === 'number');
    expect(numbers.length).toBeGreaterThan(10);
    for (const [name] of numbers) {
      for (const wrong of ['many', '-1', '1.5', '99999999999']) {
        expect(complaint(() => readConfig({ ...good, [variable(name)]: wrong }))).toMatch(
          new RegExp(`^${variable(name)} should be .+: a whole number from \\d+ to \\d+; it is something else$`),
        );
      }
    }
  });

  test.each([
    ['DATABASE_URL', 'mysql://localhost/hub', /the URL of a PostgreSQL database: postgresql:\/\//],
    ['DATABASE_URL', 'hub', /the URL of a PostgreSQL database/],
    ['HUB_LOG_LEVEL', 'loud', /fatal, error, warn, info, debug or silent/],
    ['HUB_TOKEN_KEYS', '{"keys":', /a JWK set with the public keys/],
    ['HUB_TOKEN_KEYS', '{"keys":7}', /a JWK set/],
    ['HUB_TOKEN_KEYS', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', /public keys .* and nothing secret/],
    ['HUB_TOKEN_KEYS', JSON.stringify({ keys: [publicJwk, privateJwk] }), /public keys .* and nothing secret/],
    ['HUB_TOKEN_KEYS', '{"keys":[{"kty":"RSA"}]}', /public keys/],
    ['HUB_ORIGINS', '*', /each as browsers write it/],
    ['HUB_ORIGINS', 'https://*.hall.example', /without \*/],
    ['HUB_ORIGINS', 'https://hall.example/', /without a path/],
    ['HUB_ORIGINS', 'https://hall.example,null', /origins/],
    ['HUB_ORIGINS', 'hall.example', /https:\/\/hall.example/],
    ['HUB_ORIGINS', 'HTTPS://Hall.example', /each as browsers write it/],
    ['HUB_GRAPHIQL', 'yes', /true or false/],
    ['HUB_INTROSPECTION', 'true', /everybody, developers .* or nobody/],
    ['HUB_TOKEN_KEYS', '/no/such/file', /or the path of a file that holds it/],
  ])('%s=%s is refused with what it should be', (name, wrong, said) => {
    const message = complaint(() => readConfig({ ...good, [name]: wrong }));
    expect(message).toMatch(said);
    expect(message.startsWith(`${name} should be `)).toBe(true);
  });

  test('a wrong database URL is not repeated: it holds a password', () => {
    expect(complaint(() => readConfig({ ...good, DATABASE_URL: 'mysql://hub:secret-word@host/hub' }))).not.toContain(
      'secret-word',
    );
  });
});

describe.each((await findAdapters()).map(adapter => [adapter.agency.code, adapter] as const))(
  'the settings of %s',
  (code, adapter) => {
    const prefix = `HUB_${variable(code)}_`;
    const shape: Record<string, z.ZodType> = adapter.settings.shape;

    test('without any, the first that is missing is named, with what it should be', () => {
      const message = complaint(() => readAdapterSettings(adapter, {}));
      const named = Object.keys(shape).map(name => prefix + variable(name));
      expect(named.some(name => message.startsWith(`${name} should be `))).toBe(true);
      expect(message).toMatch(/; it is not set$/);
      expect(message).not.toContain('another value');
    });

    test('each of them says what it should be', () => {
      const undescribed = Object.entries(shape).filter(([, field]) => !described(field));
      expect(undescribed.map(([name]) => name)).toEqual([]);
    });

    test('a secret that is wrong is not repeated', () => {
      const environment = Object.fromEntries(Object.keys(shape).map(name => [prefix + variable(name), 'hush7!']));
      expect(complaint(() => readAdapterSettings(adapter, environment))).not.toContain('hush7!');
    });
  },
);

function described(field: z.ZodType): boolean {
  if (field.description) return true;
  return (field instanceof z.ZodDefault || field instanceof z.ZodOptional) && described(field.unwrap() as z.ZodType);
}
