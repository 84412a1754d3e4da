/** The facts of persons and organisations: chosen from all claims about them, by the precedence of agencies. */
import type { StoredNoun } from '../catalog/catalog.ts';
import { precedence } from '../catalog/nouns/derived.ts';
import { claimed, type StatedClaim } from './affected.ts';
import type { Work } from './apply.ts';

/** The stored facts, by the noun's id. */
export type Known = ReadonlyMap<string, Facts>;
/** Values by field. */
type Facts = Readonly<Record<string, string | null>>;

const chosenFacts = (noun: StoredNoun) => {
  const known = chosen.get(noun);
  if (known) return known;
  const facts = Object.keys(precedence[noun.name] ?? {}).map(fact => ({
    fact,
    column: noun.columns.get(fact)!.column,
  }));
  chosen.set(noun, facts);
  return facts;
};
const chosen = new WeakMap<StoredNoun, readonly { readonly fact: string; readonly column: string }[]>();

/** Locks those of the nouns that exist, until the transaction ends. */
export async function lockFacts({ client }: Work, noun: StoredNoun, ids: readonly string[]): Promise<Known> {
  if (!ids.length) return new Map();
  const columns = chosenFacts(noun).map(({ fact, column }) => `"${column}" as "${fact}"`);
  const { rows } = await client.query({
    name: `lock ${noun.table}`,
    text: `select id, ${columns.join(', ')} from ${noun.table} where id = any($1::uuid[]) order by id for update`,
    values: [ids],
  });
  return new Map(rows.map(({ id, ...facts }) => [id, facts]));
}

/** Whether the claims agree with the stored facts: then nothing changes. */
export const saysTheSame = (known: Facts, claims: readonly StatedClaim[]): boolean =>
  Object.entries(known).every(([fact, value]) =>
    claims.every(claim => {
      const told = claimed(claim, fact);
      return told === null || told === value;
    }),
  );

/** The facts of a noun that only one agency's page makes claims about; the order is that of `chooseFacts`. */
export function factsOf(noun: StoredNoun, claims: readonly StatedClaim[]): Record<string, string | null> {
  const facts: Record<string, string | null> = {};
  for (const { fact, column } of chosenFacts(noun)) {
    let best: Candidate | null = null;
    for (const claim of claims) {
      const value = claimed(claim, fact);
      if (value === null) continue;
      const { asOf } = claim.record.statement;
      const candidate = { asOf: asOf ? Date.parse(asOf) : Number.NEGATIVE_INFINITY, value };
      if (best === null || comesFirst(candidate, best)) best = candidate;
    }
    facts[column] = best?.value ?? null;
  }
  return facts;
}
interface Candidate {
  readonly asOf: number;
  readonly value: string;
}
const comesFirst = (a: Candidate, b: Candidate) =>
  a.asOf === b.asOf ? Buffer.compare(Buffer.from(a.value), Buffer.from(b.value)) < 0 : a.asOf > b.asOf;

/** Chooses from all claims with set-wise SQL, and writes only differences. */
export async function chooseFacts({ client, at }: Work, noun: StoredNoun, ids: readonly string[]): Promise<void> {
  if (!ids.length) return;
  const facts = Object.entries(precedence[noun.name]!).map(([fact, agencies]) => ({
    fact,
    column: noun.columns.get(fact)!.column,
    rank: `when '${fact}' then array_position(array[${agencies.map(a => `'${a}'`)}], agency)`,
  }));
  const columns = facts.map(f => `"${f.column}"`).join(', ');
  await client.query({
    name: `choose ${noun.table}`,
    text: `
with choice as materialized (
  select distinct on (about_id, fact) about_id, fact, value from ${noun.table}_claim
  where about_id = any($1::uuid[]) and fact in (${facts.map(f => `'${f.fact}'`)})
  order by about_id, fact, case fact ${facts.map(f => f.rank).join(' ')} end nulls last, as_of desc nulls last, value collate "C"
), best as (
  select n.id, ${facts.map(f => `max(value) filter (where fact = '${f.fact}') as "${f.column}"`).join(', ')}
  from unnest($1::uuid[]) n(id) left join choice on choice.about_id = n.id group by n.id
), changed as materialized (
  select t.*, ${facts.map(f => `best."${f.column}" as "new_${f.column}"`).join(', ')} from ${noun.table} t join best on best.id = t.id
  where (${facts.map(f => `t."${f.column}"`).join(', ')}) is distinct from (${facts.map(f => `best."${f.column}"`).join(', ')}) for update of t
), filed as (
  insert into ${noun.table}_history (${historyColumns(noun)}, seen_until)
  select ${historyColumns(noun)}, $2::timestamptz from changed where observed_at < $2::timestamptz on conflict do nothing
)
update ${noun.table} t set (${columns}, observed_at) = (${facts.map(f => `changed."new_${f.column}"`).join(', ')}, $2::timestamptz)
from changed where t.id = changed.id`,
    values: [ids, at],
  });
}
const historyColumns = (noun: StoredNoun) =>
  ['id', 'deleted', 'digest', 'observed_at', ...[...noun.columns.values()].map(c => c.column)]
    .map(c => `"${c}"`)
    .join(', ');
