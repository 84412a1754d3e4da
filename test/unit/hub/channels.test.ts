/** Every channel that carries data is private, or the start is refused with the setting and the way out. */
import { describe, expect, test } from '@jest/globals';
import type { Adapter } from '../../../adapters/kit/contract.ts';
import { channelOf } from '../../../adapters/kit/settings.ts';
import { ConfigError, type Environment, readConfig } from '../../../src/config.ts';
import { channelsOf, type DataChannel, demandKnownNames, demandPrivate } from '../../../src/hub/channels.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { readSources, sourceFiles } from '../../support/source-imports.ts';

const adapters = await findAdapters();
const word = 'wordthatnobodymayread';
const hub: Environment = {
  DATABASE_URL: `postgresql://hub:${word}@127.0.0.1/hub`,
  HUB_TOKEN_KEYS: '{"keys":[]}',
  HUB_TOKEN_ISSUER: 'https://issuer.example',
};
/** A value that fits each setting, with all channels private. */
const fitting: Environment = {
  ...hub,
  HUB_POLICE_URL: 'https://10.0.0.1/rbsp',
  HUB_POLICE_SENDER_ID: 'hub',
  HUB_POLICE_ACCESS_KEY: word,
  HUB_LAND_DATABASE_URL: `postgresql://hub:${word}@land.example/exchange?sslmode=verify-full`,
  HUB_COMMERCE_URL: 'https://10.0.0.2',
  ...Object.fromEntries(
    ['REQUESTER_ID', 'ENTITY_SERVICE_ID', 'CHANGE_SERVICE_ID', 'ABNORMAL_SERVICE_ID', 'CASE_SERVICE_ID'].map(name => [
      `HUB_COMMERCE_${name}`,
      'id',
    ]),
  ),
  HUB_COMMERCE_ENTITY_QUERY_SERVICE_ID: 'id',
  HUB_COMMERCE_APP_KEY: '0123456789abcdef',
  HUB_HUMAN_RESOURCES_HOST: '203.0.113.4',
  HUB_HUMAN_RESOURCES_PORT: '22',
  HUB_HUMAN_RESOURCES_USER: 'hub',
  HUB_HUMAN_RESOURCES_PASSWORD: word,
  HUB_HUMAN_RESOURCES_HOST_KEY: `SHA256:${'a'.repeat(43)}`,
  HUB_FOOD_DRUG_SECRET: word,
  HUB_FOOD_DRUG_LOOKUP_URL: 'https://10.0.0.5',
};
const channels = (environment: Environment): DataChannel[] =>
  channelsOf(readConfig(environment), adapters, environment);
