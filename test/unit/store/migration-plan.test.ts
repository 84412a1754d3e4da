import { describe, expect, test } from '@jest/globals';
import { type Migration, MigrationError, parseMigration } from '../../../src/store/migration-file.ts';
import { checkNumbers, planMigrations, type Recorded, statementsOf } from '../../../src/store/migration-plan.ts';

const file = (number: number, body = 'select 1;', additive = true): Migration =>
  parseMigration(`000${number}-n${number}.sql`, `-- additive: ${additive ? 'yes' : 'no'}\n-- transaction: no\n${body}`);
const recorded = (migration: Migration, stepsDone = migration.steps.length): Recorded => ({
  ...migration,
  stepsDone,
  finished: stepsDone === migration.steps.length,
  statements: statementsOf(migration, stepsDone),
});
const [first, second, third] = [file(1), file(2), file(3)];

/** What is applied, as number and steps that are done already. */
const applied = (known: readonly Migration[], rows: readonly Recorded[]) =>
  planMigrations(known, rows).apply.map(({ migration, stepsDone }) => [migration.number, stepsDone]);

test('a process applies what the database lacks, in order', () => {
  expect(applied([first, second], [])).toEqual([
    [1, 0],
    [2, 0],
  ]);
  expect(applied([first, second], [recorded(first)])).toEqual([[2, 0]]);
  expect(applied([first, second], [recorded(first), recorded(second)])).toEqual([]);
});

describe('over newer migrations', () => {
  test('it starts when all are additive', () => {
    const rows = [first, second, third].map(m => recorded(m));
    expect(planMigrations([first], rows)).toEqual({ apply: [], newer: ['0002-n2.sql', '0003-n3.sql'] });
  });

  test('it does not when one is not, and is told which version is needed', () => {
    const rows = [recorded(first), recorded(file(2, 'select 1;', false)), recorded(third)];
    const refused = () => planMigrations([first], rows);
    expect(refused).toThrow(MigrationError);
    expect(refused).toThrow(
      'The database has the migration 0002-n2.sql, which versions that do not have it cannot go on over, ' +
        'and this version ends with 0001-n1.sql: start a version with 0002-n2.sql',
    );
  });
});

test('a migration that was edited or renamed after it was applied is refused', () => {
  expect(() => planMigrations([file(1, 'select 2;')], [recorded(first)])).toThrow(
    /^The migration 0001-n1\.sql was applied with another text or name .*restore the file/,
  );
  expect(() => planMigrations([{ ...first, digest: 'of another name' }], [recorded(first)])).toThrow(/restore/);
});

describe('a migration that was interrupted', () => {
  const whole = file(1, 'select 1; select 2; select 3;');
  test('goes on behind the steps that are done', () => {
    expect(applied([whole], [recorded(whole, 2)])).toEqual([[1, 2]]);
  });
  test('may be corrected behind them, and not before', () => {
    const row = recorded(whole, 2);
    expect(applied([file(1, 'select 1; select 2; select 4;')], [row])).toEqual([[1, 2]]);
    expect(() => planMigrations([file(1, 'select 1; select 9; select 3;')], [row])).toThrow(/restore the file/);
  });
});

test('numbers follow one another', () => {
  expect(() => checkNumbers([first, second])).not.toThrow();
  expect(() => checkNumbers([first, third])).toThrow('0003-n3.sql: its number should be 2');
  expect(() => checkNumbers([first, file(1, 'select 2;')])).toThrow('its number should be 2');
});
