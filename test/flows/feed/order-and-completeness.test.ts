/**
 * Promise 1: positions are dense, nothing is skipped or repeated, and events keep their order, whatever process dies.
 * FEED_CHANGES=1000000 makes the campaign larger.
 */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { Approval } from '../../../adapters/kit/hall-kinds.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { type Catalog, makeCatalog } from '../../../src/catalog/catalog.ts';
import { forgetOld } from '../../../src/feed/retention.ts';
import { Sequencer } from '../../../src/feed/sequencer.ts';
import { type Change, Tail } from '../../../src/feed/tail.ts';
import { Store } from '../../../src/store/apply.ts';
import { Database } from '../../../src/store/database.ts';
import { Identity } from '../../../src/store/identity.ts';
import type { TestDatabase } from '../../support/database.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { hubDatabase } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const campaign = Number(process.env.FEED_CHANGES ?? 100_000);
const keepMs = 3_600_000;

let place: TestDatabase;
let catalog: Catalog;
const databases: Database[] = [];
const open = (connections: number) => {
  const database = new Database(place.url, { connections, onError: () => {} });
  databases.push(database);
  return database;
};

beforeAll(async () => {
  const adapters = await silentAdapters();
  catalog = makeCatalog(adapters);
  place = await hubDatabase(adapters);
  // Transactions wait between their batch and their commit, so that they overtake one another.
  await open(1).pool.query(`
    create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(random() * 0.012); return null; end $$;
    create trigger dawdle after insert on hub_change for each statement execute function dawdle();`);
});
afterEach(() => databases[0]!.pool.query('truncate hub_batch, hub_change restart identity'));
afterAll(async () => {
  for (const database of databases) await database.close();
  await place?.drop();
});

