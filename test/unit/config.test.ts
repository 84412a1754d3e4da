import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { snake } from '../../src/catalog/catalog.ts';
import { ConfigError, type Environment, readAdapterSettings, readConfig } from '../../src/config.ts';
import { findAdapters } from '../../src/ingest/find-adapters.ts';

const good: Environment = {
  DATABASE_URL: 'postgresql://hub:word@localhost:5432/hub',
  HUB_TOKEN_KEYS: '{"keys":[]}',
  HUB_TOKEN_ISSUER: 'https://issuer.example',
};
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
  test('have defaults but for what only the operator can know', () => {
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

  test('an empty variable is one that is not set', () => {
    expect(readConfig({ ...good, HUB_PORT: '' }).hubPort).toBe(4000);
    expect(complaint(() => readConfig({ ...good, HUB_TOKEN_ISSUER: '' }))).toMatch(/it is not set$/);
  });

  test('every number has bounds, and the complaint names the variable and both of them', () => {
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
