/** A reader with all rows that they can list, and what these rows say about rows that they ask about in other ways. */
import { expect } from '@jest/globals';
import type { Random } from '../../seeds/township/model.ts';
import { namesPerson } from '../../src/access/policy.ts';
import type { Role } from '../../src/access/principal.ts';
import { rules } from '../../src/access/rules.ts';
import { type Column, isStored, type Noun, type Relation, type StoredNoun } from '../../src/catalog/catalog.ts';
import type { GraphqlAnswer, HallClient } from '../../src/cli/hall-client.ts';
import { matches, type Row, randomTest } from './where-model.ts';

export const codesOf = ({ errors }: GraphqlAnswer) => errors?.map(error => error.extensions?.code) ?? [];

/** A reader with all rows that they can list: everything else that they receive must follow from these rows. */
export interface Listing {
  readonly name: string;
  readonly client: HallClient;
  readonly role: Role;
  /** Names the rows whose personal fields are whole. */
  readonly shown: string;
  /** Rows by noun; null when the reader may not see the noun. */
  readonly rows: ReadonlyMap<string, readonly Row[] | null>;
}
export const listed = ({ rows }: Listing, noun: Noun): readonly Row[] => rows.get(noun.name) ?? [];
export const toOne = (noun: Noun): Relation[] =>
  [...noun.relations.values()].filter(({ many, live }) => !many && !live);
export const toMany = (noun: Noun): Relation[] =>
  [...noun.relations.values()].filter(({ many, live, to }) => many && !live && isStored(to));

/** Reads page by page. Links are ids under `→ role`, and null when the reader may not see the other side. */
export async function listAll(
  role: Role,
  client: HallClient,
  shown: string,
  nouns: readonly StoredNoun[],
): Promise<Listing> {
  const rows = new Map<string, Row[] | null>();
  for (const noun of nouns) {
    const links = toOne(noun).map(({ name }) => `to_${name}: ${name} { id }`);
    const fields = [...noun.columns.keys(), ...links].join('\n');
    const list: Row[] = [];
    for (let after: string | null = null; ; ) {
      const query = `query ($after: String) { list: ${noun.kind.plural}(first: 200, after: $after) { edges { cursor node { id ${fields} } } pageInfo { hasNextPage endCursor } } }`;
      const answer: GraphqlAnswer = await client.ask(query, { after });
      expect(codesOf(answer).filter(code => code !== 'FORBIDDEN')).toEqual([]);
      if (!answer.data.list) break;
      list.push(
        ...answer.data.list.edges.map(({ cursor, node }: { cursor: string; node: Row }) => ({ ...node, cursor })),
      );
      after = answer.data.list.pageInfo.endCursor;
      if (!answer.data.list.pageInfo.hasNextPage) {
        rows.set(noun.name, list);
        break;
      }
    }
    if (!rows.has(noun.name)) rows.set(noun.name, null);
  }
  return { name: role, client, role, shown, rows };
}

export function mayFilter({ role, shown }: Listing, { field }: Column): boolean {
  const { internal, unmaskMinutes } = rules[role];
  if (field.hiddenBeside && shown !== 'all' && unmaskMinutes > 0) return false;
  if (field.sensitivity === 'public') return true;
  return field.sensitivity === 'internal' ? internal === 'whole' : shown === 'all';
}

/** Readers who see persons in part do not see the value of a sole trader's code. */
export const tested = ({ shown }: Listing, noun: Noun, row: Row): Row => (shown === 'all' ? row : nameless(noun, row));
export function nameless(noun: Noun, row: Row): Row {
  const hidden = [...noun.columns.values()].filter(({ name, field }) => namesPerson(field, row[name]));
  return { ...row, ...Object.fromEntries(hidden.map(({ name }) => [name, null])) };
}
export const sees = (reader: Listing, noun: Noun): boolean => reader.rows.get(noun.name) !== null;

/** A random test that the reader may use, and the rows that it selects. */
export function randomQuestion(random: Random, reader: Listing, everything: Listing, noun: StoredNoun) {
  const allowed = [...noun.columns.values()].filter(c => c.field.scalar !== 'geometry' && mayFilter(reader, c));
  const from = listed(everything, noun);
  // Values come from all rows, including rows that the reader does not see.
  const where = allowed.length && from.length ? randomTest(noun, from, random, random.pick(allowed).name) : {};
  const fitting = listed(reader, noun).filter(row => matches(noun, tested(reader, noun, row), where));
  return { where, fitting, allowed };
}
