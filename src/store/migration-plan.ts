/** Which migrations a process applies to a database, or why it does not start over it. Pure. */
import { type Migration, MigrationError } from './migration-file.ts';

/** A migration as the database remembers it. */
export interface Recorded {
  readonly number: number;
  readonly name: string;
  readonly digest: string;
  readonly additive: boolean;
  readonly finished: boolean;
  readonly stepsDone: number;
  /** The statements of the steps that are done. */
  readonly statements: string;
}

export interface MigrationPlan {
  readonly apply: readonly { readonly migration: Migration; readonly stepsDone: number }[];
  /** Names of newer migrations, which this process may start over. */
  readonly newer: readonly string[];
}

/** The statements of the first steps, as they are recorded. */
export const statementsOf = ({ steps }: Migration, count: number): string =>
  steps
    .slice(0, count)
    .flatMap(({ statements }) => statements)
    .join(';\n');

/**
 * @param known the files of this process, numbered from 1 without gaps
 * @throws MigrationError when the process must not start over this database
 */
export function planMigrations(known: readonly Migration[], recorded: readonly Recorded[]): MigrationPlan {
  const newer = recorded.filter(({ number }) => number > known.length);
  const breaking = newer.findLast(({ additive }) => !additive);
  if (breaking) {
    throw new MigrationError(
      `The database has the migration ${breaking.name}, which versions that do not have it cannot go on over, ` +
        `and this version ends with ${known.at(-1)?.name ?? 'none'}: start a version with ${breaking.name}`,
    );
  }
  const apply = known.flatMap(migration => {
    const row = recorded.find(({ number }) => number === migration.number);
    return row ? goOn(migration, row) : [{ migration, stepsDone: 0 }];
  });
  return { apply, newer: newer.map(({ name }) => name) };
}

/** Nothing to do where it is finished; what failed in the middle may have been corrected behind that point. */
function goOn(migration: Migration, row: Recorded): MigrationPlan['apply'] {
  const same = row.finished
    ? row.digest === migration.digest
    : row.name === migration.name && row.statements === statementsOf(migration, row.stepsDone);
  if (same) return row.finished ? [] : [{ migration, stepsDone: row.stepsDone }];
  throw new MigrationError(
    `The migration ${row.name} was applied with another text or name than schema/migrations/${migration.name} has now: ` +
      'restore the file, and write the change as a new migration',
  );
}

/** @throws MigrationError when a number is missing or stands twice */
export function checkNumbers(known: readonly Migration[]): void {
  const wrong = known.find(({ number }, i) => number !== i + 1);
  if (wrong)
    throw new MigrationError(
      `schema/migrations/${wrong.name}: its number should be ${known.indexOf(wrong) + 1}, because numbers follow one another from 0001`,
    );
}
