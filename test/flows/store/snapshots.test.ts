import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Database } from '../../../src/store/database.ts';
import type { Snapshots } from '../../../src/store/snapshots.ts';
import { TooManyBytes } from '../../../src/store/text-query.ts';
import { emptyDatabase, type TestDatabase } from '../../support/database.ts';

let created: TestDatabase;
let database: Database;
const settings = { connections: 1, statementTimeoutMs: 10_000, bytes: 100_000, prepared: 20 };

beforeAll(async () => {
  created = await emptyDatabase('snapshots');
  database = new Database(created.url, { connections: 2, onError: () => {} });
  await database.pool.query('create table told (value integer)');
});
afterAll(async () => {
  await database?.close();
  await created?.drop();
});

async function withSnapshots(work: (snapshots: Snapshots) => Promise<void>, more = {}) {
  const snapshots = database.snapshots({ ...settings, ...more });
  try {
    await work(snapshots);
  } finally {
    await snapshots.close();
  }
}
async function readOne(snapshots: Snapshots, text: string, weighed = false): Promise<string | null> {
  let found: string | null = null;
  await snapshots.read(
    false,
    async statement => {
      const rows = await statement(text, [], true);
      found = rows[0]?.[0] ?? null;
    },
    weighed,
  );
  return found;
}

test('a statement is planned once for all values, unless a plan for each is requested', async () => {
  await withSnapshots(async snapshots => {
    const how = `select current_setting('plan_cache_mode')`;
    for (const weighed of [false, true, false]) {
      expect(await readOne(snapshots, how, weighed)).toBe(weighed ? 'force_custom_plan' : 'force_generic_plan');
    }
  });
});

test('statements of one snapshot see nothing of concurrent writes', async () => {
  await withSnapshots(async snapshots => {
    const counts: unknown[] = [];
    const count = 'select count(*) from told';
    await snapshots.read(true, async statement => {
      counts.push((await statement(count, [], false))[0]![0]);
      await database.pool.query('insert into told values (1)');
      counts.push((await statement(count, [], true))[0]![0]);
    });
    expect(counts).toEqual(['0', '0']);
    expect(await readOne(snapshots, count)).toBe('1');
  });
});

test('a snapshot writes nothing, and a failed one leaves its connection usable', async () => {
  await withSnapshots(async snapshots => {
    const write = snapshots.read(true, async statement => {
      await statement('insert into told values (2) returning value', [], false);
    });
    await expect(write).rejects.toMatchObject({ code: '25006' });
    expect(await readOne(snapshots, `select current_setting('transaction_read_only')`)).toBe('off');
    const failed = snapshots.read(true, async statement => void (await statement('select 1/0', [], true)));
    await expect(failed).rejects.toMatchObject({ code: '22012' });
    expect(await readOne(snapshots, 'select 7')).toBe('7');
  });
});

test('a statement that takes too long is ended by the database', async () => {
  await withSnapshots(
    async snapshots => {
      await expect(readOne(snapshots, 'select pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
    },
    { statementTimeoutMs: 100 },
  );
});

test('a result with too many bytes is discarded, and the connection lives on', async () => {
  await withSnapshots(async snapshots => {
    const large = `select repeat('x', 1000) from generate_series(1, 200)`;
    await expect(readOne(snapshots, large)).rejects.toBeInstanceOf(TooManyBytes);
    expect(await readOne(snapshots, 'select 7')).toBe('7');
  });
});

test('values reach the database unchanged, in arrays too', async () => {
  const texts = ['plain', 'with "quotes" and \\', '{a,b}', 'NULL', '', '房寺镇', 'line\nfeed', null];
  await withSnapshots(async snapshots => {
    await snapshots.read(false, async statement => {
      const rows = await statement(
        'select t, $2::text, $3::boolean from unnest($1::text[]) t',
        [texts, '"', true],
        true,
      );
      expect(rows).toEqual(texts.map(text => [text, '"', 't']));
    });
  });
});

test('many distinct queries leave a connection with no more prepared statements than the maximum', async () => {
  await withSnapshots(async snapshots => {
    let most = 0;
    for (let i = 0; i < 150; i++) {
      for (let times = 0; times < 3; times++) expect(await readOne(snapshots, `select ${i}`)).toBe(String(i));
      most = Math.max(most, Number(await readOne(snapshots, 'select count(*) from pg_prepared_statements')));
    }
    expect(most).toBeGreaterThan(settings.prepared);
    expect(most).toBeLessThanOrEqual(2 * settings.prepared + 2);
  });
});
