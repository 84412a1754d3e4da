import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Approval } from '../../../adapters/kit/hall-kinds.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { type Catalog, makeCatalog } from '../../../src/catalog/catalog.ts';
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

const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
const writers = 16;
const pagesOfEach = 20;
const cases = 6;
const kills = 5;

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
  // Transactions take a while between their batch and their commit, so that they overtake one another.
  await open(1).pool.query(`
    create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(random() * 0.012); return null; end $$;
    create trigger dawdle after insert on hub_change execute function dawdle();`);
});
afterAll(async () => {
  for (const database of databases) await database.close();
  await place?.drop();
});

/** One page of a writer: when it was begun and when it was known to be stored. */
interface Written {
  readonly recordId: string;
  readonly caseNo: string;
  readonly from: number;
  readonly to: number;
}

/** Ends the connection of the process that numbers; resolves with whether there was one. */
async function killLeader(database: Database): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
       and database = (select oid from pg_database where datname = current_database())
       and objid = (hashtext('outpost-hub sequencer')::bigint & 4294967295)::oid`,
  );
  return rowCount === 1;
}

test(`16 writers, two sequencers, a leader that dies again and again: every change once, in order (TEST_SEED=${seed})`, async () => {
  const store = new Store(open(writers), catalog, new Identity('a key'), { share: 1, atLeast: 0 });
  const problems: unknown[] = [];
  const sequencers = [0, 1].map(
    () => new Sequencer(open(2), { pollMs: 5, electionMs: 10 }, error => problems.push(error)),
  );
  const tail = new Tail(open(2), { kept: 200, pageSize: 37, pollMs: 50 }, error => problems.push(error));
  await tail.start();
  for (const sequencer of sequencers) sequencer.start();

  const written: Written[] = [];
  let changes = 0;
  let stored = 0;
  let killed = 0;
  const write = async (writer: number) => {
    const random = makeRandom(seed, `writer ${writer}`);
    for (let page = 0; page < pagesOfEach; page++) {
      const agency = `agency-${writer}`;
      const caseNo = `case ${random.below(cases)}`;
      const sourceId = `step ${writer} ${page}`;
      const from = performance.now();
      const came = await stateRecords(store, agency, [
        plainStatement(Approval, sourceId, { caseNo, stepNo: String(page), name: `${writer} ${page}` }),
      ]);
      changes += came;
      written.push({
        recordId: store.identity.ofRecord('Approval', agency, sourceId),
        caseNo,
        from,
        to: performance.now(),
      });
      sequencers[random.below(2)]!.wake();
      stored += 1;
      if (stored % Math.floor((writers * pagesOfEach) / (kills + 1)) === 0 && (await killLeader(store.database)))
        killed += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, i) => write(i)));

  const leaving = new AbortController();
  const seen: Change[] = [];
  for await (const change of tail.follow(0, () => true, leaving.signal)) {
    seen.push(change);
    if (seen.length === changes) leaving.abort();
  }
  for (const sequencer of sequencers) await sequencer.stop();
  await tail.stop();

  expect(killed).toBeGreaterThanOrEqual(3);
  expect(problems.length).toBeGreaterThan(0); // the deaths were noticed, and nothing came of them
  expect(seen.map(change => change.position)).toEqual(Array.from({ length: changes }, (_, i) => i + 1));
  await expectDenseBatches(store.database, changes);
  expectCausal(written, seen);
}, 30_000);

async function expectDenseBatches(database: Database, changes: number): Promise<void> {
  const rows = await database.read(
    `select b.first_position, b.size, (select count(*) from hub_change c where c.batch_id = b.id) from hub_batch b order by b.first_position`,
    [],
  );
  let next = 1;
  for (const [first, size, held] of rows) {
    expect({ first: Number(first), held: Number(held) }).toEqual({ first: next, held: Number(size) });
    next += Number(size);
  }
  expect(next).toBe(changes + 1);
}

/** What was stored before something else began stands before it; within a case the case follows each of its steps. */
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
  // Nothing of another transaction about the same case may stand between a step and what became of its case.
  for (const caseNo of new Set(written.map(w => w.caseNo))) {
    const kinds = seen.filter(change => change.caseNo === caseNo).map(change => change.kind);
    expect(kinds.join(' ')).toMatch(/^(Approval( Case)? ?)+$/);
  }
}
