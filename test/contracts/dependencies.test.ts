import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { project, readSources } from '../support/source-imports.ts';

type Versions = Readonly<Record<string, string>>;
interface Package {
  readonly scripts: Versions;
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
  readonly optionalDependencies: Versions;
  readonly overrides: Versions;
}
const read = (file: string) => readFileSync(path.join(project, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Package;
const { dependencies, devDependencies, optionalDependencies } = manifest;

/** Names in bold in the items of a list, whose continuation lines are indented; several names may share a reason. */
function explainedIn(markdown: string): Set<string> {
  const items = markdown.matchAll(/^- \*\*.*(?:\n {2}.*)*/gm);
  return new Set([...items].flatMap(([item]) => [...item.matchAll(/\*\*([^*]+)\*\*/g)].map(match => match[1]!)));
}

test('every run-time dependency has its reason in src/README.md', () => {
  const explained = explainedIn(read('src/README.md'));
  expect(Object.keys(dependencies).filter(name => !explained.has(name))).toEqual([]);
});

test('versions are exact, because newer ones of these packages do not fit each other', () => {
  const loose = [dependencies, devDependencies, optionalDependencies, manifest.overrides]
    .flatMap(list => Object.entries(list))
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
  expect(loose).toEqual([]);
});

test('the lockfile is in step with package.json', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Partial<Package>> };
  const root = packages['']!;
  expect(root.dependencies).toEqual(dependencies);
  expect(root.devDependencies).toEqual(devDependencies);
  expect(root.optionalDependencies).toEqual(optionalDependencies);
  const locked = packages as Record<string, { version?: string }>;
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
    expect([name, locked[`node_modules/${name}`]?.version]).toEqual([name, version]);
  }
});

test('what the hub and its adapters import is a run-time dependency', () => {
  const imported = readSources('src', 'adapters')
    .filter(({ file }) => !file.endsWith('.test.ts'))
    .flatMap(({ imports }) => imports);
  const missing = imported
    .filter(({ packageName }) => packageName && !packageName.startsWith('node:') && !(packageName in dependencies))
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
  expect(missing).toEqual([]);
  // Some modules, such as node:sqlite, exist with the prefix only, and are listed with it.
  const isBare = (specifier: string) => builtinModules.includes(specifier) && !specifier.startsWith('node:');
  const bare = imported.filter(({ specifier }) => isBare(specifier)).map(({ file }) => file);
  expect(bare).toEqual([]);
});

test('.ci/run does what the README says runs all tests, and nothing else', () => {
  const steps = read('.ci/run')
    .split('\n')
    .filter(line => line.trim() && !/^(#|set |cd )/.test(line));
  expect(steps).toEqual(['npm ci && npm test']);
  expect(read('README.md')).toContain('npm ci && npm test');
  expect(read('README.md')).toContain('npm ci && npm run demo');
});

test('every command that a README mentions exists', () => {
  const told = ['README.md', 'src/README.md'].flatMap(file =>
    [...read(file).matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(test|start)\b)/g)].map(match => match[1] ?? match[2]!),
  );
  expect(told).toContain('demo');
  expect(told.filter(name => !(name in manifest.scripts))).toEqual([]);
});
