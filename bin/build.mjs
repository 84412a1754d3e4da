// npm run build: makes dist/ (or the folder that is named), which `npm start` and `npm run hub` run: the hub as JavaScript
// with source maps, its contracts and reference data. It needs no compiler, and nothing of the folder it was made in.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from '@swc/core';
import { digest, root, sources } from './sources.mjs';

const dist = path.resolve(root, process.argv[2] ?? 'dist');
const settings = JSON.parse(readFileSync(path.join(root, '.swcrc'), 'utf8'));
settings.jsc.rewriteRelativeImportExtensions = true;

rmSync(dist, { recursive: true, force: true });
const files = sources();
for (const file of files) {
  const made = path.join(dist, file.replace(/(?<!\.d)\.ts$/, '.js'));
  mkdirSync(path.dirname(made), { recursive: true });
  if (!/(?<!\.d)\.ts$/.test(file)) {
    copyFileSync(path.join(root, file), made);
    continue;
  }
  const text = readFileSync(path.join(root, file), 'utf8');
  const filename = path.basename(file);
  const { code, map } = transformSync(text, { ...settings, swcrc: false, filename, sourceFileName: filename });
  writeFileSync(made, `${code}//# sourceMappingURL=${path.basename(made)}.map\n`);
  writeFileSync(`${made}.map`, map);
}
// Written last, so that a build that was interrupted is none.
writeFileSync(path.join(dist, 'build.json'), `${JSON.stringify({ sources: digest() })}\n`);
console.log(`${dist} holds ${files.length} files`);
