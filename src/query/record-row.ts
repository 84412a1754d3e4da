/** A row as resolvers see it: values by field name, already masked for the reader. */
import type { Scalar } from '../../adapters/kit/record.ts';
import { maskValue } from '../access/masks.ts';
import type { Policy } from '../access/policy.ts';
import { rowsSql } from '../access/rows.ts';
import { type Catalog, isStated, type Noun, type StoredNoun } from '../catalog/catalog.ts';
import type { Values } from './filters.ts';

/** `$whole`: personal fields are shown whole. `$id` of the row, `$links` the ids of what it is about, `$key` its key unmasked (for lookups only, never shown). */
export interface RecordRow {
  readonly $noun: Noun;
  readonly $id: string;
  readonly $whole: boolean;
  readonly $links: Readonly<Record<string, string | null>>;
  readonly $key: string;
  readonly $source: SourceRow | null;
  readonly observedAt: string;
  readonly asOf: string | null;
  readonly spellings: readonly SpellingRow[];
  readonly [field: string]: unknown;
}
export interface SourceRow {
  readonly agency: string;
  readonly sourceId: string;
  readonly version: string;
}
export interface SpellingRow {
  readonly field: string;
  readonly raw: unknown;
  readonly normalised: unknown;
  readonly faults: readonly string[];
}

/** `2026-11-23 01:30:00.5+00` as PostgreSQL writes it, in ISO 8601. */
export const isoInstant = (text: string): string => `${text.replace(' ', 'T').replace(/\+00(:00)?$/, '')}Z`;

/** The earlier of two such instants first. Their fractions drop closing zeros, so the `Z` behind them must not be compared. */
export function compareInstants(a: string, b: string): number {
  const [one, other] = [a.slice(0, -1), b.slice(0, -1)];
  return one < other ? -1 : one > other ? 1 : 0;
}

export function fromText(scalar: Scalar, text: string | null): unknown {
  if (text === null) return null;
  if (scalar === 'integer') return Number(text);
  if (scalar === 'flag') return text === 't';
  if (scalar === 'instant') return isoInstant(text);
  if (scalar === 'geometry') return JSON.parse(text);
  return text;
}

/** The columns to select from `t`, in the order in which `readRow` takes them: the last says whether the row is shown whole. */
export function selectList(noun: StoredNoun, policy: Policy, catalog: Catalog, values: Values): string {
  const envelope = isStated(noun) ? ['agency', 'source_id', 'version', 'as_of', 'spellings'] : [];
  const fields = [...noun.columns.values()].map(c => c.column);
  const columns = ['id', 'observed_at', ...envelope, ...fields, ...noun.links.map(l => l.column)].map(c => `t."${c}"`);
  const whole = rowsSql(policy.whole(noun), 't', catalog, value => values.add(value));
  return [...columns, `${whole} as whole`].join(', ');
}

export function readRow(
  noun: StoredNoun,
  policy: Policy,
  values: readonly (string | null)[],
  saw: SawPersons,
): RecordRow {
  let next = 0;
  const take = () => values[next++]!;
  const id = take()!;
  const observedAt = isoInstant(take()!);
  const stated = isStated(noun);
  const source = stated ? { agency: take()!, sourceId: take()!, version: take()! } : null;
  const asOf = stated ? take() : null;
  const spellings = stated ? take() : null;
  const raw: Record<string, unknown> = {};
  for (const { name, field } of noun.columns.values()) raw[name] = fromText(field.scalar, take());
  const links: Record<string, string | null> = {};
  for (const link of noun.links) links[link.role] = take();
  const whole = take() === 't';
  return {
    ...maskFields(noun, policy, raw, { id, links, whole }, saw),
    $noun: noun,
    $id: id,
    $whole: whole,
    $links: links,
    $key: String(raw[noun.kind.key[0]!]),
    $source: source && maskSource(noun, policy, source, whole),
    observedAt,
    asOf: asOf && isoInstant(asOf),
    spellings: spellings ? maskSpellings(noun, policy, JSON.parse(spellings), whole) : [],
  };
}

/** Told of every row of which something personal is shown whole: the ids of the persons that it is about. */
export type SawPersons = (subjects: readonly string[]) => void;

/** The one place where fields are masked, for stored rows, live records and events alike; so here it is told when they are not. */
export function maskFields(
  noun: Noun,
  policy: Policy,
  values: Readonly<Record<string, unknown>>,
  { id, links, whole }: { readonly id: string; readonly links: RecordRow['$links']; readonly whole: boolean },
  saw: SawPersons,
) {
  const isShown = (name: string) => hasValue(values[name]) && policy.field(noun, name, whole) === 'whole';
  if (personalFields(noun).some(isShown)) saw(personsOf(noun, id, links));
  const masked: Record<string, unknown> = {};
  for (const { name, field } of noun.columns.values()) {
    const view = policy.field(noun, name, whole, values[name]);
    masked[name] = view === 'whole' ? (values[name] ?? null) : maskValue(view, field.scalar, values[name]);
  }
  return masked;
}

const hasValue = (value: unknown) => value !== null && value !== undefined;

const personal = new WeakMap<Noun, readonly string[]>();
function personalFields(noun: Noun): readonly string[] {
  const known = personal.get(noun);
  if (known) return known;
  const names = [...noun.columns.values()].filter(c => c.field.sensitivity === 'personal').map(c => c.name);
  personal.set(noun, names);
  return names;
}

/** Where no person is linked (the representative of an organisation) the row itself stands for whom it names. */
export function personsOf(noun: Noun, id: string, links: RecordRow['$links']): readonly string[] {
  if (noun.name === 'Person') return [id];
  const linked = noun.links.flatMap(({ role, target }) => (target.name === 'Person' ? (links[role] ?? []) : []));
  return linked.length ? linked : [id];
}

/** A source's id of a record is often made from the record's key, so it is masked where the reader sees the key masked. */
export function maskSource(noun: Noun, policy: Policy, source: SourceRow, whole: boolean): SourceRow {
  if (noun.kind.key.every(name => policy.field(noun, name, whole) === 'whole')) return source;
  return { ...source, sourceId: String(maskValue('account', 'text', source.sourceId)) };
}

export function maskSpellings(
  noun: Noun,
  policy: Policy,
  spellings: readonly SpellingRow[],
  whole: boolean,
): SpellingRow[] {
  return spellings.map(spelling => {
    const view = policy.field(noun, spelling.field, whole, spelling.normalised);
    if (view === 'whole') return spelling;
    const mask = (value: unknown) => maskValue(view, 'text', value);
    return { ...spelling, raw: mask(spelling.raw), normalised: mask(spelling.normalised) };
  });
}
