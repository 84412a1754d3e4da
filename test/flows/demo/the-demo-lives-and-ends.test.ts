import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, watch } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { project } from '../../support/source-imports.ts';
import { allGone, familyOf, freePort, SpawnedCommand, type SystemProcessId } from '../../support/spawned-command.ts';

interface DemoState {
  readonly url: string;
  readonly pid: number;
  readonly tokens: Readonly<Record<'clerk' | 'analyst' | 'integrator', string>>;
}
const folder = path.join(project, '.data');
const stateFile = path.join(folder, 'demo.json');
const endDeadlineMs = 15_000;

let npm: SpawnedCommand;
let family: SystemProcessId[] = [];
let dataFolder: string | null = null;

/** Resolves when this command's demo has written its file; rejects when the command ends before. */
async function stateOf(command: SpawnedCommand): Promise<DemoState> {
  mkdirSync(folder, { recursive: true });
  const watcher = watch(folder);
  try {
    return await new Promise((resolve, reject) => {
      const look = () => {
        if (!existsSync(stateFile)) return;
        const state = JSON.parse(readFileSync(stateFile, 'utf8')) as DemoState;
        // Another demo may be running on this machine.
        if (familyOf(command.pid).some(({ pid }) => pid === state.pid)) resolve(state);
      };
      watcher.on('change', look);
      look();
      command.ended.then(end => reject(new Error(`The demo ended with ${end}:\n${command.output}`)), reject);
    });
  } finally {
    watcher.close();
  }
}

async function startDemo(): Promise<{ state: DemoState; port: number }> {
  const port = await freePort();
  npm = new SpawnedCommand('npm', ['run', 'demo', '--', '--population', '200'], { HUB_PORT: String(port) });
  const state = await stateOf(npm);
  family = familyOf(npm.pid);
  dataFolder = dataFolderOf(family);
  return { state, port };
}

/** The folder of the embedded PostgreSQL, which a killed demo cannot remove. */
function dataFolderOf(processes: readonly SystemProcessId[]): string | null {
  const folders = processes.map(({ pid }) => readlinkSync(`/proc/${pid}/cwd`));
  const data = folders.find(folder => /\/outpost-hub-demo-\w+\/data$/.test(folder));
  return data ? path.dirname(data) : null;
}
const ownFile = (pid: number) =>
  existsSync(stateFile) && (JSON.parse(readFileSync(stateFile, 'utf8')) as DemoState).pid === pid;

afterEach(async () => {
  npm.signalGroup('SIGKILL');
  await allGone(family, endDeadlineMs);
  if (dataFolder) rmSync(dataFolder, { recursive: true, force: true });
});

// This inspects processes through /proc.
if (process.platform === 'linux') {
  describe('the demo', () => {
    test('lives by itself, and Ctrl-C ends everything that it started', async () => {
      const { state, port } = await startDemo();
      expect(state.url).toBe(`http://localhost:${port}/graphql`);
      expect(statSync(stateFile).mode & 0o077).toBe(0);
      await answersEachReader(state);
      await livesByItself(state);
      // The family is npm and its shell, the demo, five agency systems, and PostgreSQL under its watchdog.
      family = familyOf(npm.pid);
      expect(family.length).toBeGreaterThanOrEqual(10);

      npm.signalGroup('SIGINT');
      await npm.ended;
      await allGone(family, endDeadlineMs);
      expect(ownFile(state.pid)).toBe(false);
      expect(dataFolder && existsSync(dataFolder)).toBeFalsy();
    });

    test('leaves no process behind when it is killed', async () => {
      const { state } = await startDemo();
      process.kill(state.pid, 'SIGKILL');
      await allGone(family, endDeadlineMs);
      expect(ownFile(state.pid)).toBe(true);
      rmSync(stateFile);
    });

    test('ends in order when only the npm process that started it is signalled', async () => {
      const { state } = await startDemo();
      process.kill(npm.pid, 'SIGTERM');
      await allGone(family, endDeadlineMs);
      expect(ownFile(state.pid)).toBe(false);
    });
  });
}

async function answersEachReader({ url, tokens }: DemoState): Promise<void> {
  const base = url.replace(/\/graphql$/, '');
  const count = '{ persons { totalCount nodes { name } } agencies(first: 100) { nodes { freshness { modes } } } }';
  const clerk = await new HallClient(base, tokens.clerk, 'task:review').ask(count);
  const analyst = await new HallClient(base, tokens.analyst).ask(count);
  const integrator = await new HallClient(base, tokens.integrator).ask('{ marketEntities { totalCount } }');
  const nobody = await new HallClient(base, null).ask('{ marketEntities { totalCount } }');
  const stranger = await new HallClient(base, `${tokens.clerk.slice(0, -8)}AAAAAAAA`).ask(
    '{ marketEntities { totalCount } }',
  );
  expect([clerk.errors, analyst.errors, integrator.errors]).toEqual([undefined, undefined, undefined]);
  expect(clerk.data.persons.totalCount).toBeGreaterThan(50);
  expect(analyst.data.persons.totalCount).toBe(clerk.data.persons.totalCount);
  const connected = clerk.data.agencies.nodes.filter((agency: { freshness: object | null }) => agency.freshness);
  expect(connected).toHaveLength(5);
  expect(integrator.data.marketEntities.totalCount).toBeGreaterThan(5);
  const masked = (name: string | null) => name?.includes('*') ?? true;
  expect(clerk.data.persons.nodes.every(({ name }: { name: string | null }) => masked(name))).toBe(false);
  expect(analyst.data.persons.nodes.every(({ name }: { name: string | null }) => masked(name))).toBe(true);
  for (const refused of [nobody, stranger]) expect(refused.data?.marketEntities ?? null).toBeNull();
}

/** Without any action from outside, agencies report changes in order. */
async function livesByItself({ url, tokens }: DemoState): Promise<void> {
  const clerk = new HallClient(url.replace(/\/graphql$/, ''), tokens.clerk);
  const inbox = await clerk.subscribe('subscription { changes { position agency kind at } }');
  const agencies = new Set<string>();
  let last = 0;
  await inbox.nextWhere(({ data, errors }) => {
    if (errors) throw new Error(errors[0]!.message);
    expect(data.changes.position).toBeGreaterThan(last);
    last = data.changes.position;
    agencies.add(data.changes.agency);
    return agencies.size >= 3;
  });
  await inbox.close();
}
