/** A row as resolvers see it: values by field name, already masked for the reader. */
import type { Scalar } from '../../adapters/kit/record.ts';
import { maskValue } from '../access/masks.ts';
import type { Policy } from '../access/policy.ts';
import { isStated, type Noun, type StoredNoun } from '../catalog/catalog.ts';

/** `$id` of the row, `$links` the ids of what it is about, `$key` its key unmasked (for lookups only, never shown). */
export interface RecordRow {
  readonly $noun: Noun;
  readonly $id: string;
  readonly $links: Readonly<Record<string, string | null>>;
  readonly $key: string;
  readonly $source: { readonly agency: string; readonly sourceId: string; readonly version: string } | null;
  readonly observedAt: string;
  readonly asOf: string | null;
  readonly spellings: readonly SpellingRow[];
  readonly [field: string]: unknown;
}
export interface SpellingRow {
  readonly field: string;
  readonly raw: unknown;
  readonly normalised: unknown;
  readonly faults: readonly string[];
}

/** `2026-11-23 01:30:00.5+00` as PostgreSQL writes it, in ISO 8601. */
export const isoInstant = (text: string): string => `${text.replace(' ', 'T').replace(/\+00(:00)?$/, '')}Z`;

export function fromText(scalar: Scalar, text: string | null): unknown {
  if (text === null) return null;
  if (scalar === 'integer') return Number(text);
  if (scalar === 'flag') return text === 't';
  if (scalar === 'instant') return isoInstant(text);
  if (scalar === 'geometry') return JSON.parse(text);
  return text;
}

/** The columns to select from `t`, in the order in which `readRow` takes them. */
export function selectList(noun: StoredNoun): string {
  const envelope = isStated(noun) ? ['agency', 'source_id', 'version', 'as_of', 'spellings'] : [];
  const fields = [...noun.columns.values()].map(c => c.column);
  return ['id', 'observed_at', ...envelope, ...fields, ...noun.links.map(l => l.column)]
    .map(c => `t."${c}"`)
    .join(', ');
}

export function readRow(noun: StoredNoun, policy: Policy, values: readonly (string | null)[]): RecordRow {
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
  return {
    ...maskFields(noun, policy, raw),
    $noun: noun,
    $id: id,
    $links: links,
    $key: String(raw[noun.kind.key[0]!]),
    $source: source,
    observedAt,
    asOf: asOf && isoInstant(asOf),
    spellings: spellings ? maskSpellings(noun, policy, JSON.parse(spellings)) : [],
  };
}

/** The one place where fields are masked: for stored rows, live records and events alike. */
export function maskFields(noun: Noun, policy: Policy, values: Readonly<Record<string, unknown>>) {
  const masked: Record<string, unknown> = {};
  for (const { name, field } of noun.columns.values()) {
    const rule = policy.field(noun, name);
    masked[name] = rule === null ? (values[name] ?? null) : maskValue(rule, field.scalar, values[name]);
  }
  return masked;
}

export const maskSpellings = (noun: Noun, policy: Policy, spellings: readonly SpellingRow[]): SpellingRow[] =>
  spellings.map(spelling => {
    const rule = policy.field(noun, spelling.field);
    if (rule === null) return spelling;
    return {
      ...spelling,
      raw: maskValue(rule, 'text', spelling.raw),
      normalised: maskValue(rule, 'text', spelling.normalised),
    };
  });
