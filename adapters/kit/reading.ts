/** Readers of the values that agencies write: dates in nine spellings, codes of several editions, padded text. */
import type { CodeTable } from './record.ts';
import { Rejection } from './statement.ts';

/** Text without the padding of fixed-width columns; null for empty text. */
export function readText(raw: unknown): string | null {
  if (raw === null || raw === undefined) return null;
  const text = String(raw).replaceAll(/^[\s\u3000]+|[\s\u3000]+$/g, '');
  return text === '' ? null : text;
}

/** How sources write "no end" (长期) and "no date". */
const openEnded = /^(9{8,14}|9999-?12-?31.*|长期|永久)$/;
const noDate = /^(0000-00-00.*|0+|null|无)$/i;
export const isOpenEnded = (raw: unknown): boolean => openEnded.test(readText(raw) ?? '');

interface Moment {
  date: string;
  time: string;
}
const spellings: readonly RegExp[] = [
  /^(?<y>\d{4})-(?<m>\d{1,2})-(?<d>\d{1,2})(?:[ T](?<t>\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?$/,
  /^(?<y>\d{4})[/.](?<m>\d{1,2})[/.](?<d>\d{1,2})(?: (?<t>\d{2}:\d{2}(?::\d{2})?))?$/,
  /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})(?:(?<H>\d{2})(?<M>\d{2})(?<S>\d{2}))?$/,
  /^(?<y>\d{4})年(?<m>\d{1,2})月(?:(?<d>\d{1,2})日)?$/,
];

function readMoment(field: string, text: string): Moment {
  for (const spelling of spellings) {
    const parts = spelling.exec(text)?.groups;
    if (!parts) continue;
    const date = `${parts.y}-${parts.m!.padStart(2, '0')}-${(parts.d ?? '1').padStart(2, '0')}`;
    const days = new Date(`${date}T00:00:00Z`);
    if (Number.isNaN(days.getTime()) || days.toISOString().slice(0, 10) !== date) break;
    const time = parts.t ?? (parts.H ? `${parts.H}:${parts.M}:${parts.S}` : '00:00:00');
    return { date, time: time.length === 5 ? `${time}:00` : time };
  }
  throw new Rejection(field, 'is not a date');
}

const inShanghai = (instant: Date) => new Date(instant.getTime() + 8 * 3_600_000).toISOString();

/**
 * A day as `2026-11-23`; null for empty text and open ends (ask `isOpenEnded`). Epoch milliseconds are in
 * Asia/Shanghai.
 */
export function readDate(field: string, raw: unknown): string | null {
  const text = readText(raw);
  if (text === null || noDate.test(text) || openEnded.test(text)) return null;
  if (/^\d{12,13}$/.test(text)) return inShanghai(new Date(Number(text))).slice(0, 10);
  return readMoment(field, text).date;
}

/** A time with its offset; spellings without one are local time of Asia/Shanghai (there is no summer time). */
export function readInstant(field: string, raw: unknown): string | null {
  const text = readText(raw);
  if (text === null || noDate.test(text) || openEnded.test(text)) return null;
  if (/^\d{12,13}$/.test(text)) return `${inShanghai(new Date(Number(text))).slice(0, 19)}+08:00`;
  if (/(Z|[+-]\d{2}:\d{2})$/.test(text)) {
    const instant = new Date(text);
    if (Number.isNaN(instant.getTime())) throw new Rejection(field, 'is not a date');
    return `${inShanghai(instant).slice(0, 19)}+08:00`;
  }
  const { date, time } = readMoment(field, text);
  if (!/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(time)) throw new Rejection(field, 'is not a time of day');
  return `${date}T${time}+08:00`;
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

/** An exact number as text, thousands separators removed. */
export function readDecimal(field: string, raw: unknown): string | null {
  const text = readText(raw)?.replaceAll(/[,，]/g, '') ?? null;
  if (text === null) return null;
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

/** The year of a day in the hub's form. */
export const yearOf = (day: string): number => Number(day.slice(0, 4));
