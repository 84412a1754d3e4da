/** Decides whether a statement can be stored: normalises and validates identifiers, checks values, names faults. */
import type { Fault } from '../../adapters/kit/format.ts';
import { identify } from '../../adapters/kit/format.ts';
import type { Field, RecordKind, Scalar } from '../../adapters/kit/record.ts';
import type { Statement } from '../../adapters/kit/statement.ts';

/** How an identifier was spelled at the source, where that differs from what is stored, and what was wrong with it. */
export interface FieldSpelling {
  readonly field: string;
  readonly raw: string;
  readonly normalised: string;
  readonly faults: readonly Fault[];
}
export interface CheckedRecord {
  readonly statement: Statement;
  readonly values: Readonly<Record<string, unknown>>;
  readonly spellings: readonly FieldSpelling[];
}
export interface Reject {
  readonly field: string;
  readonly reason: string;
}
export type CheckOutcome = { readonly record: CheckedRecord } | { readonly rejects: readonly Reject[] };

/**
 * An invalid identifier parks the record where the field is required. Where it is optional the record is kept with an
 * empty field, and the spelling with its faults is stored beside it: it is then linked to nobody.
 */
export function checkStatement(kind: RecordKind, statement: Statement): CheckOutcome {
  const values: Record<string, unknown> = {};
  const spellings: FieldSpelling[] = [];
  const rejects: Reject[] = [];
  for (const field of Object.keys(statement.data ?? {})) {
    if (!(field in kind.fields)) rejects.push({ field, reason: `is not a field of ${kind.name}` });
  }
  for (const [name, field] of fieldsOf(kind)) {
    const reason = checkField(name, field, statement.data?.[name] ?? null, values, spellings);
    if (reason) rejects.push({ field: name, reason });
  }
  // A removal is never refused because of the rest of its row.
  if (statement.deleted) return { record: { statement, values: rejects.length ? {} : values, spellings } };
  if (!/^[^\p{Cc}\p{Cs}]+$/u.test(statement.sourceId))
    rejects.push({ field: 'sourceId', reason: 'is empty or no text' });
  return rejects.length ? { rejects } : { record: { statement, values, spellings } };
}

const known = new WeakMap<RecordKind, readonly [string, Field][]>();
function fieldsOf(kind: RecordKind): readonly [string, Field][] {
  const fields = known.get(kind) ?? Object.entries(kind.fields);
  known.set(kind, fields);
  return fields;
}

/**
 * A quick check that accepts only valid values, but not all of them. Running the validator on each costs more than all
 * else.
 */
export const surelyValid: Partial<Record<Scalar, (value: unknown, field: Field) => boolean>> = {
  text: value => typeof value === 'string' && value.length > 0 && value.length <= 1000,
  code: (value, { table }) => typeof value === 'string' && Object.hasOwn(table!.values, value),
  flag: value => typeof value === 'boolean',
  date: value => typeof value === 'string' && surelyDate.test(value),
  instant: value => typeof value === 'string' && surelyInstant.test(value),
};
const surelyDate = /^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/;
const surelyInstant =
  /^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(Z|[+-](0\d|1[0-3]):[0-5]\d)$/;

function checkField(
  name: string,
  field: Field,
  given: unknown,
  values: Record<string, unknown>,
  spellings: FieldSpelling[],
): string | null {
  values[name] = null;
  if (given === null || given === '') return field.optional ? null : 'is missing';
  // PostgreSQL can store neither; the raw bytes of a parked item keep them.
  if (typeof given === 'string' && (given.includes('\0') || !given.isWellFormed()))
    return 'holds characters that are no text';
  let value = given;
  if (field.format && typeof given === 'string') {
    const { value: normalised, faults } = identify(field.format, given);
    if (normalised !== given || faults.length) spellings.push({ field: name, raw: given, normalised, faults });
    if (faults.length) return field.optional ? null : `is not a valid ${field.format.name}: ${faults.join(', ')}`;
    value = normalised;
  }
  if (surelyValid[field.scalar]?.(value, field)) {
    values[name] = value;
    return null;
  }
  const checked = field.check.safeParse(value);
  if (!checked.success) return checked.error.issues[0]?.message ?? 'is not valid';
  values[name] = checked.data;
  return null;
}
