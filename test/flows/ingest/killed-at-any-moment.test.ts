/** A hub that is killed and started again at any moment ends in the tables of a hub that was never disturbed. */
import { setTimeout as passing } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { PretendSystem } from '../../../seeds/systems/pretend-system.ts';
import type { Random } from '../../../seeds/township/model.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { makeCatalog } from '../../../src/catalog/catalog.ts';
import { readConfig } from '../../../src/config.ts';
import { startHub } from '../../../src/hub.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { Database } from '../../../src/store/database.ts';
import { CommitWatch } from '../../support/commit-watch.ts';
import { freePort, HubProcess } from '../../support/hub-process.ts';
import { differences, nounContents, readTables, type Tables } from '../../support/table-contents.ts';
import { hubDatabase, startSystem } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { makeTestTokens } from '../../support/test-tokens.ts';

const KILLS = 20;
/** Until then only pulled agencies send, so that kills fall between the pages of the first load. */
const FIRST_PUSH = 12;
const POPULATION = 300;
/** Time spans that surely contain a start of the hub, and the writing of a page. */
const START_MS = 1_500;
const PAGE_MS = 25;

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const adapters = (await findAdapters()).filter(({ modes, agency }) => modes.includes('push') || pulled(agency.code));
function pulled(code: string): boolean {
  return code === 'land' || code === 'human-resources';
}
const catalog = makeCatalog(adapters);

interface HubTables extends Tables {
  readonly url: string;
}
/** Ids derive from the identity key, which all databases of a test run have in common, so two are comparable. */
async function openTables(): Promise<HubTables> {
  const { url, drop } = await hubDatabase(adapters);
  stops.push(drop);
  const database = new Database(url, { connections: 2, onError: () => {} });
  stops.push(() => database.close());
  return { url, database, catalog };
}

async function start(agency: string): Promise<PretendSystem> {
  const town = makeTownship({ population: POPULATION, seed });
  const system = await startSystem(agency, { town, seed, postgresUrl: process.env.TEST_POSTGRES_URL });
  stops.push(() => system.stop());
  return system;
}

async function environmentOf(systems: readonly PretendSystem[], url: string) {
  const { environment } = await makeTestTokens();
  const ofSystems = Object.assign({}, ...systems.map(system => system.environment)) as Record<string, string>;
  return {
    ...{ HUB_LOG_LEVEL: 'silent', HUB_RETRY_PAUSE_MS: '20', HUB_DATABASE_CONNECTIONS: '6', HUB_PAGE_SIZE: '10' },
    ...{ ...environment, ...ofSystems },
    HUB_AGENCIES: adapters.map(({ agency }) => agency.code).join(','),
    DATABASE_URL: url,
  };
}

const caughtUp = `select from hub_health having count(*) filter (where caught_up_at > $1) >= $2
  and not exists (select from hub_batch where first_position is null)`;

/** How far each system's life goes on while hubs start and die. */
const stepsAfter = (kill: number) => (kill % 2 ? 3 : 0);

/** Waits until some moment of the start, of a pushed delivery (perhaps before its answer), or between two commits. */
async function momentOf(kill: number, watch: CommitWatch, random: Random): Promise<void> {
  if (kill % 5 === 4) return passing(random.below(START_MS));
  if (kill >= FIRST_PUSH && kill % 3 === 0) await watch.another("select from hub_batch where agency = 'food-drug'");
  // Once everything is read there are few commits, and any moment is as good.
  else await Promise.race([watch.commits(random.below(70)), passing(2 * START_MS)]);
  return passing(random.below(PAGE_MS));
}

async function runKilled(systems: readonly PretendSystem[]): Promise<HubTables> {
  const random = makeRandom(seed, 'kills');
  const tables = await openTables();
  const watch = await CommitWatch.open(tables.url);
  stops.push(() => watch.close());
  const port = await freePort();
  const environment = { ...(await environmentOf(systems, tables.url)), HUB_PORT: String(port) };
  for (let kill = 0; kill < KILLS; kill++) {
    if (kill === FIRST_PUSH) for (const system of systems) system.deliverTo?.(`http://127.0.0.1:${port}`);
    const hub = HubProcess.start(environment);
    await hub.during(momentOf(kill, watch, random));
    await hub.kill();
    for (let step = 0; step < stepsAfter(kill); step++) for (const system of systems) await system.step();
  }
  const startedAt = new Date().toISOString();
  const last = HubProcess.start(environment);
  stops.push(() => last.kill());
  for (const system of systems) await last.during(Promise.resolve(system.drained?.()));
  await last.during(watch.until(caughtUp, [startedAt, systems.filter(({ agency }) => pulled(agency)).length]));
  return tables;
}

async function runUndisturbed(systems: readonly PretendSystem[]): Promise<HubTables> {
  const tables = await openTables();
  const environment = { ...(await environmentOf(systems, tables.url)), HUB_PORT: '0', HUB_PAGE_SIZE: '2000' };
  const watch = await CommitWatch.open(tables.url);
  stops.push(() => watch.close());
  const hub = await startHub(readConfig(environment), environment, adapters);
  stops.push(() => hub.stop());
  for (const system of systems) system.deliverTo?.(hub.url);
  for (const system of systems) await system.drained?.();
  await watch.until(caughtUp, ['-infinity', systems.length]);
  return tables;
}

/** Batches whose position does not directly follow that of the batch before. */
const gaps = `select id from (
  select id, first_position, lag(first_position + size, 1, 1::bigint) over (order by first_position) as due from hub_batch
) b where first_position is distinct from due`;
/** Records in their current state without a change since the time at which that state became known. */
const untold = ({ catalog }: Tables) =>
  catalog
    .all()
    .filter(({ origin }) => origin === 'agency' || origin === 'hall')
    .map(
      ({ name, table }) => `select '${name}', t.source_id from ${table} t where not exists (
        select from hub_change c join hub_batch b on b.id = c.batch_id
        where c.record_id = t.id and c.deleted = t.deleted and b.at = t.observed_at)`,
    )
    .join(' union all ');
const wrongSizes = `select b.id from hub_batch b left join hub_change c on c.batch_id = b.id group by b.id
  having count(c.ordinal) <> b.size`;

test(`killed ${KILLS} times, the hub ends in the same tables and lost no change (TEST_SEED=${seed})`, async () => {
  const [land, humanResources, foodDrug] = [
    await start('land'),
    await start('human-resources'),
    await start('food-drug'),
  ];
  const killed = await runKilled([land, humanResources, foodDrug]);
  // A push is not repeated, so a twin system pushes to the other hub; the other agencies are read from their beginning.
  const twin = await start('food-drug');
  for (let kill = 0; kill < KILLS; kill++) for (let step = 0; step < stepsAfter(kill); step++) await twin.step();
  const undisturbed = await runUndisturbed([land, humanResources, twin]);

  const expected = await nounContents(undisturbed);
  expect(Object.values(expected).flat().length).toBeGreaterThan(POPULATION);
  expect(differences(expected, await nounContents(killed))).toEqual([]);
  const parked = ({ database }: Tables) => readTables(database, ['hub_parked'], ['id', 'parked_at', 'settled_at']);
  expect(differences(await parked(undisturbed), await parked(killed))).toEqual([]);
  for (const text of [gaps, untold(killed), wrongSizes]) expect(await killed.database.read(text, [])).toEqual([]);
});
