import { describe, expect, test } from '@jest/globals';
import { MigrationError, parseMigration } from '../../../src/store/migration-file.ts';

const parse = (text: string, name = '0002-a.sql') => parseMigration(name, text);
const head = '-- additive: yes\n';

describe('a migration', () => {
  test('runs its statements together, with what quotes and comments hold', () => {
    const { number, additive, steps } = parse(`${head}
      -- Why: they asked; for it.
      create table a (b text default ';''--');
      /* ; */ comment on table "a;" is E'it\\';s'; do $x$ begin perform 1; end $x$;`);
    expect({ number, additive }).toEqual({ number: 2, additive: true });
    expect(steps).toEqual([
      {
        run: 'together',
        statements: [
          `create table a (b text default ';''--')`,
          `comment on table "a;" is E'it\\';s'`,
          'do $x$ begin perform 1; end $x$',
        ],
      },
    ]);
  });

  test('fills in batches what stands below a line that says so, and goes on together', () => {
    const { steps } = parse(`-- additive: no
      alter table a add c text;
      alter table a add d text;
      -- backfill
      -- of what they wrote before
      update a set c = b where ctid in (select ctid from a where c is null limit 5000);
      alter table a alter c set not null;`);
    expect(steps.map(({ run, statements }) => [run, statements.length])).toEqual([
      ['together', 2],
      ['in batches', 1],
      ['together', 1],
    ]);
  });

  test('runs outside of transactions one statement at a time', () => {
    const { steps, additive } = parse('-- additive: yes\n-- transaction: no\nselect 1;\nselect 2;\n');
    expect(steps).toEqual([
      { run: 'alone', statements: ['select 1'] },
      { run: 'alone', statements: ['select 2'] },
    ]);
    expect(additive).toBe(true);
  });

  test('has another digest with another text or name', () => {
    const digests = [parse(`${head}select 1;`), parse(`${head}select 2;`), parse(`${head}select 1;`, '0002-b.sql')];
    expect(new Set(digests.map(({ digest }) => digest)).size).toBe(3);
  });
});

describe('a file that cannot be read is refused with its line', () => {
  const faults: readonly [does: string, text: string, fault: RegExp][] = [
    ['nothing of additive', 'select 1;', /line 1: its head should say `-- additive: yes` or `-- additive: no`/],
    ['another word', '-- additive: perhaps\nselect 1;', /line 1: additive should be yes or no/],
    ['a setting twice', '-- additive: yes\n-- additive: no\nselect 1;', /line 2: additive is said twice/],
    ['a late setting', `${head}select 1;\n-- transaction: no\nselect 2;`, /line 3: transaction belongs to the head/],
    ['no statement', head, /line 1: it has no statement/],
    ['a statement without end', `${head}select 1;\nselect\n 2`, /line 3: the statement should end with a semicolon/],
    ['an open quote', `${head}select 1;\nselect 'a;`, /line 3: ' is not closed/],
    ['an open comment', `${head}/* select 1;`, /line 2: \/\* is not closed/],
    ['a transaction', `${head}\nBEGIN;`, /line 3: a migration does not begin or end transactions/],
    ['a backfill of nothing', `${head}select 1;\n-- backfill\n`, /line 3: a backfill is one statement/],
    ['a backfill twice', `${head}-- backfill\n-- backfill\ndelete from a;`, /line 3: a backfill is one statement/],
    ['a backfill that changes no row', `${head}-- backfill\nselect 1;`, /line 3: a backfill should change rows/],
    ['a backfill within', `${head}update a\n-- backfill\nset b = 1;`, /line 3: a backfill begins between statements/],
    ['an open decision', `${head}-- decide: drop?\nselect 1;`, /line 2: this is to be decided/],
  ];
  test.each(faults)('%s', (_does, text, fault) => {
    const refused = () => parse(text);
    expect(refused).toThrow(MigrationError);
    expect(refused).toThrow(/^schema\/migrations\/0002-a\.sql, line /);
    expect(refused).toThrow(fault);
  });

  test('a name without a number', () => {
    expect(() => parse(`${head}select 1;`, 'a.sql')).toThrow(/a\.sql, line 1: the name should be like 0002-short-name/);
  });
});
