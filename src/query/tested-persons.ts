/**
 * A test by something personal reads every person whom it fits, whatever is shown of them: they are noted, and more
 * than a few are refused. So nobody can guess a name letter by letter, or count persons of whom they know too little,
 * without being noted.
 */
import type { Policy } from '../access/policy.ts';
import { isStored, type Noun, type StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { type Fetch, type KeySource, unkeyed } from './fetch.ts';
import { type Where, whereSql } from './filters.ts';
import { givenTests } from './given-tests.ts';
import { personLinks } from './note-persons.ts';
import { alternativesOf, namedByTests } from './personal-tests.ts';
import type { Planner } from './planner.ts';
import type { ResponseWriter } from './response-writer.ts';
import { type Scope, tableSql, visibleSql } from './scope.ts';

/** Rows of a noun that are tested by something personal of their own. */
interface TestedRows {
  readonly noun: StoredNoun;
  readonly where: Where;
  /** Columns that name a person in some rows only, if nothing else personal is tested; otherwise empty. */
  readonly prefixed: readonly { readonly column: string; readonly prefix: string }[];
  /**
   * Set if places in an order are asked about instead of a test. They reveal little of many persons, so nothing is
   * refused.
   */
  readonly places?: Places;
}
/** Places in a list: of all of a noun's rows, or of those below the rows of a source. */
interface Places {
  readonly below: { readonly link: string; readonly source: KeySource } | null;
}
/** The tests of a list. */
export interface ListTests {
  readonly where: Where | null;
  readonly asOf: string | null;
  /** Whether places of its rows in an order by something personal are asked about. */
  readonly places: Places | null;
}

/** Notes whom the tests of a list fit; returns an error for the list if they are too many. */
export type NoteTested = (writer: ResponseWriter) => HubError | null;

/** Null if nothing personal is tested. */
export function testedPersons(
  planner: Planner,
  noun: StoredNoun,
  depth: number,
  { where, asOf, places }: ListTests,
): NoteTested | null {
  const { catalog, policy, testedPersons: most } = planner;
  const ordered: TestedRows[] = places ? [{ noun, where: where ?? {}, prefixed: [], places }] : [];
  const fetches = [...testedRows(policy, noun, where), ...ordered].map(rows => {
    const level = planner.level(depth);
    const below = rows.places?.below ?? null;
    const fetch = planner.plainFetch(level, below?.source ?? null);
    const person = fetch.cell('$person', () => 'x.person::text');
    const sql = personsSql({ catalog, policy, values: level.values, asOf }, rows);
    fetch.reads(below && 'uuid', (select, keys) => {
      const among = below ? `and t."${below.link}" = any(${keys})` : '';
      return `select ${select('null')} from (${sql} ${among} limit ${most + 1}) x`;
    });
    return { fetch, person, rows };
  });
  if (!fetches.length) return null;
  // The list may belong to many rows; its tests are the same for each, so they are noted once.
  const noted = new WeakMap<ResponseWriter, HubError | null>();
  return writer => {
    if (!noted.has(writer)) noted.set(writer, noteAll(writer, fetches, most));
    return noted.get(writer)!;
  };
}

interface TestFetch {
  readonly fetch: Fetch;
  /** Index of the person's id in a row. */
  readonly person: number;
  readonly rows: TestedRows;
}

function noteAll(writer: ResponseWriter, fetches: readonly TestFetch[], most: number): HubError | null {
  const found = fetches.map(({ fetch, person }) => writer.rows(fetch, unkeyed).map(row => row[person]!));
  if (found.some((persons, i) => persons.length > most && !fetches[i]!.rows.places)) {
    // The refusal also reveals that so many fit, so it is noted.
    writer.reader.sought({ persons: [], misses: 1, reads: true });
    const message = `A test by a personal field fits more than ${most} persons: narrow it, or test what is not personal`;
    return new HubError('LIMIT_EXCEEDED', message, { what: 'persons', most });
  }
  for (const [i, { rows }] of fetches.entries()) noteOne(writer, rows, found[i]!, most);
  return null;
}

/** Each alternative of a test looks for somebody; an alternative that finds nobody is a miss. */
function noteOne(
  writer: ResponseWriter,
  { noun, where, prefixed, places }: TestedRows,
  persons: readonly string[],
  most: number,
): void {
  if (persons.length > most) return;
  // A code that no row has may be a company's, so its absence reveals nothing about a person.
  const mayMiss = !prefixed.length && !places;
  if (!persons.length && !mayMiss) return;
  const misses = mayMiss ? Math.max(0, alternativesOf(noun, where, writer.inputs.values) - persons.length) : 0;
  writer.reader.sought({ persons, misses, reads: true });
}

/** Each level of a `where` at which something personal is tested, with all that is tested there. */
function testedRows(policy: Policy, noun: Noun, where: Where | null | undefined): TestedRows[] {
  if (!where || !isStored(noun)) return [];
  const named = namedByTests(noun, where);
  // For readers who see such an identifier masked it counts as null, so they cannot test persons by it.
  const prefixed = policy.whole(noun) === 'all' ? named.prefixed : [];
  const own = named.whole || prefixed.length ? [{ noun, where, prefixed: named.whole ? [] : prefixed }] : [];
  return [...own, ...relatedTests(policy, noun, where)];
}

function relatedTests(policy: Policy, noun: Noun, where: Where): TestedRows[] {
  return givenTests(where).flatMap(([name, test]): TestedRows[] => {
    if (name === 'and' || name === 'or') return (test as Where[]).flatMap(part => relatedTests(policy, noun, part));
    if (name === 'not') return relatedTests(policy, noun, test as Where);
    const relation = noun.relations.get(name);
    if (!relation) return [];
    const parts = relation.many ? Object.values(test as Record<string, Where | null>) : [test as Where];
    return parts.flatMap(part => testedRows(policy, relation.to, part));
  });
}

/** The persons whom the rows are about; rows that are linked to nobody stand for themselves, as in the audit log. */
function personsSql(scope: Scope, { noun, where, prefixed }: TestedRows): string {
  const links = noun.name === 'Person' ? [] : personLinks(noun);
  const linked = `array_remove(array[${links.map(column => `t."${column}"`).join(', ')}]::uuid[], null)`;
  const persons = links.length ? `case when ${linked} = '{}' then array[t.id] else ${linked} end` : 'array[t.id]';
  const named = prefixed.map(({ column, prefix }) => `starts_with(t."${column}", '${prefix}')`).join(' or ');
  const from = `${tableSql(noun, scope.asOf, scope.values)} t`;
  const terms = [visibleSql(scope, noun), whereSql(scope, noun, where), ...(named ? [`(${named})`] : [])];
  return `select distinct unnest(${persons}) as person from ${from} where ${terms.join(' and ')}`;
}