/** Ends the connection of the active sequencer; resolves with whether there was one. */
async function killLeader(database: Database): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
       and database = (select oid from pg_database where datname = current_database())
       and objid = (hashtext('outpost-hub sequencer')::bigint & 4294967295)::oid`,
  );
  return rowCount === 1;
}

interface Numbering {
  readonly sequencers: readonly Sequencer[];
  readonly tail: Tail;
  /** The errors by which the deaths were noticed. */
  readonly problems: readonly unknown[];
  stop(): Promise<void>;
}
async function startNumbering(kept: number, pageSize: number): Promise<Numbering> {
  const problems: unknown[] = [];
  const note = (error: unknown) => problems.push(error);
  const limits = { pollMs: 5, electionMs: 10, keepMs };
  const sequencers = [0, 1].map(() => new Sequencer(open(2), limits, note));
  const tail = new Tail(open(2), { kept, pageSize, pollMs: 50 }, note);
  await tail.start();
  for (const sequencer of sequencers) sequencer.start();
  const stop = async () => {
    for (const sequencer of sequencers) await sequencer.stop();
    await tail.stop();
  };
  return { sequencers, tail, problems, stop };
}

/** Follows the tail as a reader does, from the beginning, until it has this many changes. */
async function readAll(tail: Tail, count: number): Promise<Change[]> {
  const { signal } = new AbortController();
  const seen: Change[] = [];
  while (seen.length < count) {
    const page = await tail.after(seen.length);
    seen.push(...page);
    if (!page.length) await tail.more(seen.length, signal);
  }
  return seen;
}

async function expectDenseBatches(database: Database, changes: number): Promise<void> {
  const rows = await database.read(
    `select b.first_position, b.size, count(c.batch_id) from hub_batch b left join hub_change c on c.batch_id = b.id
     group by b.id order by b.first_position`,
    [],
  );
  let next = 1;
  for (const [first, size, held] of rows) {
    expect({ first: Number(first), held: Number(held) }).toEqual({ first: next, held: Number(size) });
    next += Number(size);
  }
  expect(next).toBe(changes + 1);
}

/** One page of a writer, with the times when it was begun and when it was known to be stored. */
interface Written {
  readonly recordId: string;
  readonly caseNo: string;
  readonly from: number;
  readonly to: number;
}

test(`16 agencies, two sequencers and a dying leader: every change comes once, in order (TEST_SEED=${seed})`, async () => {
  const [writers, pagesOfEach, cases, kills] = [16, 20, 6, 5];
  const store = new Store(open(writers), catalog, new Identity('a key'), { share: 1, atLeast: 0 });
  const { sequencers, tail, problems, stop } = await startNumbering(200, 37);
  const written: Written[] = [];
  let [changes, stored, killed] = [0, 0, 0];
  const write = async (writer: number) => {
    const random = makeRandom(seed, `writer ${writer}`);
    for (let page = 0; page < pagesOfEach; page++) {
      const agency = `agency-${writer}`;
      const caseNo = `case ${random.below(cases)}`;
      const sourceId = `step ${writer} ${page}`;
      const from = performance.now();
      const step = plainStatement(Approval, sourceId, { caseNo, stepNo: String(page), name: `${writer} ${page}` });
      const came = await stateRecords(store, agency, [step]);
      changes += came;
      const recordId = store.identity.ofRecord('Approval', agency, sourceId);
      written.push({ recordId, caseNo, from, to: performance.now() });
      sequencers[random.below(2)]!.wake();
      stored += 1;
      if (stored % Math.floor((writers * pagesOfEach) / (kills + 1)) === 0 && (await killLeader(store.database)))
        killed += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, i) => write(i)));
  const seen = await readAll(tail, changes);
  await stop();

  expect(killed).toBeGreaterThanOrEqual(3);
  expect(problems.length).toBeGreaterThan(0); // the deaths were noticed but had no effect
  expect(seen.map(change => change.position)).toEqual(Array.from({ length: changes }, (_, i) => i + 1));
  await expectDenseBatches(store.database, changes);
  expectCausal(written, seen);
});

/** What was stored before something else began comes before it; within a case, the case follows each of its steps. */
function expectCausal(written: readonly Written[], seen: readonly Change[]): void {
  const positions = new Map(seen.map(change => [change.recordId, change.position]));
  const byEnd = written.map(w => ({ ...w, position: positions.get(w.recordId)! })).sort((a, b) => a.to - b.to);
  expect(new Set(byEnd.map(w => w.position)).size).toBe(written.length);
  for (const later of byEnd) {
    for (const earlier of byEnd) {
      if (earlier.to >= later.from) break;
      if (earlier.position > later.position)
        throw new Error(`${earlier.caseNo}: ${earlier.position} > ${later.position}`);
    }
  }
  // No change of another transaction about the same case may stand between a step and the case that results from it.
  for (const caseNo of new Set(written.map(w => w.caseNo))) {
    const kinds = seen.filter(change => change.caseNo === caseNo).map(change => change.kind);
    expect(kinds.join(' ')).toMatch(/^(Approval( Case)? ?)+$/);
  }
}

/**
 * A writer that behaves like the store except for what it writes: it locks a case, writes the batch and its changes,
 * waits and commits. The changes carry the case's own count, taken under its lock, as their expected order.
 */
const writerSql = `
create table case_count (case_no text primary key, steps int);
create procedure write_batches(writer int, batches int, size int, cases int) language plpgsql as $$
declare
  picked text;
  first int;
begin
  for i in 1..batches loop
    picked := 'case ' || floor(random() * cases)::int;
    update case_count set steps = steps + size where case_no = picked returning steps - size into first;
    with batch as (insert into hub_batch (agency, size, at) values ('agency-' || writer, size, now()) returning id)
    insert into hub_change (batch_id, ordinal, kind, record_id, agency, deleted, case_no, reassigned)
    select batch.id, n - 1, 'Approval', lpad(to_hex(first + n), 32, '0')::uuid, 'agency-' || writer, false, picked, false
    from batch, generate_series(1, size) n;
    commit;
  end loop;
