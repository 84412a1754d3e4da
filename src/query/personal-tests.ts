/** Finds tests that single persons out: those by personal fields, anywhere in a `where`. */
import type { Noun } from '../catalog/catalog.ts';
import type { Comparison, Where } from './filters.ts';
import { givenTests } from './given-tests.ts';
import { VariableRef } from './variable-ref.ts';

export const isPersonal = (noun: Noun, field: string): boolean =>
  noun.columns.get(field)?.field.sensitivity === 'personal';

/** Also true for an identifier that names a person in some rows only (sole traders). */
export const mayNamePerson = (noun: Noun, field: string): boolean =>
  isPersonal(noun, field) || noun.columns.get(field)?.field.format?.personPrefix !== undefined;

/**
 * Whether a `where` names a personal field of the noun, or of a related noun. The tested value and the reader do not
 * matter.
 */
export function testsPersonal(noun: Noun, where: Where | null | undefined): boolean {
  return givenTests(where).some(([name, test]) => {
    if (name === 'and' || name === 'or') return (test as Where[]).some(part => testsPersonal(noun, part));
    if (name === 'not') return testsPersonal(noun, test as Where);
    if (name === 'compare')
      return (test as Comparison[]).some(({ field, than }) => isPersonal(noun, field) || isPersonal(noun, than));
    const relation = noun.relations.get(name);
    if (!relation) return isPersonal(noun, name);
    const wheres = relation.many ? Object.values(test as Record<'some' | 'none', Where | null>) : [test as Where];
    return wheres.some(part => testsPersonal(relation.to, part));
  });
}

/** The fields by which tests of a noun's own fields name persons. */
export interface NamedByTests {
  /** A personal field is tested: every row that fits is about somebody. */
  readonly whole: boolean;
  /** Identifiers that name somebody in some rows only (sole traders). */
  readonly prefixed: readonly { readonly column: string; readonly prefix: string }[];
}

/** The same for a `where`: only tests of the noun itself, without relations. */
export function namedByTests(noun: Noun, where: Where): NamedByTests {
  const columns = ownFields(where).flatMap(name => noun.columns.get(name) ?? []);
  return {
    whole: columns.some(({ field }) => field.sensitivity === 'personal'),
    prefixed: columns.flatMap(({ column, field }) => {
      const prefix = field.format?.personPrefix;
      return prefix === undefined ? [] : [{ column, prefix }];
    }),
  };
}

function ownFields(where: Where): string[] {
  return givenTests(where).flatMap(([name, test]): string[] => {
    if (name === 'and' || name === 'or') return (test as Where[]).flatMap(ownFields);
    if (name === 'not') return ownFields(test as Where);
    if (name === 'compare') return (test as Comparison[]).flatMap(({ field, than }) => [field, than]);
    return [name];
  });
}

/**
 * For how many persons the tests of a noun's own personal fields look: values of a list and parts of an `or` are
 * alternatives; tests that must all hold count as one.
 *
 * @param values of the query's variables
 */
export function alternativesOf(noun: Noun, where: Where, values: Readonly<Record<string, unknown>>): number {
  const parts = givenTests(where).map(([name, test]): number => {
    const each = (part: Where) => alternativesOf(noun, part, values);
    if (name === 'or') return (test as Where[]).reduce((sum, part) => sum + each(part), 0);
    if (name === 'and') return Math.max(0, ...(test as Where[]).map(each));
    if (name === 'not') return each(test as Where);
    if (name === 'compare') return 1;
    return isPersonal(noun, name) ? valuesOf(test as Record<string, unknown>, values) : 0;
  });
  return Math.max(0, ...parts);
}

function valuesOf(tests: Record<string, unknown>, values: Readonly<Record<string, unknown>>): number {
  const given = Object.values(tests).map(value => (value instanceof VariableRef ? value.of(values) : value));
  return Math.max(1, ...given.map(value => (Array.isArray(value) ? new Set(value).size : 1)));
}
