/** Whoever reads the README of a folder finds every file in it. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { project, sourceFiles } from '../support/source-imports.ts';

/** The README of the folder, or of the nearest one above it that has one. */
function readmeOf(file: string): string {
  let folder = path.dirname(file);
  while (!existsSync(path.join(project, folder, 'README.md'))) folder = path.dirname(folder);
  return path.join(folder, 'README.md');
}

const files = sourceFiles('src');

test('every file of src stands in the README of its folder', () => {
  expect(files.length).toBeGreaterThan(200);
  const isNamed = (file: string) =>
    new RegExp(`[\`/]${path.basename(file).replaceAll('.', '\\.')}\``).test(
      readFileSync(path.join(project, readmeOf(file)), 'utf8'),
    );
  expect(files.filter(file => !isNamed(file)).map(file => `${readmeOf(file)} should name ${file}`)).toEqual([]);
});

test('no README of src names a file that is gone', () => {
  const known = new Set(sourceFiles('src', 'adapters', 'seeds', 'test').map(file => path.basename(file)));
  const readmes = [...new Set(files.map(readmeOf))];
  const gone = readmes.flatMap(readme =>
    [...readFileSync(path.join(project, readme), 'utf8').matchAll(/`(?:[\w-]+\/)*([\w-]+\.(?:ts|mts|mjs))`/g)].flatMap(
      ([, name]) => (known.has(name!) ? [] : [`${readme}: ${name}`]),
    ),
  );
  expect(gone).toEqual([]);
});
