/**
 * A test by something personal reads every person whom it fits, whatever is shown of them: they are noted, and more than a
 * few are refused. So nobody spells out a name letter by letter, or counts persons of whom they know too little, untold.
 */
import { isStored, type Noun, type StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { type Fetch, unkeyed } from './fetch.ts';
import { type Where, whereSql } from './filters.ts';
import { personLinks } from './note-persons.ts';
import { namedByTests } from './personal-tests.ts';
import type { Planner } from './planner.ts';
import type { Run } from './run.ts';
import { type Scope, tableSql, visibleSql } from './scope.ts';

/** Rows of a noun that are tested by something personal of their own. */
interface TestedRows {
  readonly noun: StoredNoun;
  readonly where: Where;
  /** Columns that name a person in some rows only, where nothing else personal is tested; else none. */
  readonly prefixed: readonly { readonly column: string; readonly prefix: string }[];
}

/** Notes whom the tests of a list fit; what refuses the list, if they are too many. */
export type NoteTested = (run: Run) => HubError | null;

/** Null: nothing personal is tested. */
export function testedPersons(
  planner: Planner,
  noun: StoredNoun,
  depth: number,
  where: Where | null | undefined,
  asOf: string | null,
): NoteTested | null {
  const { catalog, policy, testedPersons: most } = planner;
  const fetches = testedRows(noun, where).map(rows => {
    const level = planner.level(depth);
    const fetch = planner.plainFetch(level);
    const person = fetch.cell('$person', () => 'x.person::text');
    const sql = personsSql({ catalog, policy, values: level.values, asOf }, rows);
    fetch.reads(null, select => `select ${select('null')} from (${sql} limit ${most + 1}) x`);
    return { fetch, person, isOfCode: rows.prefixed.length > 0 };
  });
  if (!fetches.length) return null;
  // The list may stand below many rows; its tests are the same below each.
  const noted = new WeakMap<Run, HubError | null>();
  return run => {
    if (!noted.has(run)) noted.set(run, noteAll(run, fetches, most));
    return noted.get(run)!;
  };
}

interface TestedFetch {
  readonly fetch: Fetch;
  readonly person: number;
  /** By codes alone, which name a person in some rows only. */
  readonly isOfCode: boolean;
}
function noteAll(run: Run, fetches: readonly TestedFetch[], most: number): HubError | null {
  const found = fetches.map(({ fetch, person, isOfCode }) => {
    return { isOfCode, persons: run.rows(fetch, unkeyed).map(row => row[person]!) };
  });
  if (found.some(({ persons }) => persons.length > most)) {
    const message = `A test by a personal field fits more than ${most} persons: narrow it, or test what is not personal`;
    return new HubError('LIMIT_EXCEEDED', message, { what: 'persons', most });
  }
  // Whether a code names somebody is seen in the rows that it fits: where there is none, nobody was looked for.
  for (const { persons, isOfCode } of found)
    if (persons.length || !isOfCode) run.reader.sought(persons, persons.length);
  return null;
}

/** Each level of a `where` at which something personal is tested, with all that is tested there. */
function testedRows(noun: Noun, where: Where | null | undefined): TestedRows[] {
  if (!where || !isStored(noun)) return [];
  const { whole, prefixed } = namedByTests(noun, where);
  const own = whole || prefixed.length ? [{ noun, where, prefixed: whole ? [] : prefixed }] : [];
  return [...own, ...relatedTests(noun, where)];
}

function relatedTests(noun: Noun, where: Where): TestedRows[] {
  return Object.entries(where).flatMap(([name, test]): TestedRows[] => {
    if (test === null || test === undefined) return [];
    if (name === 'and' || name === 'or') return (test as Where[]).flatMap(part => relatedTests(noun, part));
    if (name === 'not') return relatedTests(noun, test as Where);
    const relation = noun.relations.get(name);
    if (!relation) return [];
    const parts = relation.many ? Object.values(test as Record<string, Where | null>) : [test as Where];
    return parts.flatMap(part => testedRows(relation.to, part));
  });
}

/** Whom the rows are about; rows that are about nobody stand for themselves, as in the audit log of what is shown. */
function personsSql(scope: Scope, { noun, where, prefixed }: TestedRows): string {
  const links = noun.name === 'Person' ? [] : personLinks(noun);
  const linked = `array_remove(array[${links.map(column => `t."${column}"`).join(', ')}]::uuid[], null)`;
  const persons = links.length ? `case when ${linked} = '{}' then array[t.id] else ${linked} end` : 'array[t.id]';
  const named = prefixed.map(({ column, prefix }) => `starts_with(t."${column}", '${prefix}')`).join(' or ');
  const from = `${tableSql(noun, scope.asOf, scope.values)} t`;
  const terms = [visibleSql(scope, noun), whereSql(scope, noun, where), ...(named ? [`(${named})`] : [])];
  return `select distinct unnest(${persons}) as person from ${from} where ${terms.join(' and ')}`;
}
