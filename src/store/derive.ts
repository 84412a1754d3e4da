/** What follows from a page: persons and organisations that are now known, their facts, and the state of cases. */
import { birthOf } from '../../adapters/kit/identifiers/resident-id.ts';
import type { StoredNoun } from '../catalog/catalog.ts';
import { precedence } from '../catalog/nouns/derived.ts';
import type { ChangeRow, Work } from './apply.ts';
import { arrayLiteral } from './array-literal.ts';
import { deriveCases } from './derive-cases.ts';
import { chooseFacts, factsOf, type Known, lockFacts, saysTheSame } from './facts.ts';
import { REMOVED } from './rows.ts';

export async function deriveNouns(work: Work): Promise<ChangeRow[]> {
  const cases = work.catalog.stored('Case');
  const { mentioned, touched } = work.affected;
  const nouns = new Set([...mentioned.keys(), ...touched.keys()]);
  // In one order for all, so that two agencies do not lock each other out; a case's own links name nobody new.
  const sorted = [...nouns].sort((a, b) => (a.name < b.name ? -1 : 1));
  const changes: ChangeRow[] = [];
  for (const noun of sorted) {
    if (noun === cases) changes.push(...(await deriveCases(work, cases)));
    else await deriveFacts(work, noun);
  }
  return changes;
}

/**
 * What nobody knew before is made with what the page says of it. Of the others the facts are chosen again, from all
 * that is claimed of them, where the page says something else than they have or unsays something.
 */
async function deriveFacts(work: Work, noun: StoredNoun): Promise<void> {
  const { mentioned, touched, contested, claims } = work.affected;
  const ids = [...(touched.get(noun) ?? [])].sort();
  const chosen = precedence[noun.name] !== undefined;
  // Two agencies may state facts of one person at once: the second waits here, and then sees what the first one stated.
  const known: Known = chosen ? await lockFacts(work, noun, ids) : new Map();
  const born = await bear(work, noun, new Map([...(mentioned.get(noun) ?? [])].filter(([id]) => !known.has(id))));
  if (!chosen) return;
  const open = ids.filter(id => {
    if (born.has(id)) return false;
    const facts = known.get(id);
    return !facts || contested.get(noun)?.has(id) || !saysTheSame(facts, claims.get(noun)?.get(id) ?? []);
  });
  // Somebody else bore it since: he may still have been writing when the facts were locked.
  const late = open.filter(id => !known.has(id));
  if (late.length) await lockFacts(work, noun, late);
  await chooseFacts(work, noun, open);
}

/** Makes nouns exist that somebody mentions, in the order of their ids; returns those that did not exist before. */
async function bear(work: Work, noun: StoredNoun, keys: ReadonlyMap<string, string>): Promise<Set<string>> {
  if (!keys.size) return new Set();
  const claims = work.affected.claims.get(noun);
  const sorted = [...keys].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = sorted.map(([id, key]) => ({ id, ...bornWith(noun, key), ...factsOf(noun, claims?.get(id) ?? []) }));
  const columns = Object.keys(rows[0]!) as (keyof (typeof rows)[0])[];
  const types = columns.map(c => (c === 'id' ? 'uuid' : c === 'birth_date' ? 'date' : 'text'));
  const { rows: made } = await work.client.query({
    name: `bear ${noun.table}`,
    text: `insert into ${noun.table} (${columns.map(c => `"${c}"`).join(', ')}, deleted, digest, observed_at)
           select r.*, false, '${REMOVED}', $1::timestamptz from unnest(${types.map((type, i) => `$${i + 2}::${type}[]`).join(', ')}) r
           on conflict do nothing returning id`,
    values: [work.at, ...columns.map(column => arrayLiteral(rows.map(row => row[column] as string | null)))],
  });
  return new Set(made.map(row => row.id));
}

/** What a noun's key alone tells. */
function bornWith(noun: StoredNoun, key: string): Record<string, unknown> {
  if (noun.name === 'Person') {
    const { date, sex } = birthOf(key);
    return { resident_id: key, birth_date: date, sex };
  }
  return { [noun.columns.get(noun.kind.key[0]!)!.column]: key };
}
