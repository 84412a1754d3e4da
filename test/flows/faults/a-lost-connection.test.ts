/** A lost database connection fails the work that was using it, and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { HallClient } from '../../../src/cli/hall-client.ts';
import { freePort, HubProcess } from '../../support/hub-process.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-lost-'));
const hubs: { readonly url: string; readonly process: HubProcess }[] = [];
let t: TestHub;
let operator: pg.Client;

beforeAll(async () => {
  t = await startTestHub({ agencies: ['commerce'], population: 200, faultless: true });
  await t.synchronised();
  await t.stopHub();
  operator = new pg.Client(t.environment.DATABASE_URL);
  await operator.connect();
  for (const name of ['one', 'other']) {
    const port = await freePort();
    const own = { HUB_AUDIT_DIR: path.join(folder, name), HUB_AUDIT_ROOTS: path.join(folder, `${name}-roots`) };
    const environment = { ...t.environment, ...own, HUB_AGENCIES: 'commerce', HUB_PORT: String(port) };
    hubs.push({ url: `http://localhost:${port}`, process: HubProcess.start(environment) });
  }
  await Promise.all(hubs.map(({ url, process }) => process.during(ready(url))));
});
afterAll(async () => {
  for (const { process } of hubs) await process.kill();
  await operator?.end();
  await t?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Another process causes no event here, so this polls. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(20);
}
const ready = (url: string) => until(async () => Boolean((await fetch(`${url}/readyz`).catch(() => null))?.ok));

/** Connections of the hubs that wait for a lock: those of pages, of queries, and of the sequencer. */
const waiting = `select pid, wait_event from pg_stat_activity
  where application_name = 'outpost-hub' and wait_event_type = 'Lock' and datname = current_database()`;
async function waitsFor(event: string): Promise<void> {
  await until(async () => (await operator.query(waiting)).rows.some(row => row.wait_event === event));
}
const question = '{ persons(first: 1) { nodes { id } } }';

test('when every waiting connection is ended at once, both processes stay up, answer, and read on', async () => {
  const [clerk] = hubs.map(({ url }) => new HallClient(url, t.tokens.clerk));
  // The locks of this connection end with it, also when the test fails.
  const holder = new pg.Client(t.environment.DATABASE_URL);
  await holder.connect();
  await holder.query('begin');
  await holder.query(`select pg_advisory_xact_lock(hashtext('page commerce'))`);
  await holder.query('lock table hub_person in access exclusive mode');
  const asked = clerk!.ask(question);
  await waitsFor('relation');
  t.systems.get('commerce')!.step();
  await waitsFor('advisory');
  const { rows } = await operator.query(
    `select pg_terminate_backend(pid) as ended from pg_stat_activity
     where application_name = 'outpost-hub' and wait_event_type = 'Lock' and datname = current_database()`,
  );
  expect(rows.length).toBeGreaterThanOrEqual(2);
  const refused = await asked;
  expect(refused.errors?.[0]?.extensions?.code).toBe('INTERNAL');
  await holder.end();
  for (const { url, process } of hubs) {
    await process.during(ready(url));
    const answered = await process.during(new HallClient(url, t.tokens.clerk).ask(question));
    expect(answered.errors).toBeUndefined();
  }
  const { rows: before } = await operator.query('select now() as at');
  await hubs[0]!.process.during(
    until(async () => {
      const { rows } = await operator.query(
        `select from hub_health where agency = 'commerce' and last_success_at > $1 and failures = 0`,
        [before[0].at],
      );
      return rows.length === 1;
    }),
  );
});

test('ending all connections of the hubs ends neither hub, whatever they are doing', async () => {
  const inboxes = await Promise.all(
    hubs.map(({ url }) => new HallClient(url, t.tokens.clerk).subscribe('subscription { changes { kind } }')),
  );
  for (let round = 0; round < 5; round++) {
    const asked = hubs.map(({ url }) => new HallClient(url, t.tokens.clerk).ask(question).catch(() => null));
    await operator.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'outpost-hub' and pid <> pg_backend_pid() and datname = current_database()`,
    );
    await Promise.all(asked);
    for (const { url, process } of hubs) await process.during(ready(url));
  }
  await Promise.all(inboxes.map(inbox => inbox.close()));
});
