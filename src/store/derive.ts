/** What follows from a page: persons and organisations that are now known, their facts, and the state of cases. */
import { birthOf } from '../../adapters/kit/identifiers/resident-id.ts';
import type { StoredNoun } from '../catalog/catalog.ts';
import { precedence } from '../catalog/nouns/derived.ts';
import type { Work } from './apply.ts';
import { arrayLiteral } from './array-literal.ts';
import { later } from './database.ts';
import { DerivedCases } from './derive-cases.ts';
import { chooseFacts, factsOf, type Known, lockFacts, saysTheSame } from './facts.ts';
import { REMOVED } from './rows.ts';

/** How the nouns of a kind follow from a page. Known are those that existed, born those that did not. */
interface Derivation<Known, Born> {
  /** Locks what is touched; two agencies may state something of one noun at once, and the second one waits here. */
  lock(): Promise<Known>;
  /** Makes exist what is mentioned and not known, with what the page says of it. */
  bear(known: Known): Promise<Born>;
  /** Looks at the others again. */
  settle(known: Known, born: Born): Promise<void>;
}

export async function deriveNouns(work: Work): Promise<void> {
  const cases = work.catalog.stored('Case');
  const nouns = new Set([...work.mentioned.keys(), ...work.affected.touched.keys()]);
  // In one order for all, so that two agencies do not lock each other out; a case's own links name nobody new.
  const derivations = [...nouns]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      (noun): Derivation<unknown, unknown> =>
        noun === cases ? new DerivedCases(work, noun) : new DerivedFacts(work, noun),
    );
  // Of every step all is asked for at once; while PostgreSQL answers the last ones, the first ones' next step is made.
  const locks = derivations.map(derivation => later(derivation.lock()));
  const births: Promise<unknown>[] = [];
  for (const [n, derivation] of derivations.entries()) births.push(later(derivation.bear(await locks[n])));
  const settled: Promise<void>[] = [];
  for (const [n, derivation] of derivations.entries())
    settled.push(later(derivation.settle(await locks[n], await births[n])));
  await Promise.all(settled);
}

/**
 * What nobody knew before is made with what the page says of it. Of the others the facts are chosen again, from all
 * that is claimed of them, where the page says something else than they have or unsays something.
 */
class DerivedFacts implements Derivation<Known, ReadonlySet<string>> {
  private readonly ids: readonly string[];
  private readonly chosen: boolean;

  constructor(
    private readonly work: Work,
    private readonly noun: StoredNoun,
  ) {
    this.ids = [...(work.affected.touched.get(noun) ?? [])].sort();
    this.chosen = precedence[noun.name] !== undefined;
  }

  async lock(): Promise<Known> {
    return this.chosen ? lockFacts(this.work, this.noun, this.ids) : new Map();
  }

  /** In the order of their ids; returns those that did not exist before. */
  async bear(known: Known): Promise<ReadonlySet<string>> {
    const { work, noun } = this;
    const keys = work.mentioned.get(noun);
    const ids = [...(keys?.keys() ?? [])].filter(id => !known.has(id)).sort();
    if (!keys || !ids.length) return new Set();
    const claims = work.affected.claims.get(noun);
    const rows = ids.map(id => ({
      id,
      ...bornWith(noun, keys.get(id)!),
      ...factsOf(noun, claims?.get(id) ?? []),
    }));
    const columns = Object.keys(rows[0]!) as (keyof (typeof rows)[0])[];
    const types = columns.map(c => typesOfBorn[c] ?? 'text');
    const { rows: made } = await work.client.query({
      name: `bear ${noun.table}`,
      text: `insert into ${noun.table} (${columns.map(c => `"${c}"`).join(', ')}, deleted, digest, observed_at)
             select r.*, false, '${REMOVED}', $1::timestamptz from unnest(${types.map((type, i) => `$${i + 2}::${type}[]`).join(', ')}) r
             on conflict do nothing returning id`,
      values: [work.at, ...columns.map(column => arrayLiteral(rows.map(row => row[column] as string | null)))],
    });
    return new Set(made.map(row => row.id));
  }

  async settle(known: Known, born: ReadonlySet<string>): Promise<void> {
    if (!this.chosen) return;
    const { work, noun } = this;
    const { contested, claims } = work.affected;
    const open = this.ids.filter(id => {
      if (born.has(id)) return false;
      const facts = known.get(id);
      return !facts || contested.get(noun)?.has(id) || !saysTheSame(facts, claims.get(noun)?.get(id) ?? []);
    });
    // Somebody else bore it since: he may still have been writing when the facts were locked.
    const late = open.filter(id => !known.has(id));
    if (late.length) await lockFacts(work, noun, late);
    await chooseFacts(work, noun, open);
  }
}

const typesOfBorn: Readonly<Record<string, string>> = { id: 'uuid', birth_date: 'date', birth_year: 'integer' };
/** What a noun's key alone tells. */
function bornWith(noun: StoredNoun, key: string): Record<string, unknown> {
  if (noun.name === 'Person') {
    const { date, sex } = birthOf(key);
    return { resident_id: key, birth_date: date, birth_year: date && Number(date.slice(0, 4)), sex };
  }
  return { [noun.columns.get(noun.kind.key[0]!)!.column]: key };
}
