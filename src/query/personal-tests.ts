/** Which tests single persons out: those by personal fields, wherever in a `where` they stand. */
import type { Noun } from '../catalog/catalog.ts';
import type { Comparison, Where } from './filters.ts';

export const isPersonal = (noun: Noun, field: string): boolean =>
  noun.columns.get(field)?.field.sensitivity === 'personal';

/** Also an identifier that names a person in some rows only (sole traders). */
export const mayNamePerson = (noun: Noun, field: string): boolean =>
  isPersonal(noun, field) || noun.columns.get(field)?.field.format?.personPrefix !== undefined;

/**
 * Whether a `where` names a personal field of the noun, or of what it is related to. What is tested does not matter, nor
 * who asks.
 */
export function testsPersonal(noun: Noun, where: Where | null | undefined): boolean {
  return Object.entries(where ?? {}).some(([name, test]) => {
    if (test === null || test === undefined) return false;
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

/** What the tests of a noun's own fields name persons by. */
export interface NamedByTests {
  /** A personal field is tested: every row that fits is about somebody. */
  readonly whole: boolean;
  /** Identifiers that name somebody in some rows only (sole traders). */
  readonly prefixed: readonly { readonly column: string; readonly prefix: string }[];
}

/** Of what is tested of the noun itself, relations left out. */
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
  return Object.entries(where).flatMap(([name, test]): string[] => {
    if (test === null || test === undefined) return [];
    if (name === 'and' || name === 'or') return (test as Where[]).flatMap(ownFields);
    if (name === 'not') return ownFields(test as Where);
    if (name === 'compare') return (test as Comparison[]).flatMap(({ field, than }) => [field, than]);
    return [name];
  });
}
