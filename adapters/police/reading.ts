/** Readers of spellings that only the police use, beside those of the kit. */
import { regionCode } from '../kit/identifiers/region-code.ts';
import {
  isOpenEnded,
  Rejection,
  readCode,
  readDate,
  readInstant,
  readInteger,
  readText,
  required,
  type Source,
  versionOf,
} from '../kit/index.ts';
import { sex } from './codes.ts';
import { nation } from './nations.ts';
import type { PoliceRow } from './services.ts';

type Row = PoliceRow['row'];

/** One column holds codes of 6, 9 and 12 digits; the missing levels are zeros. */
export const readRegion = (raw: unknown): string | null => {
  const code = readText(raw);
  return code === null ? null : regionCode.normalise(code);
};

/** The edition of a code that is a number in some rows and a word in others. */
const editionOf = (raw: unknown): string => (/^\d/.test(readText(raw) ?? '') ? 'number' : 'word');
export const readSex = (row: Row) => readCode('XB', sex, editionOf(row.XB), row.XB);
export const readNation = (row: Row) => readCode('MZ', nation, editionOf(row.MZ), row.MZ);

export interface Period {
  readonly from: string | null;
  /** Null when open or unknown. */
  readonly until: string | null;
  readonly openEnded: boolean;
}

/** Start and end, exchanged where the source has swapped them. */
export function readPeriod(row: Row, startField: string, endField: string): Period {
  const start = readDate(startField, row[startField]);
  const end = readDate(endField, row[endField]);
  if (isOpenEnded(row[startField]) && end) return { from: end, until: null, openEnded: true };
  if (start && end && start > end) return { from: end, until: start, openEnded: false };
  return { from: start, until: end, openEnded: isOpenEnded(row[endField]) };
}

/** `202610`, `2026-10` or `2026年10月`, as its first day. */
export function readMonth(field: string, raw: unknown): string {
  const parts = /^(\d{4})[-/.年]?(\d{1,2})月?$/.exec(required(field, readText(raw)));
  const month = Number(parts?.[2]);
  if (!parts || month < 1 || month > 12) throw new Rejection(field, 'is not a month');
  return `${parts[1]}-${String(month).padStart(2, '0')}-01`;
}

const yes = new Set(['1', 'Y', '是']);
const no = new Set(['0', 'N', '否', '']);
export function readFlag(field: string, raw: unknown): boolean {
  const text = readText(raw) ?? '';
  if (yes.has(text)) return true;
  if (no.has(text)) return false;
  throw new Rejection(field, 'is neither yes nor no');
}

/**
 * Version by edition, then time of commit, then row number: rows that repeat an edition end in the same state in any
 * order.
 */
export function readSource(sourceId: string, row: Row): Source {
  const edition = required('SJBB', readInteger('SJBB', row.SJBB));
  return { sourceId, version: versionOf(edition, text(row.GXSJ), text(row.XH)), asOf: readInstant('GXSJ', row.GXSJ) };
}

/** For answers about people, which have no editions: the row's own number names the record. */
export const readLiveSource = (row: Row): Source => ({
  sourceId: required('XH', readText(row.XH)),
  version: versionOf(text(row.GXSJ), text(row.XH)),
  asOf: readInstant('GXSJ', row.GXSJ),
});

const text = (raw: unknown): string => readText(raw) ?? '';
