import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { makeTownship } from '../../../seeds/township/township.ts';
import { project } from '../../support/source-imports.ts';
import { SpawnedCommand, type Variables } from '../../support/spawned-command.ts';

const population = 300;
/** The demo's own seed, so that the test knows its residents. */
const seed = 371482;
const dataFolder = path.join(project, '.data');

let command: SpawnedCommand | null = null;
const demoOnce = (variables: Variables = {}) => {
  command = new SpawnedCommand('npm', ['run', 'demo', '--', '--once', '--population', String(population)], variables);
  return command;
};
afterEach(async () => {
  command?.signalGroup('SIGINT');
  await command?.ended;
});

test('the whole main job runs unattended, and nothing that is written names anybody', async () => {
  const before = filesIn(dataFolder);
  const proof = mkdtempSync(path.join(tmpdir(), 'outpost-hub-demo-proof-'));
  const places = { HUB_AUDIT_DIR: path.join(proof, 'log'), HUB_AUDIT_ROOTS: path.join(proof, 'roots') };
  const demo = demoOnce({ HUB_LOG_LEVEL: 'debug', ...places });
  const code = await demo.ended;
  expect({ code, output: code === 0 ? '' : demo.output }).toEqual({ code: 0, output: '' });

  const table = demo.output.slice(demo.output.indexOf('agency  '));
  for (const column of ['protocol', 'records read', 'parked', 'seconds', 'records/s', 'update seen after']) {
    expect(table).toContain(column);
  }
  for (const agency of ['police', 'land', 'commerce', 'human-resources', 'food-drug']) {
    const row = new RegExp(`^${agency} .* [1-9][\\d,]* +\\d+ +\\d+\\.\\d +[\\d,]+ +\\d+ ms$`, 'm');
    expect(table).toMatch(row);
  }
  expect(demo.output).toMatch(/One person: \d+ records/);
  expect(demo.output).toMatch(/One organisation: \d+ records/);
  expect(demo.output).toContain('Every part happened');
  // The log was at its most verbose level.
  expect(demo.errors).toContain('the hub is open');
  expect(peopleNamedIn(demo.output)).toEqual([]);
  // The output contains no credentials either: no token and no private key.
  expect(demo.output).not.toMatch(/eyJ[\w-]{20,}\.|PRIVATE KEY/);

  // Files that it left on disk: the proof of its reads, and everything new in its folder.
  const proven = filesIn(proof);
  expect(proven.map(file => path.basename(file))).toEqual(
    expect.arrayContaining(['entries-00000001.jsonl', 'roots.jsonl']),
  );
  const left = [...proven, ...filesIn(dataFolder).filter(file => !before.includes(file))];
  const texts = left.map(file => readFileSync(file, 'latin1') + readFileSync(file, 'utf8'));
  expect(texts.join('\n')).toContain('"operation":{"name":"Person"');
  expect(peopleNamedIn(texts.join('\n'))).toEqual([]);
  rmSync(proof, { recursive: true });
});

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name));
}

/** Identity numbers in either length, phones, and names that cannot be part of another word of the text. */
function peopleNamedIn(text: string): string[] {
  const { residents, businesses } = makeTownship({ population, seed });
  const numbers = new Set(text.match(/\d{17}[\dXx]|\d{15}|(?<!\d)1\d{10}(?!\d)/g));
  const fifteen = (id: string) => id.slice(0, 6) + id.slice(8, 17);
  const found: string[] = [];
  for (const { residentId, phone, name } of residents) {
    if ([residentId, residentId.toLowerCase(), fifteen(residentId)].some(id => numbers.has(id) || text.includes(id)))
      found.push('an identity number');
    if (numbers.has(phone)) found.push('a phone');
    if (text.includes(name)) found.push('a name');
  }
  for (const { phone, representativeName } of businesses) {
    if (numbers.has(phone)) found.push("a business's phone");
    if (text.includes(representativeName)) found.push("a representative's name");
  }
  return found;
}

test('the search for names and numbers finds those in an output', () => {
  const { residents } = makeTownship({ population, seed });
  const somebody = residents.find(({ name }) => name.length > 2)!;
  const { residentId, phone, name } = somebody;
  expect(peopleNamedIn(`id ${residentId}`)).toContain('an identity number');
  expect(peopleNamedIn(`key="${residentId.slice(0, 6)}${residentId.slice(8, 17)}"`)).toContain('an identity number');
  expect(peopleNamedIn(`call ${phone}.`)).toContain('a phone');
  expect(peopleNamedIn(`from ${name} today`)).toContain('a name');
});

test('the demo fails when an agency is not connected, and says which', async () => {
  const demo = demoOnce({ HUB_AGENCIES: 'police,land,commerce,human-resources' });
  expect(await demo.ended).toBe(1);
  expect(demo.errors).toContain('food-drug');
  expect(demo.output).not.toContain('Every part happened');
});

test('the demo fails when its port is taken, in one line that names the variable', async () => {
  const other = createServer();
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  try {
    const demo = demoOnce({ HUB_PORT: String(port) });
    expect(await demo.ended).toBe(2);
    // It is known before anything is started.
    expect(demo.output).not.toContain('starting PostgreSQL');
    const lines = demo.errors.split('\n').filter(line => line.trim() && !/^(>|npm )/.test(line));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('HUB_PORT');
    expect(lines[0]).toContain(String(port));
  } finally {
    await new Promise(resolve => other.close(resolve));
  }
});
