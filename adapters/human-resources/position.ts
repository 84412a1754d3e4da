/** How far the files were read: the hub stores it as the cursor. It holds names of files and numbers, never persons. */
import { SourceError } from '../kit/index.ts';
import type { DataFile } from './file-name.ts';
import { type TableName, tableNames } from './layout.ts';

/** Numbers from..to, both read. */
type Range = readonly [from: number, to: number];

interface TablePosition {
  /** Version of the newest whole set that was read to its end. Older files are contained in it. */
  readonly whole: string;
  /** Numbers of the exports that need no (more) reading, ascending and not overlapping. */
  readonly done: readonly Range[];
}
/** Where the next page begins in the file that is being read. */
export interface Place {
  readonly file: string;
  /** The file's digest: when reading continues, another file may have the same name. */
  readonly sha256: string;
  /** In bytes. */
  readonly offset: number;
  /** The number of lines before it. */
  readonly lines: number;
}
export interface Position {
  readonly tables: Readonly<Partial<Record<TableName, TablePosition>>>;
  readonly place: Place | null;
}

const nothing: TablePosition = { whole: '', done: [] };

export const isDone = (position: Position, { table, serial, version }: DataFile): boolean => {
  const { whole, done } = position.tables[table] ?? nothing;
  return version <= whole || done.some(([from, to]) => from <= serial && serial <= to);
};

/** The position after the end of a file. */
export function afterFile(position: Position, file: DataFile): Position {
  const { whole, done } = position.tables[file.table] ?? nothing;
  const next = { whole: file.whole && file.version > whole ? file.version : whole, done: include(done, file.serial) };
  return { tables: { ...position.tables, [file.table]: next }, place: null };
}

function include(ranges: readonly Range[], serial: number): Range[] {
  const merged: Range[] = [];
  const sorted = [...ranges, [serial, serial] as const].sort((a, b) => a[0] - b[0]);
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
    else merged.push([from, to]);
  }
  return merged;
}

export const formatPosition = (position: Position): string => JSON.stringify(position);

/** Null is the beginning. Throws MALFORMED for text that `formatPosition` did not write. */
export function parsePosition(text: string | null): Position {
  if (text === null) return { tables: {}, place: null };
  try {
    const { tables, place } = JSON.parse(text) as Position;
    if (Object.keys(tables).every(name => tableNames.includes(name as TableName))) return { tables, place };
  } catch (cause) {
    throw new SourceError('MALFORMED', 'the stored cursor is not one of this adapter', { cause });
  }
  throw new SourceError('MALFORMED', 'the stored cursor names a table that does not exist');
}
