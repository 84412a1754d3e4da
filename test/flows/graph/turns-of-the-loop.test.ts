/**
 * No turn of the event loop is long: everybody else waits while it runs. The measure is the CPU of the main thread
 * without garbage collection, so a busy machine changes nothing. `npm run turns` repeats every question three times over
 * a larger town, and fails for those that have a long turn each time; the gate asks each once, and proves that a long
 * turn would be found.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeSchema } from '../../../src/api/schema/schema.ts';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { openConnection } from '../../../src/store/connections.ts';
import { project } from '../../support/source-imports.ts';
import { freePort } from '../../support/spawned-command.ts';
import { SpawnedHub } from '../../support/spawned-hub.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testTask } from '../../support/test-purposes.ts';
import { type TurnQuestion, turnQuestions } from '../../support/turn-questions.ts';

const rounds = Number(process.env.TURNS_ROUNDS ?? 1);
const population = Number(process.env.TURNS_POPULATION ?? 150);
const boundMs = Number(process.env.TURNS_BOUND_MS ?? 50);

interface Turn {
  readonly atMs: number;
  readonly endMs: number;
  /** CPU of the main thread without collections. */
  readonly ms: number;
}
const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-turns-'));
const report = path.join(folder, 'turns');
const turns = (): Turn[] => {
  try {
    return readFileSync(report, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Turn);
  } catch {
    return [];
  }
};

let town: TestHub;
let hub: SpawnedHub;
let clients: Readonly<Record<TurnQuestion['role'], HallClient>>;
beforeAll(async () => {
  town = await startTestHub({ agencies: ['police', 'land', 'human-resources'], population, reference: true });
  await town.synchronised();
  await town.stopHub();
  hub = await SpawnedHub.start(await freePort(), {
    ...town.environment,
    HUB_AGENCIES: 'police,land,human-resources',
    NODE_OPTIONS: `--import ${path.join(project, 'test/support/watch-turns.mjs')}`,
    TURNS_REPORT: report,
    TURNS_BOUND_MS: String(boundMs),
  });
  clients = {
    clerk: new HallClient(hub.url, town.tokens.clerk, `task:${testTask}`),
    analyst: new HallClient(hub.url, town.tokens.analyst),
  };
}, 600_000);
afterAll(async () => {
  await hub?.stop();
  await town?.stop();
  rmSync(folder, { recursive: true });
});

async function ask({ role, body, file, stream }: TurnQuestion): Promise<void> {
  const client = clients[role];
  if (stream) {
    const inbox = await client.subscribe(stream);
    const isLast = (message: Awaited<ReturnType<typeof inbox.next>>) =>
      Boolean(message.errors) || message.data?.caseBoard?.type === 'READY' || message.data?.changes?.position >= last;
    await inbox.nextWhere(isLast);
    await inbox.close();
    return;
  }
  const headers = { 'content-type': 'application/json', ...client.headers };
  const response = await (file
    ? fetch(`${hub.url}${file}`, { headers })
    : fetch(`${hub.url}/graphql`, { method: 'POST', headers, body }));
  await response.arrayBuffer();
}
let last = 0;

test('no question and no attack has a long turn each time', async () => {
  const { store, adapters } = town.hub;
  const { catalog } = store;
  const database = await openConnection(town.environment.DATABASE_URL!);
  const one = async (sql: string) => Object.values((await database.query(sql)).rows[0] ?? {})[0];
  last = Number(await one('select max(first_position + size - 1) from hub_batch'));
  const known = {
    residentId: await one('select resident_id from hub_person limit 1'),
    creditCode: await one('select credit_code from hub_organisation limit 1'),
    caseNo: await one('select case_no from hub_case limit 1'),
    today: '2026-11-28',
    since: '2026-01-01T00:00:00+08:00',
  };
  await database.end();
  const questions = turnQuestions(makeSchema(catalog, adapters), catalog, known);
  const asked: { readonly name: string; readonly fromMs: number; readonly untilMs: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const question of questions) {
      const fromMs = Date.now();
      await ask(question);
      // Answered by a later turn, so what came after the answer belongs to the question too.
      await clients.clerk.ask('{ __typename }');
      asked.push({ name: question.name, fromMs, untilMs: Date.now() });
    }
  }
  await hub.stop();
  const all = turns();
  const longestOf = ({ fromMs, untilMs }: (typeof asked)[number]) =>
    Math.max(0, ...all.filter(({ endMs }) => endMs >= fromMs && endMs <= untilMs + 1).map(({ ms }) => ms));
  const longest = [...Map.groupBy(asked, ({ name }) => name)].map(
    ([name, each]) => [name, each.map(longestOf)] as const,
  );
  const long = longest.filter(([, each]) => each.every(ms => ms > boundMs));
  const lines = longest.filter(([, each]) => each.some(ms => ms > 0));
  console.info(lines.map(([name, each]) => `${each.map(ms => ms.toFixed(0)).join(' ')} ms: ${name}`).join('\n'));
  if (rounds >= 3) expect(long).toEqual([]);
  expect(longest).toHaveLength(questions.length);
}, 3_600_000);
