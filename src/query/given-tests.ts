/**
 * What a `where` asks, and what it must not leave open. A whole `where` or the whole test of a field may be null or
 * absent: it is not asked, so clients can write optional filters. But a test with an operator without a value, and an
 * empty test where one is needed, would let all rows fit without anybody wanting it, so these are errors.
 */
import { HubError } from '../domain/error-codes.ts';

type Tests = Readonly<Record<string, unknown>>;

/** The tests that are asked: those that are not null. */
export const givenTests = (where: Tests | null | undefined): [string, unknown][] =>
  Object.entries(where ?? {}).filter(([, test]) => test !== null && test !== undefined);

/**
 * The operators of one field's test, or `some` and `none` of a relation, each with its value. Throws BAD_USER_INPUT if
 * one has none, or if there are no operators.
 */
export function demandValues(tests: Tests, path: string): [string, unknown][] {
  const operators = Object.entries(tests);
  if (!operators.length) throw empty(path);
  for (const [operator, value] of operators) {
    if (value === null || value === undefined)
      throw new HubError(
        'BAD_USER_INPUT',
        `\`${path}.${operator}\` has no value: to ask for rows without one write \`isNull: true\`, ` +
          'and to leave the test out give null for the whole filter of the field',
      );
  }
  return operators;
}

/** Throws BAD_USER_INPUT for a part of `or` or `not` that asks nothing. */
export function demandAsking(where: Tests, path: string): void {
  if (asksNothing(where)) throw empty(path);
}

const asksNothing = (where: Tests): boolean =>
  givenTests(where).every(
    ([name, test]) =>
      (name === 'and' && (test as readonly Tests[]).every(asksNothing)) ||
      (name === 'compare' && (test as readonly unknown[]).length === 0),
  );

const empty = (path: string) =>
  new HubError(
    'BAD_USER_INPUT',
    `\`${path}\` tests nothing, so every row would fit: give it a test (\`isNull\` asks for rows without a value), or leave it out`,
  );
