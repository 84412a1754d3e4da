// Lets Node import the project's TypeScript: type stripping alone cannot do decorators. With right source maps. What was
// compiled before is kept in node_modules/.cache, one file for each source, so that the next process need not compile it.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(import.meta.dirname);
const cache = path.join(root, 'node_modules/.cache/outpost-hub');
const require = createRequire(import.meta.url);
const hash = (...parts) => parts.reduce((made, part) => made.update(part), createHash('sha256')).digest('hex');
const compiler = [
  JSON.parse(readFileSync(path.join(root, 'node_modules/@swc/core/package.json'), 'utf8')).version,
  readFileSync(path.join(root, '.swcrc'), 'utf8'),
].join();

function compiled(filename) {
  const source = readFileSync(filename);
  const kept = path.join(cache, `${hash(filename)}.mjs`);
  const mark = `\n// compiled from ${hash(source, compiler)}`;
  try {
    const code = readFileSync(kept, 'utf8');
    if (code.endsWith(mark)) return code;
  } catch {
    // It is compiled for the first time.
  }
  // Loaded only when something has to be compiled.
  const { transformSync } = require('@swc/core');
  const { code } = transformSync(source.toString('utf8'), { filename, sourceMaps: 'inline' });
  try {
    mkdirSync(cache, { recursive: true });
    // Several processes may do this at the same moment.
    const whole = `${kept}.${process.pid}`;
    writeFileSync(whole, code + mark);
    renameSync(whole, kept);
  } catch {
    // Where nothing can be written, every process compiles.
  }
  return code;
}

process.setSourceMapsEnabled(true);
registerHooks({
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
    return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true };
  },
});
