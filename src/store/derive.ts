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

/** How the nouns of a kind follow from a page. `Known` are those that existed, `Inserted` those that were inserted. */
interface Derivation<Known, Inserted> {
  /**
   * Locks the nouns that the page touches; if two agencies state something of one noun, the second transaction waits
   * here.
   */
  lock(): Promise<Known>;
  /** Inserts the nouns that are mentioned and missing, with what the page states of them. */
  insertMissing(known: Known): Promise<Inserted>;
  /** Reconciles the others with what the page states. */
  reconcile(known: Known, inserted: Inserted): Promise<void>;
}

export async function deriveNouns(work: Work): Promise<void> {
  const cases = work.catalog.stored('Case');
  const nouns = new Set([...work.mentioned.keys(), ...work.affected.touched.keys()]);
  // All pages use one order, so that two agencies do not deadlock; a case's own links name no new noun.
  const derivations = [...nouns]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      (noun): Derivation<unknown, unknown> =>
        noun === cases ? new DerivedCases(work, noun) : new DerivedFacts(work, noun),
    );
  // The statements of each step are sent together; while PostgreSQL answers the last ones, the next step of the first
  // begins.
  const locks = derivations.map(derivation => later(derivation.lock()));
  const insertions: Promise<unknown>[] = [];
  for (const [n, derivation] of derivations.entries()) insertions.push(later(derivation.insertMissing(await locks[n])));
  const reconciled: Promise<void>[] = [];
  for (const [n, derivation] of derivations.entries())
    reconciled.push(later(derivation.reconcile(await locks[n], await insertions[n])));
  await Promise.all(reconciled);
}

/**
 * A new noun is inserted with what the page states of it. The facts of the others are chosen again, from all that is
 * claimed of them, where the page states something different or withdraws something.
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

  /** Inserts in the order of the ids; returns the ids that did not exist before. */
  async insertMissing(known: Known): Promise<ReadonlySet<string>> {
    const { work, noun } = this;
    const keys = work.mentioned.get(noun);
    const ids = [...(keys?.keys() ?? [])].filter(id => !known.has(id)).sort();
    if (!keys || !ids.length) return new Set();
    const claims = work.affected.claims.get(noun);
    const rows = ids.map(id => ({
      id,
      ...keyFieldsOf(noun, keys.get(id)!),
      ...factsOf(noun, claims?.get(id) ?? []),
    }));
    const columns = Object.keys(rows[0]!) as (keyof (typeof rows)[0])[];
    const types = columns.map(c => typesOfInserted[c] ?? 'text');
    const { rows: made } = await work.client.query({
      name: `insert missing ${noun.table}`,
      text: `insert into ${noun.table} (${columns.map(c => `"${c}"`).join(', ')}, deleted, digest, observed_at)
             select r.*, false, '${REMOVED}', $1::timestamptz from unnest(${types.map((type, i) => `$${i + 2}::${type}[]`).join(', ')}) r
             on conflict do nothing returning id`,
      values: [work.at, ...columns.map(column => arrayLiteral(rows.map(row => row[column] as string | null)))],
    });
    return new Set(made.map(row => row.id));
  }

  async reconcile(known: Known, inserted: ReadonlySet<string>): Promise<void> {
    if (!this.chosen) return;
    const { work, noun } = this;
    const { contested, claims } = work.affected;
    const open = this.ids.filter(id => {
      if (inserted.has(id)) return false;
      const facts = known.get(id);
      return !facts || contested.get(noun)?.has(id) || !saysTheSame(facts, claims.get(noun)?.get(id) ?? []);
    });
    // Another transaction inserted it since, and may still have been running when the facts were locked.
    const late = open.filter(id => !known.has(id));
    if (late.length) await lockFacts(work, noun, late);
    await chooseFacts(work, noun, open);
  }
}

const typesOfInserted: Readonly<Record<string, string>> = { id: 'uuid', birth_date: 'date', birth_year: 'integer' };
/** What a noun's key alone says about it. */
function keyFieldsOf(noun: StoredNoun, key: string): Record<string, unknown> {
  if (noun.name === 'Person') {
    const { date, sex } = birthOf(key);
    return { resident_id: key, birth_date: date, birth_year: date && Number(date.slice(0, 4)), sex };
  }
  return { [noun.columns.get(noun.kind.key[0]!)!.column]: key };
}
