import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { project } from '../support/source-imports.ts';

/** Turns headings into anchors as code hosts do: lower case, spaces to dashes, punctuation dropped. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

const withoutCode = (markdown: string) => markdown.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '');
const anchorsOf = (markdown: string) =>
  [...markdown.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)].map(match => anchorOf(match[1]!));

function brokenLinks(file: string): string[] {
  const text = withoutCode(readFileSync(path.join(project, file), 'utf8'));
  const links = [...text.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)|^\[[^\]]+\]: (\S+)/gm)].map(m => m[1] ?? m[2]!);
  return links
    .filter(link => !/^[a-z]+:/i.test(link))
    .filter(link => {
      const [target = '', anchor] = link.split('#');
      const to = target ? path.resolve(project, path.dirname(file), decodeURI(target)) : path.join(project, file);
      if (!to.startsWith(project) || !existsSync(to)) return true;
      return anchor !== undefined && to.endsWith('.md') && !anchorsOf(readFileSync(to, 'utf8')).includes(anchor);
    })
    .map(link => `${file}: ${link}`);
}

const inProduct = (file: string) => !file.split(path.sep).includes('node_modules');
const readmes = globSync('**/README.md', { cwd: project, exclude: name => !inProduct(name) }).filter(inProduct);

test('relative links in every README lead to an existing file or heading', () => {
  expect(readmes).toContain('README.md');
  expect(readmes.flatMap(brokenLinks)).toEqual([]);
});

test('every part of the project has its README', () => {
  const parts = ['', 'src', 'adapters', 'seeds', 'test', 'schema'];
  expect(parts.filter(part => !existsSync(path.join(project, part, 'README.md')))).toEqual([]);
  const agencies = globSync('adapters/*/adapter.ts', { cwd: project }).map(file => path.dirname(file));
  expect(agencies.filter(folder => !existsSync(path.join(project, folder, 'README.md')))).toEqual([]);
});
