import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { errorCodes } from '../../src/domain/error-codes.ts';
import { project, readSources } from '../support/source-imports.ts';

const read = (file: string) => readFileSync(path.join(project, file), 'utf8');
const sorted = (codes: Iterable<string>) => [...new Set(codes)].sort();
const declared = sorted(Object.keys(errorCodes));
const sources = readSources('src').filter(({ file }) => file !== 'src/domain/error-codes.ts');

/** Finds `new HubError('X'`, and `code: 'X'` where the envelope of a reply names a code itself. */
const usedIn = (text: string) => [
  ...[...text.matchAll(/new HubError\(\s*'([A-Z_]+)'/g)].map(match => match[1]!),
  ...[...text.matchAll(/'([A-Z][A-Z_]+)'/g)].map(match => match[1]!).filter(word => word in errorCodes),
];

test('every code that the code uses is declared, and every declared one is used', () => {
  expect(sorted(sources.flatMap(({ file }) => usedIn(read(file))))).toEqual(declared);
});

test('every HubError is made with a code that can be read off the source', () => {
  const hidden = sources.filter(({ file }) => /new HubError\(\s*[^'\s]/.test(read(file))).map(({ file }) => file);
  expect(hidden).toEqual([]);
});

test('schema/errors.json lists the same codes for clients', () => {
  expect(sorted(Object.keys(JSON.parse(read('schema/errors.json'))))).toEqual(declared);
});

test('src/README.md explains the same codes, each in one line of a table', () => {
  expect(existsSync(path.join(project, 'src/README.md'))).toBe(true);
  const documented = [...read('src/README.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(match => match[1]!);
  expect(documented.sort()).toEqual(declared);
});

test('each code says what it means, who must act and whether a retry helps', () => {
  for (const [code, { en, who, retry }] of Object.entries(errorCodes)) {
    expect({ code, en: en.length > 10, who: who.length > 0, retry: typeof retry }).toEqual({
      code,
      en: true,
      who: true,
      retry: 'boolean',
    });
  }
});
