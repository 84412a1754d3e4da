import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { makeTownship } from '../../../seeds/township/township.ts';
import { exitCodeOf } from '../../../src/cli/command.ts';
import { policy as policyCommand } from '../../../src/cli/policy.ts';
import { runHubCommand } from '../../support/hub-command.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const agencies = ['commerce', 'police'];
const [population, seed] = [300, 1];
const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-rules-'));
let t: TestHub;
beforeAll(async () => {
  t = await startTestHub({ agencies, population, seed, faultless: true, reference: true });
  await t.synchronised();
});
afterAll(async () => {
  await t?.stop();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
function fileOf(content: unknown): string {
  const file = path.join(folder, `rules-${++files}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}
/** Runs the command in this process, and returns what it prints. */
async function policy(...args: string[]) {
  const { catalog, database } = t.hub.store;
  const opened = { catalog, database, store: t.hub.store, adapters: t.hub.adapters, town: 'town' };
  const [log, error] = [jest.spyOn(console, 'log'), jest.spyOn(console, 'error')];
  const printed = (spy: typeof log) => spy.mock.calls.map(([text]) => `${text}\n`).join('');
  for (const spy of [log, error]) spy.mockImplementation(() => {});
  try {
    const code = await exitCodeOf(
      'policy',
      policyCommand(args, async () => opened as never),
    );
    return { code, output: printed(log), remarks: printed(error) };
  } finally {
    for (const spy of [log, error]) spy.mockRestore();
  }
}
/** Lines below each heading: `director, case · CaseBoard`. */
function sectionsOf(output: string): Map<string, string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of output.split('\n').filter(Boolean)) {
    if (!line.startsWith(' ')) {
      lines = [];
      sections.set(line, lines);
    } else lines.push(line.trim());
  }
  return sections;
}
const everything = { without: 'all', case: 'all', matter: 'all', task: 'all' };

test('a dry run of the rules as they are printed changes nothing', async () => {
  const { code, output: rules } = await policy('rules');
  expect(code).toBe(0);
  const { output, remarks } = await policy('diff', '--to', fileOf(rules));
  expect(output).toBe('');
  expect(remarks).toContain('0 differences for 0 sample readers');
  // An operation that writes is reported and not run.
  expect(remarks).toContain('RequestUnmask was not run: it writes');
});

test('a wider rule reports the fields and rows that it shows, a narrower rule those that are lost', async () => {
  const to = fileOf({
    clerk: { personal: { without: 'none', case: 'none', matter: 'all', task: 'all' } },
    director: { rows: ['open'] },
    'village-agent': { personal: everything, finds: true },
    analyst: { personal: everything },
  });
  const { code, output, remarks } = await policy('diff', '--to', to);
  expect({ code, remarks }).toEqual({
    code: 0,
    remarks: expect.stringMatching(/[1-9]\d* differences for \d+ sample readers/),
  });
  const sections = sectionsOf(output);

  const shownRows = (
    await t.hub.store.database.read('select least(count(*), 50) from hub_case where not deleted', [])
  )[0]![0];
  const board = sections.get('director, without a purpose · CaseBoard')!;
  expect(board).toContainEqual(
    expect.stringMatching(`^- Case: ${shownRows} rows lost \\(Case:[0-9a-f-]{36}, .*\\.\\.\\.\\)$`),
  );
  expect(board).toContain('- refused: FORBIDDEN at cases');
  expect(board).toContain('- Query.cases.totalCount: shown -> nothing, 1 time');

  // The clerk no longer sees the applicant of their own case; with other purposes nothing changes.
  expect(sections.get('clerk, case · CaseDetail')).toContain('- Person.name: shown -> masked, 1 time');
  expect([...sections.keys()].filter(name => /^clerk, (without|task|matter)/.test(name))).toEqual([]);
  const agents = [...sections.keys()].filter(name => /^village-agent of \d{12}, task/.test(name));
  expect(agents.map(name => name.split(' · ')[1])).toContain('PersonCard');

  const named = sections.get('analyst, without a purpose · CaseBoard')!;
  expect(named).toEqual([expect.stringMatching(/^\+ Case\.heading: masked -> shown, \d+ times?$/)]);
  // Which kinds changed last depends on which reader's data was read last.
  const pushed = sections.get('director, without a purpose · HallChanges')!;
  expect(pushed).toContainEqual(expect.stringMatching(/^- \w+: \d+ rows? lost \(/));
  // Roles whose rules stay the same are not evaluated.
  for (const name of sections.keys()) expect(name).toMatch(/^(clerk|director|village-agent|analyst)\b/);
});

test('a change of the rules gains exactly what the reverse change loses', async () => {
  const rules = fileOf({ 'village-agent': { rows: ['everything'], personal: everything } });
  const [there, back] = [await policy('diff', '--to', rules), await policy('diff', '--from', rules)];
  const turned = (line: string) =>
    line
      .replace(/^./, sign => ({ '+': '-', '-': '+' })[sign] ?? sign)
      .replace(/(\w+) -> (\w+)/, '$2 -> $1')
      .replace(/ (gained|lost) /, word => (word === ' gained ' ? ' lost ' : ' gained '))
      .replace('+ refused', '+ no longer refused')
      .replace('- no longer refused', '- refused');
  const [one, other] = [sectionsOf(there.output), sectionsOf(back.output)];
  expect(one.size).toBeGreaterThan(3);
  expect([...one.keys()]).toEqual([...other.keys()]);
  for (const [name, lines] of one) expect(lines.map(turned).sort()).toEqual([...other.get(name)!].sort());
});

test('the output names nobody, whatever the rules show', async () => {
  const all = { rows: ['everything'], personal: everything, finds: true };
  const to = fileOf({ public: all, clerk: all, director: all });
  const { code, output, remarks } = await policy('diff', '--to', to);
  expect({ code, some: output.length > 2_000 }).toEqual({ code: 0, some: true });
  const { residents, businesses } = makeTownship({ population, seed });
  const secrets = [
    ...residents.flatMap(({ residentId, phone, name }) => [residentId, phone, name]),
    ...businesses.flatMap(({ phone, representativeName }) => [phone, representativeName]),
  ];
  const text = output + remarks;
  expect(secrets.filter(secret => text.includes(secret)).length).toBe(0);
});

test.each([
  ['is not there', null, 'cannot be read'],
  ['is no JSON', 'roles:', 'should hold JSON'],
  ['names a role that is none', { emperor: {} }, 'emperor'],
  ['names a relation that is none', { clerk: { rows: ['everyone'] } }, 'clerk.rows.0'],
  ['shows what nobody knows', { clerk: { personal: { ...everything, case: 'some' } } }, 'clerk.personal.case'],
  ['has a member too many', { clerk: { all: true } }, 'clerk'],
])('a file that %s is reported in one line that names the place', async (_what, content, says) => {
  const { code, output, remarks } = await policy('diff', '--to', content === null ? '/nowhere.json' : fileOf(content));
  expect({ code, output, lines: remarks.trimEnd().split('\n').length }).toEqual({ code: 2, output: '', lines: 1 });
  expect(remarks).toContain(says);
});

test('without rules to compare the command prints its usage', async () => {
  for (const args of [['diff'], ['diff', '--into', 'x'], ['rules', 'x'], []])
    expect((await policy(...args)).code).toBe(2);
});

test('operators can run it as a command', async () => {
  const run = (...args: string[]) => runHubCommand(t.environment.DATABASE_URL!, agencies.join(), 'policy', ...args);
  const told = await run('diff', '--to', fileOf({ director: { rows: ['open'] } }));
  expect(told.code).toBe(0);
  expect(sectionsOf(told.output).get('director, task · CaseBoard')).toContain('- refused: FORBIDDEN at cases');
  expect((await run('diff')).remarks).toContain('Usage: npm run hub -- policy rules | diff');
});
