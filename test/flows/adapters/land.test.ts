import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import type { AgencySource, Item } from '../../../adapters/kit/contract.ts';
import { SourceError } from '../../../adapters/kit/contract.ts';
import type { Polygon } from '../../../adapters/kit/record.ts';
import adapter from '../../../adapters/land/adapter.ts';
import startLand from '../../../seeds/systems/land/system.ts';
import type { PretendSystem } from '../../../seeds/systems/pretend-system.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { ReferenceHub } from '../../support/reference-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const seeded = (sentence: string) => `${sentence} (seed ${seed})`;
const io = { fetch: globalThis.fetch, now: () => new Date() };

/** Every fault happens often enough to occur in a small town. */
const faults = {
  selfIntersecting: 0.08,
  oldNumberOnly: 0.05,
  shortRightUnit: 0.06,
  impossibleDate: 0.02,
  unknownAreaUnit: 0.06,
  unknownStatus: 0.02,
  unknownEvent: 0.02,
  missingCase: 0.02,
  swappedAxes: 0.2,
  withoutZone: 0.2,
  outOfOrder: 0.5,
  doubled: 0.2,
};

const town = makeTownship({ population: 600, seed });
let system: PretendSystem;
let url: string;
beforeAll(async () => {
  system = await startLand({ town, seed, faults, postgresUrl: process.env.TEST_POSTGRES_URL });
  url = system.environment.HUB_LAND_DATABASE_URL!;
});
afterAll(() => system?.stop());

const sources: AgencySource<unknown>[] = [];
const connect = (): AgencySource<unknown> => {
  const source = adapter.connect(adapter.settings.parse({ databaseUrl: url }), io);
  sources.push(source);
  return source;
};
afterAll(async () => {
  for (const source of sources) await source.close?.();
});

const sizes = (): number[] => {
  const random = makeRandom(seed, 'page sizes');
  return Array.from({ length: 40 }, () => 1 + random.below(120));
};
const standing = (hub: ReferenceHub) => new Map([...hub.records].sort(([a], [b]) => (a < b ? -1 : 1)));
const withoutZeros = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

function expectLedger(hub: ReferenceHub, ledger = system.ledger()): void {
  expect(hub.count(false)).toEqual(withoutZeros(ledger.records));
  expect(hub.count(true)).toEqual(withoutZeros(ledger.deleted));
  expect(hub.parked.size).toBe(ledger.parked);
}

async function readAll(source: AgencySource<unknown>): Promise<Item<unknown>[]> {
  const items: Item<unknown>[] = [];
  const { signal } = new AbortController();
  for (let after: string | null = null; ; ) {
    const page = await source.changes!(after, 400, { signal });
    items.push(...page.items);
    after = page.next;
    if (page.done) return items;
  }
}

async function onDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const quota = (client: pg.Client, guid: string, batch: string) =>
  client.query(
    `insert into ydzb (zbbh, zblx, zbjb, xzqdm, nd, zbmj, yymj, jymj, row_guid, cd_operation, cd_time)
     values ($1, '1', '5', '371482101', 2026, 10, 0, 10, $1, 'I', $2)`,
    [guid, batch],
  );

test(seeded('pages of any size bring exactly what the exchange database holds'), async () => {
  const hub = new ReferenceHub(adapter);
  await hub.drain(connect(), null, sizes());
  expectLedger(hub);
});

test(seeded('reading twice, and in any order of items, ends in the same records'), async () => {
  const items = await readAll(connect());
  const once = new ReferenceHub(adapter);
  once.take(items);
  const often = new ReferenceHub(adapter);
  const random = makeRandom(seed, 'shuffle');
  const shuffled = [...items, ...items].map(item => ({ item, at: random.below(1e9) })).sort((a, b) => a.at - b.at);
  often.take(shuffled.map(({ item }) => item));
  expect(standing(often)).toEqual(standing(once));
  expect(often.parked).toEqual(new Map([...once.parked].sort(() => 0)));
});

test(seeded('a hub that is killed after every page goes on where its cursor stands'), async () => {
  const hub = new ReferenceHub(adapter);
  const { signal } = new AbortController();
  const random = makeRandom(seed, 'kills');
  for (let after: string | null = null, done = false; !done; ) {
    const source = connect();
    const page = await source.changes!(after, 50 + random.below(200), { signal });
    hub.take(page.items);
    // The reader was killed before the cursor was stored, so the page comes again.
    if (random.chance(0.7)) {
      after = page.next;
      done = page.done;
    }
    await source.close!();
  }
  expectLedger(hub);
});

