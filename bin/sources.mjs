// Which files `npm run build` makes dist/ from, and a digest of them, by which `npm start` knows whether it is up to date.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.dirname(import.meta.dirname);
/** Left out: tests, and the demo, which needs the pretend systems in `seeds`. */
const leftOut = /\.test\.ts$|\/samples\/|\.md$|^src\/cli\/(demo[\w-]*|hall-client)\.ts$/;

/** Paths from the project's root, in a fixed order. */
export const sources = () =>
  ['src', 'adapters', 'schema', 'seeds/reference']
    .flatMap(filesIn)
    .filter(file => !leftOut.test(file))
    .sort();

const filesIn = folder =>
  readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(root, path.join(entry.parentPath, entry.name)));

export const digest = () =>
  ['.swcrc', ...sources()]
    .reduce((made, file) => made.update(file).update(readFileSync(path.join(root, file))), createHash('sha256'))
    .digest('hex');
