/**
 * npm run campaign [-- --rounds N] [path ...]: the tests that draw at random, with another seed in each round. Stops at the
 * first seed that finds something, and prints it.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readWords, runAsProcess, UsageError } from '../../src/cli/command.ts';
import { project, sourceFiles } from './source-imports.ts';

const usage = 'npm run campaign [-- --rounds N] [path ...]';
const about =
  'Runs the tests that draw at random with other seeds than the gate, and prints the seed that finds something.';

await runAsProcess(usage, about, async args => {
  const { values, positionals } = readWords(
    args,
    { rounds: { type: 'string', default: '1' } },
    Number.POSITIVE_INFINITY,
  );
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('`--rounds` is a whole number from 1');
  const drawing = sourceFiles('test').filter(
    file => file.endsWith('.test.ts') && readFileSync(path.join(project, file), 'utf8').includes('/test-seed.ts'),
  );
  const chosen = drawing.filter(file => !positionals.length || positionals.some(part => file.includes(part)));
  if (!chosen.length) throw new UsageError(`No test that draws at random is under ${positionals.join(', ')}`);
  for (let round = 1; round <= rounds; round++) {
    const seed = String(randomInt(2 ** 31));
    console.log(`Round ${round} of ${rounds}, TEST_SEED=${seed}: ${chosen.length} suites`);
    const env = { ...process.env, TEST_SEED: seed };
    const { status } = spawnSync('npm', ['run', '--silent', 'jest', '--', ...chosen], {
      cwd: project,
      env,
      stdio: 'inherit',
    });
    if (status !== 0) {
      console.error(`TEST_SEED=${seed} found something: run the failing suite with it again`);
      return 1;
    }
  }
  return 0;
});
