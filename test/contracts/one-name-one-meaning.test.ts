/** A name of a type means one thing, and the words of comments are those that everybody knows. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { project, sourceFiles } from '../support/source-imports.ts';

const exported = /^export (?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gm;
const textOf = (file: string) => readFileSync(path.join(project, file), 'utf8');
const files = sourceFiles('src', 'adapters', 'seeds', 'test');
const product = files.filter(file => /^(src|adapters\/kit)\//.test(file) && !file.endsWith('.test.ts'));

test('a type name is exported once in the hub and the kit', () => {
  const places = product.flatMap(file =>
    [...textOf(file).matchAll(exported)].map(([, name]) => ({ name: name!, file })),
  );
  expect(places.length).toBeGreaterThan(300);
  const twice = [...Map.groupBy(places, ({ name }) => name)].filter(([, all]) => all.length > 1);
  expect(twice.map(([name, all]) => `${name}: ${all.map(({ file }) => file).join(', ')}`)).toEqual([]);
});

test('readers are they: no comment or text calls one he or she', () => {
  const pronoun = /(?<![\w'`-])(?:[Hh]e|[Hh]im|[Hh]is|[Hh]imself|[Ss]he|[Hh]ers|[Hh]erself)(?![\w`-])/;
  const found = files.flatMap(file =>
    textOf(file)
      .split('\n')
      .flatMap((line, i) => (pronoun.test(line) && file !== own ? [`${file}:${i + 1} ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
const own = 'test/contracts/one-name-one-meaning.test.ts';
