import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type pg from 'pg';
import { makeRandom } from '../../../seeds/township/random.ts';
import { CopyLines } from '../../../src/store/copy-lines.ts';
import { copyRows } from '../../../src/store/copy-rows.ts';
import { Database } from '../../../src/store/database.ts';
import { emptyDatabase, type TestDatabase } from '../../support/database.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const random = makeRandom(seed, 'copied rows');
const alphabet = ['a', '7', ' ', '\\', '\\N', '\n', '\r', '\t', '\b', '\u001f', '\u007f', 'é', '镇', '𠮷', '{'];
const randomText = (longest: number) =>
  Array.from({ length: random.below(longest) }, () => alphabet[random.below(alphabet.length)]).join('');
const orNull = <T>(value: T) => (random.below(5) ? value : null);

interface Cells {
  readonly n: number;
  readonly words: string | null;
  readonly more: { readonly said: string } | null;
  readonly size: number | null;
  readonly flag: boolean | null;
}
const randomCells = (n: number): Cells => ({
  n,
  words: orNull(randomText(n % 50 ? 30 : 2_000)),
  more: orNull({ said: randomText(20) }),
  size: orNull(random.below(10 ** 6) / 4),
  flag: orNull(random.below(2) === 1),
});
const columns = ['n', 'words', 'more', 'size', 'flag', 'at'];
const moment = '2026-11-23T01:30:00.123456Z';

let created: TestDatabase;
let database: Database;
beforeAll(async () => {
  created = await emptyDatabase('copied');
  database = new Database(created.url, { connections: 1, onError: () => {} });
  await database.pool.query(
    'create table told (n integer, words text, more jsonb, size float8, flag boolean, at timestamptz)',
  );
});
afterAll(async () => {
  await database?.close();
  await created?.drop();
});

function linesOf(rows: readonly Cells[]) {
  const lines = new CopyLines();
  const placed = rows.map(row => {
    const from = lines.length;
    for (const cell of Object.values(row)) lines.cell(cell);
    return lines.endRow(from);
  });
  return { lines, placed };
}
async function told(client: pg.PoolClient) {
  const { rows } = await client.query(
    `select n, words, more, size, flag, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from told order by n`,
  );
  return rows;
}

test(`any cells are read back from a table unchanged, all rows or some (TEST_SEED=${seed})`, async () => {
  const rows = Array.from({ length: 500 }, (_, n) => randomCells(n));
  const { lines, placed } = linesOf(rows);
  const some = new Set(rows.filter(() => random.below(3)).map(({ n }) => n));
  for (const chosen of [rows, rows.filter(({ n }) => some.has(n)), []]) {
    await database.transaction(async client => {
      await client.query('delete from told');
      const places = placed.filter((_, n) => chosen.includes(rows[n]!));
      await copyRows(client, 'told', columns, lines.withLast(moment, places));
      expect(await told(client)).toEqual(chosen.map(row => ({ ...row, at: moment })));
    });
  }
});

test('a number as the last cell of all rows is written into the space that is left', async () => {
  const lines = new CopyLines();
  for (const n of [1, 2]) {
    const from = lines.length;
    lines.cell(`row ${n}`);
    lines.endRow(from);
  }
  await database.transaction(async client => {
    await client.query('delete from told');
    await copyRows(client, 'told', ['words', 'n'], lines.withLast('9007'));
    const { rows } = await client.query('select words, n from told order by words');
    expect(rows).toEqual([
      { words: 'row 1', n: 9007 },
      { words: 'row 2', n: 9007 },
    ]);
  });
});

test('rows that PostgreSQL refuses fail their transaction, and the connection lives on', async () => {
  const copyOf = (line: string) =>
    database.transaction(async client => {
      await client.query('delete from told');
      await copyRows(client, 'told', ['n'], Buffer.from(line));
      return told(client);
    });
  await expect(copyOf('no number\n')).rejects.toMatchObject({ code: '22P02' });
  await expect(copyOf('1\t2\n')).rejects.toMatchObject({ code: '22P04' });
  expect(await copyOf('3\n')).toMatchObject([{ n: 3 }]);
});

test('an error meanwhile is reported when PostgreSQL has finished, and the connection lives on', async () => {
  const { lines } = linesOf([randomCells(1)]);
  const failing = database.transaction(client =>
    copyRows(client, 'told', columns, lines.withLast(moment), () => {
      throw new Error('meanwhile');
    }),
  );
  await expect(failing).rejects.toThrow('meanwhile');
  await database.transaction(async client => expect((await client.query('select 1 as one')).rows[0].one).toBe(1));
});
