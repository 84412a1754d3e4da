/** Readers of the values that agencies write: padded text, numbers, codes of several editions. Times: `times.ts`. */
import type { CodeTable } from './record.ts';
import { Rejection } from './statement.ts';

/** Text without the padding of fixed-width columns; null for empty text. */
export function readText(raw: unknown): string | null {
  if (raw === null || raw === undefined) return null;
  const text = String(raw).replaceAll(/^[\s\u3000]+|[\s\u3000]+$/g, '');
  return text === '' ? null : text;
}

/** For required fields. */
export function required<T>(field: string, value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Rejection(field, 'is missing');
  return value;
}

export function readInteger(field: string, raw: unknown): number | null {
  const text = readText(raw);
  if (text === null) return null;
  if (!/^[+-]?\d{1,9}$/.test(text)) throw new Rejection(field, 'is not a whole number');
  return Number(text);
}

/** Digits in groups of three (GB/T 15835); a comma elsewhere may be a decimal comma, which is not guessed. */
const grouped = /^[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/;

/** An exact number as text, without the separators of thousands. Full-width digits are digits. */
export function readDecimal(field: string, raw: unknown): string | null {
  const written = readText(raw)?.normalize('NFKC') ?? null;
  if (written === null) return null;
  const text = grouped.test(written) ? written.replaceAll(',', '') : written;
  if (!/^[+-]?\d{1,18}(\.\d{1,6})?$/.test(text)) throw new Rejection(field, 'is not a decimal number');
  return text.replace(/^\+/, '');
}

/**
 * The hub's name of a source's code. The same digit means different things in different editions, so the edition is
 * always given; a code that the edition does not have parks the record.
 */
export function readCode<V extends string>(
  field: string,
  table: CodeTable<V>,
  edition: string,
  raw: unknown,
): V | null {
  const text = readText(raw);
  if (text === null) return null;
  for (const name of Object.keys(table.values) as V[]) {
    const codes = table.values[name].codes?.[edition];
    if (typeof codes === 'string' ? codes === text : codes?.includes(text)) return name;
  }
  throw new Rejection(field, `is not a code of ${table.name} in edition ${edition}`);
}

/**
 * What a row says was done to its record: one of these codes, in any width, case and padding; null where it says nothing.
 *
 * @throws Rejection for any other: an unknown code may be a removal
 */
export function readOperationCode<C extends string>(field: string, codes: readonly C[], raw: unknown): C | null {
  const text = readText(raw)?.normalize('NFKC').trim().toUpperCase();
  if (!text) return null;
  const code = codes.find(known => known === text);
  if (!code) throw new Rejection(field, `is none of ${codes.join(', ')}`);
  return code;
}

/** The year of a day in the hub's form. */
export const yearOf = (day: string): number => Number(day.slice(0, 4));