function start(environment: Environment): DataChannel[] {
  const config = readConfig(environment);
  const all = channelsOf(config, adapters, environment);
  demandKnownNames(all, config);
  return demandPrivate(all, config);
}
function refusalOf(environment: Environment): string {
  try {
    start(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return 'it starts';
}

test('with private channels nothing is refused and nothing is to be told', () => {
  expect(start(fitting)).toEqual([]);
  expect(channels(fitting).map(({ name, variable }) => `${name} ${variable}`)).toEqual([
    'listener HUB_HOST',
    'database DATABASE_URL',
    'commerce HUB_COMMERCE_URL',
    'food-drug HUB_FOOD_DRUG_LOOKUP_URL',
    'human-resources HUB_HUMAN_RESOURCES_HOST',
    'land HUB_LAND_DATABASE_URL',
    'police HUB_POLICE_URL',
  ]);
});

const open: readonly (readonly [name: string, variable: string, value: string, shouldBe: RegExp])[] = [
  ['listener', 'HUB_HOST', '0.0.0.0', /an address of this machine alone, or HUB_TLS_CERT/],
  ['listener', 'HUB_HOST', '::', /an address of this machine alone/],
  ['listener', 'HUB_HOST', '192.168.1.7', /an address of this machine alone/],
  ['database', 'DATABASE_URL', `postgresql://hub:${word}@db/hub`, /sslmode=verify-full/],
  ['database', 'DATABASE_URL', `postgresql://hub:${word}@db/hub?sslmode=require`, /sslmode=verify-full/],
  ['police', 'HUB_POLICE_URL', 'http://203.0.113.9/rbsp', /an https address, or http on this machine/],
  ['commerce', 'HUB_COMMERCE_URL', 'http://203.0.113.9', /an https address/],
  ['food-drug', 'HUB_FOOD_DRUG_LOOKUP_URL', 'http://10.0.0.5:8080', /an https address/],
  ['land', 'HUB_LAND_DATABASE_URL', `postgresql://hub:${word}@land/exchange`, /sslmode=verify-full/],
];
describe.each(open)('%s by %s=%s', (name, variable, value, shouldBe) => {
  const given = { ...fitting, [variable]: value };

  test('stops the start with one line: the setting, what it should be, what would pass, and the way out', () => {
    const message = refusalOf(given);
    expect(message).toMatch(new RegExp(`^${variable} should be .*${shouldBe.source}.*would pass in the clear`));
    expect(message).toContain(`HUB_PLAIN_CHANNELS=${name} says so`);
    expect(message).not.toMatch(new RegExp(`\n|${word}|203\\.0`));
  });

  test('starts where it is excepted by its name, and is to be told at each start', () => {
    const told = start({ ...given, HUB_PLAIN_CHANNELS: name });
    expect(told).toEqual([expect.objectContaining({ name, variable, passes: expect.any(String) })]);
    const other = name === 'police' ? 'land' : 'police';
    expect(refusalOf({ ...given, HUB_PLAIN_CHANNELS: other })).toContain(`HUB_PLAIN_CHANNELS=${other},${name} says so`);
  });
});

test.each(['HUB_POLICE_URL', 'HUB_COMMERCE_URL', 'HUB_FOOD_DRUG_LOOKUP_URL', 'HUB_LAND_DATABASE_URL'])(
  '%s leads over no other protocol, excepted or not',
  variable => {
    for (const value of ['file:///etc/passwd', 'ftp://10.0.0.1/', 'data:text/plain,x', 'javascript:0', '/rbsp'])
      expect(
        refusalOf({ ...fitting, [variable]: value, HUB_PLAIN_CHANNELS: 'police,commerce,food-drug,land' }),
      ).toMatch(new RegExp(`^${variable} should be .*; it is something else$`));
  },
);

test('an exception that names no channel is a mistake', () => {
  expect(refusalOf({ ...fitting, HUB_PLAIN_CHANNELS: 'listner' })).toBe(
    'HUB_PLAIN_CHANNELS should be names among listener, database, commerce, food-drug, human-resources, land, police; listner is none',
  );
});

test.each(['0.0.0.0/0', '10.0.0.0/33', 'proxy'])(
  'HUB_TRUSTED_PROXIES=%s is refused: it would match nobody, or all',
  value => {
    expect(refusalOf({ ...fitting, HUB_TRUSTED_PROXIES: value })).toMatch(
      /^HUB_TRUSTED_PROXIES should be addresses and networks/,
    );
  },
);

describe('an adapter', () => {
  const settingsOf = ({ settings, agency }: Adapter) =>
    Object.entries(settings.shape as Record<string, Parameters<typeof channelOf>[0]>).map(
      ([name, field]) => [`${agency.code}.${name}`, field] as const,
    );

  test('declares every setting that is an address as a channel', () => {
    const isAddress = (name: string, field: Parameters<typeof channelOf>[0]) =>
      /(url|uri|address|host|endpoint|server)$/i.test(name) ||
      (field.safeParse('https://203.0.113.9/x').success && !field.safeParse('any other words').success);
    const undeclared = adapters
      .flatMap(settingsOf)
      .filter(([name, field]) => isAddress(name, field) && channelOf(field) === null);
    expect(undeclared.map(([name]) => name)).toEqual([]);
  });

  test('that connects by itself, not by the fetch it is given, declares what to', () => {
    const sockets = /^(node:(net|tls|http|https|http2|dgram|dns|child_process)|pg|ssh2.*|undici|ws)$/;
    const files = sourceFiles('adapters').filter(file => !file.endsWith('.test.ts'));
    const connecting = readSources('adapters')
      .filter(({ file }) => files.includes(file))
      .flatMap(({ file, imports }) =>
        imports.filter(({ packageName }) => packageName && sockets.test(packageName)).map(() => file.split('/')[1]!),
      );
    const own = adapters.filter(adapter =>
      settingsOf(adapter).some(([, field]) => ['ssh', 'postgres'].includes(String(channelOf(field)))),
    );
    expect([...new Set(connecting)].sort()).toEqual(own.map(({ agency }) => agency.code).sort());
  });
});
