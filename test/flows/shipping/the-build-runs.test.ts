/** What `npm run build` makes, laid out as the image lays it out, is the hub. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { emptyDatabase, type TestDatabase } from '../../support/database.ts';
import { project } from '../../support/source-imports.ts';
import { freePort, SpawnedCommand, type Variables } from '../../support/spawned-command.ts';
import { SpawnedHub } from '../../support/spawned-hub.ts';
import { makeTokenIssuer } from '../../support/token-issuer.ts';

const dockerfile = readFileSync(path.join(project, 'Dockerfile'), 'utf8');
const serve = 'src/cli/serve.ts';
let image: string;
let dist: string;
let database: TestDatabase | undefined;
let hub: SpawnedHub | undefined;

async function run(args: readonly string[], variables: Variables = {}) {
  const command = new SpawnedCommand(process.execPath, args, { RUN_SOURCES: '', ...variables });
  const code = await command.ended;
  return { code, output: command.output, errors: command.errors.trim() };
}

beforeAll(async () => {
  image = mkdtempSync(path.join(tmpdir(), 'outpost-hub-image-'));
  dist = path.join(image, 'dist');
  const built = await run(['bin/build.mjs', dist]);
  expect(built).toMatchObject({ code: 0, errors: '' });
  // The last stage of the image copies these, and nothing else.
  const copied = [...dockerfile.matchAll(/^COPY --from=build \/hub\/(\S+)/gm)].map(([, name]) => name!);
  expect(copied).toContain('dist');
  for (const name of copied.filter(each => each !== 'dist'))
    cpSync(path.join(project, name), path.join(image, name), { recursive: true });
  symlinkSync(path.join(project, 'node_modules'), path.join(image, 'node_modules'));
});
afterAll(async () => {
  await hub?.stop();
  await database?.drop();
  rmSync(image, { recursive: true, force: true });
});

describe('a build', () => {
  test('starts with the command of the image, answers, and stops in order', async () => {
    database = await emptyDatabase('build');
    const { environment } = await makeTokenIssuer();
    const [, words] = /^CMD (\[.*\])$/m.exec(dockerfile)!;
    const [node, ...args] = JSON.parse(words!) as string[];
    expect(node).toBe('node');
    const command = args.map(word => (word.startsWith('bin/') ? path.join(image, word) : word));
    hub = await SpawnedHub.start(
      await freePort(),
      { ...environment, RUN_SOURCES: '', DATABASE_URL: database.url },
      command,
    );
    const answer = await fetch(`${hub.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ matters { totalCount } }' }),
    });
    expect(await answer.json()).toEqual({ data: { matters: { totalCount: 0 } } });
    expect(await hub.stop()).toBe(0);
  });

  test('holds no test, nothing of the demo, and no TypeScript but declarations', () => {
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
    expect(files.filter(name => /\.test\.|cli\/demo|(?<!\.d)\.m?ts$/.test(name))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['src/client/resumable.d.mts', 'src/hub.js', 'src/hub.js.map']));
    expect(files).toEqual(expect.arrayContaining(['adapters/land/adapter.js', 'schema/migrations/0001-tables.sql']));
  });

  test('of other sources than those beside it is refused', async () => {
    mkdirSync(path.join(image, 'src'));
    for (const name of ['src', 'adapters', 'schema', 'seeds', '.swcrc'])
      cpSync(path.join(project, name), path.join(image, name), { recursive: true });
    const start = [path.join(image, 'bin/start.mjs'), serve, '--help'];
    expect(await run(start)).toMatchObject({ code: 0, errors: '' });
    writeFileSync(path.join(image, 'src/hub.ts'), '// changed\n');
    expect(await run(start)).toMatchObject({
      code: 2,
      errors: 'dist/ was built from other sources than those beside it: run `npm run build`, or delete dist/.',
    });
  });

  test('is missed in one sentence where there is no compiler either', async () => {
    rmSync(dist, { recursive: true });
    rmSync(path.join(image, 'node_modules'));
    expect(await run([path.join(image, 'bin/start.mjs'), serve])).toMatchObject({
      code: 2,
      errors: 'There is no build, and no compiler to run the sources with: run `npm ci && npm run build`.',
    });
  });
});
