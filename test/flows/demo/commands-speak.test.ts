/** Commands answer wrong words with one sentence and exit code 2, at once, and describe themselves. */
import { describe, expect, test } from '@jest/globals';
import { SpawnedCommand } from '../../support/spawned-command.ts';

const missing = '/nowhere/audit';
async function run(script: string, ...words: string[]) {
  const settings = { DATABASE_URL: '', HUB_AUDIT_DIR: missing };
  const command = new SpawnedCommand('npm', ['run', '--silent', script, '--', ...words], settings);
  const code = await command.ended;
  const lines = (text: string) => text.split('\n').filter(line => line.trim() && !line.startsWith('npm '));
  return { code, output: lines(command.output), errors: lines(command.errors) };
}

describe('wrong words, and what is not there, are one sentence', () => {
  test.each<[script: string, words: string[], says: RegExp]>([
    ['demo', ['--bogus'], /^Unknown option '--bogus'\. Usage: npm run demo/],
    ['demo', ['--population', '5'], /^`--population` is a whole number from 100 to 300000\. Usage/],
    ['demo', ['now'], /^`now` is one word too many\. Usage/],
    ['bench', ['--only', 'W9'], /^`--only` should be names among W1, .*; W9 is none\. Usage/],
    ['schema', ['a-name', 'all'], /^`all` is one word too many\. Usage: npm run schema/],
    ['start', ['--port', '1'], /^Unknown option '--port'\. Usage: npm start/],
    ['hub', ['audit', 'verify'], /^HUB_AUDIT_DIR should be the directory of an audit log; there is none at \/nowhere/],
    ['hub', ['audit', 'verify', 'a', 'b', 'c'], /^`c` is one word too many\. Usage: npm run hub -- audit/],
    ['hub', ['audit', 'burn'], /^`audit` takes verify, .*\. Usage/],
    ['hub', ['audit', 'sealed', '--expect', 'a'], /^`--expect` belongs to `audit verify`\. Usage/],
    ['hub', ['keys', 'burn'], /^`keys` takes move\. Usage: npm run hub -- keys move/],
    ['hub', ['parked', 'replay'], /^`parked` takes list, .*\. Usage/],
    ['hub', ['removals', 'confirm', 'land'], /^`removals` takes list, .*\. Usage/],
    ['hub', ['policy', 'diff', '--to', '/nowhere/rules.json'], /^\/nowhere\/rules\.json should hold rules of access/],
    ['hub', ['load-town', '--force'], /^Unknown option '--force'\. Usage: npm run hub -- load-town/],
  ])('npm run %s -- %j', async (script, words, says) => {
    const { code, errors } = await run(script, ...words);
    expect({ code, errors }).toEqual({ code: 2, errors: [expect.stringMatching(says)] });
  });
});

test.each(['demo', 'bench', 'schema', 'start', 'hub'])('npm run %s -- --help says what it does', async script => {
  const { code, output, errors } = await run(script, '--help');
  expect({ code, errors }).toEqual({ code: 0, errors: [] });
  expect(output.at(-1)).toMatch(/^Usage: npm /);
});

test('each command of the hub describes itself, and an unknown one is answered with all', async () => {
  const help = await run('hub', 'parked', '--help');
  expect(help).toMatchObject({ code: 0, errors: [] });
  expect(help.output.at(-1)).toMatch(/^Usage: npm run hub -- parked list/);
  const unknown = await run('hub', 'burn');
  expect(unknown.code).toBe(2);
  expect(unknown.errors.at(-1)).toBe('There is no command `burn`. Usage: npm run hub -- <command>');
  expect(unknown.errors.join('\n')).toContain('npm run hub -- removals list');
});
