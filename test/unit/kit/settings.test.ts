import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type Adapter, defineAdapter, setting } from '../../../adapters/kit/index.ts';
import { ConfigError, readAdapterSettings } from '../../../src/config.ts';

const adapter: Adapter = defineAdapter({
  agency: { code: 'civil-affairs', title: { en: 'Civil affairs', zh: '民政所' }, protocol: 'REST' },
  version: '1',
  records: [],
  hallRecords: [],
  modes: [],
  settings: z.object({
    url: setting.address('the address of the register'),
    appSecret: setting.secret('the secret of 8 characters or more'),
    user: setting.word('the name of the account'),
    port: setting.port('the port of the server').default(22),
  }),
  pollEveryMs: 1000,
  connect: () => ({}),
  map: () => [],
});
const good = {
  HUB_CIVIL_AFFAIRS_URL: 'http://10.0.0.5:8080/rows',
  HUB_CIVIL_AFFAIRS_APP_SECRET: 'long enough',
  HUB_CIVIL_AFFAIRS_USER: 'hub',
  HUB_CIVIL_AFFAIRS_PORT: '2222',
};
const message = (environment: Record<string, string | undefined>) => {
  try {
    readAdapterSettings(adapter, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'nothing is wrong';
};

test('settings are read from variables that are named after the agency', () => {
  expect(readAdapterSettings(adapter, good)).toEqual({
    url: 'http://10.0.0.5:8080/rows',
    appSecret: 'long enough',
    user: 'hub',
    port: 2222,
  });
  expect(readAdapterSettings(adapter, { ...good, HUB_CIVIL_AFFAIRS_PORT: undefined })).toMatchObject({ port: 22 });
});

describe('a wrong setting is reported in one line with the variable and what it should be', () => {
  test.each([
    ['URL', 'the address of the register', 'nowhere'],
    ['APP_SECRET', 'the secret of 8 characters or more', 'short'],
    ['PORT', 'the port of the server', '70000'],
    ['PORT', 'the port of the server', 'ssh'],
  ])('%s should be %s', (name, what, value) => {
    const variable = `HUB_CIVIL_AFFAIRS_${name}`;
    expect(message({ ...good, [variable]: value })).toBe(`${variable} should be ${what}; it is something else`);
  });
  test.each([
    ['URL', 'the address of the register'],
    ['APP_SECRET', 'the secret of 8 characters or more'],
    ['USER', 'the name of the account'],
  ])('%s should be %s, even where it is empty', (name, what) => {
    const variable = `HUB_CIVIL_AFFAIRS_${name}`;
    const expected = `${variable} should be ${what}; it is not set`;
    expect(message({ ...good, [variable]: undefined })).toBe(expected);
    expect(message({ ...good, [variable]: '' })).toBe(expected);
  });
});

test('a wrong secret is not repeated', () => {
  expect(message({ ...good, HUB_CIVIL_AFFAIRS_APP_SECRET: 'pa55' })).not.toContain('pa55');
});
