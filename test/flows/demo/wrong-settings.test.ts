import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { SpawnedCommand, type Variables } from '../../support/spawned-command.ts';
import { makeTestTokens } from '../../support/test-tokens.ts';

const { environment: trust } = await makeTestTokens();
/** The settings suffice for a hub without agencies; nothing listens at the database's address. */
const hub = { DATABASE_URL: 'postgresql://hub@127.0.0.1:1/hub', HUB_LOG_LEVEL: 'silent', ...trust };

/** The settings of one agency, over a private channel. */
const police = {
  HUB_AGENCIES: 'police',
  HUB_POLICE_URL: 'https://203.0.113.9/rbsp',
  HUB_POLICE_SENDER_ID: 'hub',
  HUB_POLICE_ACCESS_KEY: 'a long access key',
};

/** The exit code and the lines of `npm start` with only these settings. */
async function start(variables: Variables) {
  const command = new SpawnedCommand('npm', ['run', '--silent', 'start'], { DATABASE_URL: '', ...variables });
  const code = await command.ended;
  return { code, lines: command.output.split('\n').filter(Boolean) };
}

describe('a wrong setting stops the start with one line that names the variable and what it should be', () => {
  const cases: readonly [does: string, variables: Variables, line: RegExp][] = [
    [
      'no settings at all',
      {},
      /^DATABASE_URL should be the URL of a PostgreSQL database: postgresql:\/\/.*; it is not set$/,
    ],
    [
      'no keys to verify tokens',
      { ...hub, HUB_TOKEN_KEYS: '' },
      /^HUB_TOKEN_KEYS should be a JWK set with the public keys .*; it is not set$/,
    ],
    [
      'keys in a file that is not there',
      { ...hub, HUB_TOKEN_KEYS: '/nowhere/keys.json' },
      /^HUB_TOKEN_KEYS should be a JWK set .*; it is something else$/,
    ],
    ['no issuer', { ...hub, HUB_TOKEN_ISSUER: '' }, /^HUB_TOKEN_ISSUER should be the issuer .*; it is not set$/],
    [
      'a port that is none',
      { ...hub, HUB_PORT: '70000' },
      /^HUB_PORT should be the port to listen on .* from 0 to 65535; it is something else$/,
    ],
    ['a database of another kind', { ...hub, DATABASE_URL: 'mysql://hub@127.0.0.1/hub' }, /^DATABASE_URL should be/],
    ['a limit without bound', { ...hub, HUB_PAGE_SIZE: '0' }, /^HUB_PAGE_SIZE should be .* from 1 to 20000; it is/],
    [
      'a setting that is gone',
      { ...hub, HUB_SMALLEST_GROUP: '5' },
      /^HUB_SMALLEST_GROUP is gone .*: groups are shown whole;/,
    ],
    [
      'a listener for everybody without TLS',
      { ...hub, ...police, HUB_HOST: '0.0.0.0' },
      /^HUB_HOST should be an address of this machine .* HUB_PLAIN_CHANNELS=listener says so$/,
    ],
    [
      'a database over a network without TLS',
      { ...hub, ...police, DATABASE_URL: 'postgresql://hub@db.example/hub' },
      /^DATABASE_URL should be a database on this machine, .* HUB_PLAIN_CHANNELS=database says so$/,
    ],
    [
      'an agency over a network without TLS',
      { ...hub, ...police, HUB_POLICE_URL: 'http://203.0.113.9/rbsp' },
      /^HUB_POLICE_URL should be an https address, .* HUB_PLAIN_CHANNELS=police says so$/,
    ],
    [
      'an exception that names no channel',
      { ...hub, ...police, HUB_PLAIN_CHANNELS: 'everything' },
      /^HUB_PLAIN_CHANNELS should be names among/,
    ],
    [
      'an agency that does not exist',
      { ...hub, HUB_AGENCIES: 'police,customs' },
      /^HUB_AGENCIES should be codes among commerce, .*police; customs is none$/,
    ],
    [
      "a missing setting of an agency's adapter",
      { ...hub, HUB_AGENCIES: 'police' },
      /^HUB_POLICE_URL should be .*; it is not set$/,
    ],
  ];
  test.each(cases)('%s', async (_does, variables, line) => {
    const { code, lines } = await start(variables);
    expect({ code, lines }).toEqual({ code: 2, lines: [expect.stringMatching(line)] });
  });
});

test('a channel that is excepted is told in the log at every start', async () => {
  const excepted = { HUB_HOST: '0.0.0.0', HUB_PORT: '0', HUB_PLAIN_CHANNELS: 'listener' };
  for (let i = 0; i < 2; i++) {
    const { lines } = await start({ ...hub, ...excepted, ...police, HUB_LOG_LEVEL: 'warn' });
    expect(lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line))).toEqual([
      expect.objectContaining({
        ...{ level: 40, msg: 'a channel is not private', channel: 'listener', variable: 'HUB_HOST' },
        passes: "readers' tokens, answers and deliveries",
      }),
    ]);
  }
});

/** The Node of the host, which runs a command that is typed directly into a shell. */
const hostNode = '/usr/bin/node';
const hostVersion = existsSync(hostNode) ? execFileSync(hostNode, ['--version'], { encoding: 'utf8' }).trim() : null;
const [major = 0, minor = 0] = hostVersion?.slice(1).split('.').map(Number) ?? [];

if (hostVersion && (major < 22 || (major === 22 && minor < 17))) {
  test('a Node that is too old is reported in one sentence', async () => {
    const command = new SpawnedCommand(hostNode, ['bin/run.mjs', 'src/cli/serve.ts'], hub);
    expect(await command.ended).toBe(1);
    const lines = command.output.split('\n').filter(Boolean);
    expect(lines).toEqual([
      expect.stringMatching(/^Outpost Hub needs Node 22\.17 or newer, this is v\d+\.\d+\.\d+\. .*npm/),
    ]);
    expect(lines[0]).toContain(hostVersion);
  });
}