end $$`;

test(`with 64 late writers and 20 dead leaders, ${campaign} changes come once each, in the order of their case`, async () => {
  const [writers, size, cases, kills] = [64, 50, 40, 20];
  const batches = Math.ceil(campaign / writers / size);
  const total = writers * batches * size;
  const database = databases[0]!;
  await database.pool.query(writerSql);
  await database.pool.query(`insert into case_count select 'case ' || n, 0 from generate_series(0, $1) n`, [cases]);
  const { tail, problems, stop } = await startNumbering(5_000, 2_000);
  const reading = readAll(tail, total);
  const clients = Array.from({ length: writers }, () => new pg.Client(place.url));
  await Promise.all(clients.map(client => client.connect()));
  const writing = Promise.all(
    clients.map((c, i) => c.query('call write_batches($1, $2, $3, $4)', [i, batches, size, cases])),
  );
  let killed = 0;
  const written = new AbortController();
  const murders = (async () => {
    while (killed < kills && !written.signal.aborted) {
      if (await killLeader(database)) killed += 1;
      await tail.more(tail.position, written.signal);
    }
  })();
  await writing;
  written.abort();
  const seen = await reading;
  await murders;
  // The remaining kills happen while nothing is written, which must be just as harmless.
  while (killed < kills) if (await killLeader(database)) killed += 1;
  await Promise.all(clients.map(client => client.end()));
  await stop();

  expect({ killed, noticed: problems.length > 0 }).toEqual({ killed: kills, noticed: true });
  const next = new Map<string, number>();
  seen.forEach(({ position, caseNo, recordId }, i) => {
    const step = Number.parseInt(recordId.replaceAll('-', ''), 16);
    const expected = (next.get(caseNo!) ?? 0) + 1;
    if (position !== i + 1 || step !== expected)
      throw new Error(`Position ${position} at place ${i + 1}: step ${step} of ${caseNo}, not ${expected}`);
    next.set(caseNo!, step);
  });
  await expectDenseBatches(database, total);
}, 600_000);

test('when the sequencer dies, another one numbers within 2 s', async () => {
  const database = databases[0]!;
  const limits = { pollMs: 100, electionMs: 500, keepMs };
  const sequencers = [0, 1, 2].map(() => new Sequencer(open(2), limits, () => {}));
  const tail = new Tail(open(2), { kept: 100, pageSize: 100, pollMs: 1_000 }, () => {});
  await tail.start();
  for (const sequencer of sequencers) sequencer.start();
  while (!(await killLeader(database)));
  const from = performance.now();
  await database.pool.query(
    `with batch as (insert into hub_batch (agency, size, at) values ('a', 1, now()) returning id)
     insert into hub_change (batch_id, ordinal, kind, record_id, agency, deleted, reassigned)
     select id, 0, 'Approval', gen_random_uuid(), 'a', false, false from batch`,
  );
  await tail.more(0, new AbortController().signal);
  expect(performance.now() - from).toBeLessThan(2_000);
  for (const sequencer of sequencers) await sequencer.stop();
  await tail.stop();
});

test('the oldest changes are forgotten first, the rest stays dense, and an outdated cursor is an error', async () => {
  const database = databases[0]!;
  // The second batch is young although the third is old, so the third must stay, or there would be a gap.
  for (const [id, first, hours] of [
    [1, 1, 30],
    [2, 4, 1],
    [3, 7, 30],
    [4, 10, 0],
  ])
    await database.pool.query(
      `with batch as (insert into hub_batch (id, agency, size, at, first_position) values ($1, 'a', 3, now() - $3 * interval '1 hour', $2) returning id)
       insert into hub_change (batch_id, ordinal, kind, record_id, agency, deleted, reassigned)
       select id, n, 'Approval', gen_random_uuid(), 'a', false, false from batch, generate_series(0, 2) n`,
      [id, first, hours],
    );
  const client = await database.pool.connect();
  expect(await forgetOld(client, 24 * 3_600_000)).toBe(1);
  const tail = new Tail(open(2), { kept: 100, pageSize: 100, pollMs: 1_000 }, () => {});
  await tail.start();
  expect(await tail.oldest()).toBe(4);
  expect((await tail.after(3)).map(change => change.position)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12]);
  await expect(tail.after(2)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED', details: { oldestPosition: 4 } });
  // The newest batch is never forgotten, so that positions continue after it.
  expect(await forgetOld(client, 0)).toBe(2);
  expect(await tail.oldest()).toBe(10);
  client.release();
  await tail.stop();
});