test(seeded('a row that is committed after later ones is read after its commit'), async () => {
  const source = connect();
  const hub = new ReferenceHub(adapter);
  let after = await hub.drain(source);
  await onDatabase(async client => {
    await client.query('begin');
    await quota(client, 'late', '2001-01-01 00:00:00');
    await onDatabase(other => quota(other, 'punctual', '2002-01-01 00:00:00'));
    after = await hub.drain(source, after);
    expect(hub.records.has('QuotaEntry punctual')).toBe(true);
    expect(hub.records.has('QuotaEntry late')).toBe(false);
    await client.query('commit');
  });
  await hub.drain(source, after);
  expect(hub.records.has('QuotaEntry late')).toBe(true);
  await onDatabase(client => client.query("delete from ydzb where row_guid in ('late', 'punctual')"));
});

test(seeded('rows that are committed while a round is read in small pages are not lost'), async () => {
  const source = connect();
  const { signal } = new AbortController();
  const hub = new ReferenceHub(adapter);
  await onDatabase(async client => {
    await client.query('begin');
    await quota(client, 'open', '2001-01-01 00:00:00');
    const first = await source.changes!(null, 30, { signal });
    hub.take(first.items);
    await client.query('commit');
    await hub.drain(source, first.next, [70]);
  });
  expect(hub.records.has('QuotaEntry open')).toBe(true);
  await onDatabase(client => client.query("delete from ydzb where row_guid = 'open'"));
});

