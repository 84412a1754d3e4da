// Runs an entry of the hub as it was built, `node bin/start.mjs src/cli/serve.ts`, or from its sources where there is no
// build, or with RUN_SOURCES=1, as tests do. A build of other sources than those beside it is refused.
import './node-version.mjs';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { digest, root } from './sources.mjs';

const entry = process.argv[2];
const built = path.join(root, 'dist', entry.replace(/\.ts$/, '.js'));
const build = path.join(root, 'dist/build.json');
const runsSources = process.env.RUN_SOURCES === '1';
if (runsSources || !existsSync(build)) {
  if (!existsSync(path.join(root, 'node_modules/@swc/core'))) {
    console.error('There is no build, and no compiler to run the sources with: run `npm ci && npm run build`.');
    process.exit(2);
  }
  if (!runsSources && entry.endsWith('serve.ts'))
    console.error('There is no build (`npm run build` makes one): this runs the sources.');
  await import('./run.mjs');
} else {
  if (existsSync(path.join(root, 'src')) && JSON.parse(readFileSync(build, 'utf8')).sources !== digest()) {
    console.error('dist/ was built from other sources than those beside it: run `npm run build`, or delete dist/.');
    process.exit(2);
  }
  process.setSourceMapsEnabled(true);
  process.argv.splice(1, 2, built);
  await import(pathToFileURL(built).href);
}
