/** Decides whether a statement can be stored: normalises and validates identifiers, checks values, names faults. */
import type { Fault } from '../../adapters/kit/format.ts';
import { identify } from '../../adapters/kit/format.ts';
import { foldDots } from '../../adapters/kit/names.ts';
import {
  type Field,
  instantCheck,
  longestKey,
  longestText,
  type RecordKind,
  type Scalar,
} from '../../adapters/kit/record.ts';
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
  const { data } = statement;
  if (isRow(data)) {
    for (const field of Object.keys(data ?? {})) {
      if (!Object.hasOwn(kind.fields, field)) rejects.push({ field, reason: `is not a field of ${kind.name}` });
    }
    for (const [name, field, isKey] of fieldsOf(kind)) {
      const reason = checkField(name, field, isKey, data?.[name] ?? null, values, spellings);
      if (reason) rejects.push({ field: name, reason });
    }
  } else rejects.push({ field: 'data', reason: 'is no object with the fields of the record' });
  // A removal is never refused because of the rest of its row.
  const found = statement.deleted === true ? [] : rejects;
  checkEnvelope(statement, found);
  if (found.length) return { rejects: found };
  return { record: { statement, values: rejects.length ? {} : values, spellings } };
}

const isRow = (data: unknown) => data === null || (typeof data === 'object' && !Array.isArray(data));

/** What stands around the fields is checked as they are: nothing else is known of a removal. */
function checkEnvelope({ sourceId, version, asOf, deleted }: Statement, rejects: Reject[]): void {
  const badId = whyNoId(sourceId);
  if (badId) rejects.push({ field: 'sourceId', reason: badId });
  const badVersion = whyNoVersion(version);
  if (badVersion) rejects.push({ field: 'version', reason: badVersion });
  if (asOf !== null && asOf !== undefined && !isInstant(asOf))
    rejects.push({ field: 'asOf', reason: 'is not an instant with an offset' });
  if (typeof deleted !== 'boolean') rejects.push({ field: 'deleted', reason: 'is not true or false' });
}

/** Nearly all ids and versions; a class of Unicode takes ten times as long. */
const plain = /^[ -~]{1,200}$/;
const oneLine = /^[^\p{Cc}\p{Cs}]+$/u;
/** Why this cannot name a record, a set or a kind; null when it can. */
export function whyNoId(given: unknown): string | null {
  if (typeof given === 'string' && plain.test(given)) return null;
  if (typeof given !== 'string' || !oneLine.test(given)) return 'is empty or no text';
  return isTooLongForKey(given) ? longestKey.reason : null;
}
/** JavaScript orders characters beyond the BMP otherwise than PostgreSQL does, so versions do not have them. */
const comparable = /^[^\p{Cc}\p{Cs}\u{10000}-\u{10ffff}]+$/u;
export function whyNoVersion(given: unknown): string | null {
  if (typeof given === 'string' && plain.test(given)) return null;
  if (typeof given !== 'string' || !comparable.test(given)) return 'is empty or no text that can be compared';
  return isTooLongForKey(given) ? longestKey.reason : null;
}
const isInstant = (given: unknown) =>
  typeof given === 'string' && (surelyInstant.test(given) || instantCheck.safeParse(given).success);

/** A character has at most three bytes for each unit of its length. */
const isTooLongForKey = (text: string) =>
  text.length * 3 > longestKey.bytes && Buffer.byteLength(text) > longestKey.bytes;

/** Fields by which something is found: they stand in an index. */
export const isKeyField = ({ key, about }: RecordKind, name: string): boolean =>
  key.includes(name) || Object.values(about).some(({ from }) => from.includes(name));

const known = new WeakMap<RecordKind, readonly [name: string, field: Field, isKey: boolean][]>();
function fieldsOf(kind: RecordKind) {
  const fields =
    known.get(kind) ??
    Object.entries(kind.fields).map(([name, field]): [string, Field, boolean] => [name, field, isKeyField(kind, name)]);
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
  isKey: boolean,
  given: unknown,
  values: Record<string, unknown>,
  spellings: FieldSpelling[],
): string | null {
  values[name] = null;
  if (given === null || given === '') return field.optional ? null : 'is missing';
  if (typeof given === 'string') {
    // PostgreSQL can store neither; the raw bytes of a parked item keep them.
    if (given.includes('\0') || !given.isWellFormed()) return 'holds characters that are no text';
    if (given.length > longestText.characters) return longestText.reason;
  }
  let value = field.mask === 'name' && typeof given === 'string' ? foldDots(given) : given;
  if (field.format && typeof given === 'string') {
    const { value: normalised, faults } = identify(field.format, given);
    if (normalised !== given || faults.length) spellings.push({ field: name, raw: given, normalised, faults });
    if (faults.length) return field.optional ? null : `is not a valid ${field.format.name}: ${faults.join(', ')}`;
    value = normalised;
  }
  if (isKey && typeof value === 'string' && isTooLongForKey(value)) return longestKey.reason;
  if (surelyValid[field.scalar]?.(value, field)) {
    values[name] = value;
    return null;
  }
  const checked = field.check.safeParse(value);
  if (!checked.success) return checked.error.issues[0]?.message ?? 'is not valid';
  values[name] = checked.data;
  return null;
}