test(seeded('cursors hold positions and nothing of any row'), async () => {
  const { signal } = new AbortController();
  const { next } = await connect().changes!(null, 10, { signal });
  expect(next).toMatch(/^[\w{}[\]":.,]+$/);
  expect(next).not.toMatch(/\d{17}[\dXx]/);
  await expect(async () => connect().changes!('elsewhere', 10, { signal })).rejects.toMatchObject({
    kind: 'MALFORMED',
  });
});

test(seeded('an update that the system makes is in the next poll, with its case'), async () => {
  const source = connect();
  const hub = new ReferenceHub(adapter);
  let after = await hub.drain(source);
  for (let turn = 0; turn < 12; turn++) {
    const { kind, sourceId, caseNo } = await system.touch();
    const before = hub.records.get(`${kind} ${sourceId}`)?.version ?? '';
    after = await hub.drain(source, after, [500]);
    const record = hub.records.get(`${kind} ${sourceId}`)!;
    expect(record.version > before).toBe(true);
    expect(record.data!.caseNo).toBe(caseNo);
  }
  expectLedger(hub);
});

test(seeded('the account stays exact while the system goes on living'), async () => {
  const source = connect();
  const hub = new ReferenceHub(adapter);
  let after = await hub.drain(source);
  for (let turn = 0; turn < 30; turn++) {
    const stepping = system.step();
    after = await hub.drain(source, after, [7]);
    await stepping;
  }
  await hub.drain(source, after);
  expectLedger(hub);
  expect(system.ledger().faults.lateCommit).toBeGreaterThan(0);
});

test(seeded('a refused connection and a stalled one are outages of the source, and pass'), async () => {
  const source = connect();
  const hub = new ReferenceHub(adapter);
  const { signal } = new AbortController();
  const { next, items } = await source.changes!(null, 100, { signal });
  hub.take(items);
  system.setOutage('refuse');
  const refused = await source.changes!(next, 100, { signal }).catch(error => error);
  expect(refused).toBeInstanceOf(SourceError);
  expect(refused.kind).toBe('UNREACHABLE');
  expect(refused.message).not.toContain('@');
  system.setOutage('none');
  hub.take((await source.changes!(next, 10, { signal })).items);
  system.setOutage('hang');
  const stalled = await source.changes!(next, 100, { signal: AbortSignal.timeout(200) }).catch(error => error);
  expect(stalled.kind).toBe('TIMEOUT');
  const connecting = await connect().changes!(null, 100, { signal: AbortSignal.timeout(200) }).catch(error => error);
  expect(connecting.kind).toBe('TIMEOUT');
  system.setOutage('none');
  await hub.drain(source, next);
  expectLedger(hub);
});

test(seeded('a statement that waits for a lock ends when the caller gives up, also in the database'), async () => {
  const source = connect();
  await onDatabase(async client => {
    await client.query('begin; lock table zdjbxx in access exclusive mode');
    const waiting = source.changes!(null, 10, { signal: AbortSignal.timeout(200) });
    await expect(waiting).rejects.toMatchObject({ kind: 'TIMEOUT' });
    await onDatabase(async watcher => {
      const working = `select from pg_stat_activity
        where datname = current_database() and application_name = 'outpost-hub' and state = 'active'`;
      for (let rowCount: number | null = 1; rowCount !== 0; ) ({ rowCount } = await watcher.query(working));
    });
    await client.query('rollback');
  });
});

test(seeded('a database with other tables or another user is not an outage'), async () => {
  const { signal } = new AbortController();
  const elsewhere = new URL(url);
  elsewhere.pathname = '/postgres';
  const other = adapter.connect({ databaseUrl: elsewhere.href }, io);
  await expect(other.changes!(null, 10, { signal })).rejects.toMatchObject({ kind: 'MALFORMED' });
  elsewhere.pathname = '/no_such_database';
  const none = adapter.connect({ databaseUrl: elsewhere.href }, io);
  await expect(none.changes!(null, 10, { signal })).rejects.toMatchObject({ kind: 'REFUSED' });
  await other.close!();
  await none.close!();
});

test(
  seeded('the hub cannot write to the exchange database, and a replaced one is read from its beginning'),
  async () => {
    const { signal } = new AbortController();
    const source = connect();
    const { next } = await source.changes!(null, 10, { signal });
    const foreign = JSON.stringify({ ...JSON.parse(next), database: '1.1', since: '900000:900000:', round: null });
    const again = await source.changes!(foreign, 10, { signal });
    expect(again.items).toEqual((await source.changes!(null, 10, { signal })).items);
    await onDatabase(async client => {
      await quota(client, 'restored', '2001-01-01 00:00:00');
      await client.query("update ydzb set jhsw = '999999999' where row_guid = 'restored'");
      const refused = source.changes!(foreign, 10, { signal });
      await expect(refused).rejects.toMatchObject({ kind: 'MALFORMED' });
      await client.query("delete from ydzb where row_guid = 'restored'");
    });
  },
);

test(
  seeded('parcels lie where they are and are as large, whichever unit, axis order and zone they came in'),
  async () => {
    const hub = new ReferenceHub(adapter);
    await hub.drain(connect());
    const plots = new Map(town.plots.map(plot => [plot.parcelCode, plot]));
    const parcels = [...hub.records.values()].filter(({ kind, deleted }) => kind === 'Parcel' && !deleted);
    for (const { data } of parcels) {
      const { parcelCode, areaM2, geometry } = data as { parcelCode: string; areaM2: string; geometry: Polygon | null };
      const plot = plots.get(parcelCode)!;
      // Hectares come with four decimals.
      expect(Math.abs(Number(areaM2) - plot.areaM2)).toBeLessThan(0.6);
      for (const [at, [longitude, latitude]] of geometry?.coordinates[0]?.entries() ?? []) {
        expect(longitude).toBeCloseTo(plot.ring[at]![0], 6);
        expect(latitude).toBeCloseTo(plot.ring[at]![1], 6);
      }
    }
    const { areaInMu = 0, swappedAxes = 0, withoutZone = 0, oldNumberOnly = 0 } = system.ledger().faults;
    expect(Math.min(areaInMu, swappedAxes, withoutZone, oldNumberOnly)).toBeGreaterThan(0);
  },
);

test(seeded('each fault ends as it should'), async () => {
  const hub = new ReferenceHub(adapter);
  await hub.drain(connect());
  const { faults: committed } = system.ledger();
  const data = [...hub.records.values()].filter(record => !record.deleted).map(record => record.data!);
  const where = (fits: (values: Readonly<Record<string, unknown>>) => boolean) => data.filter(fits).length;
  expect(committed.severalHolders).toBeGreaterThan(0);
  expect(where(values => Number(values.holderCount) > 1)).toBeGreaterThan(0);
  expect(where(values => values.geometryState === 'SELF_INTERSECTING')).toBeGreaterThan(0);
  expect(where(values => values.geometryState === 'UNREADABLE')).toBe(0);
  expect(where(values => String(values.areaAsWritten).endsWith('亩'))).toBeGreaterThan(0);
  expect(where(values => values.state === 'TODO' && values.endedAt !== null)).toBe(0);
  const parkedFor = [...hub.parked.values()].join('\n');
  expect(parkedFor).toContain('Right.unitCode is not a valid real-estate unit code: LENGTH');
  expect(parkedFor).toContain('mjdw is not a code of AreaUnit');
});
