/** The files of the log: `entries-00000001.jsonl` and so on, each with an index of its subjects once it is closed. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Entry, leafHash, parseEntry } from './entry.ts';

export interface SegmentName {
  readonly ordinal: number;
  readonly file: string;
  readonly index: string;
}
export const segmentName = (dir: string, ordinal: number): SegmentName => {
  const base = path.join(dir, `entries-${String(ordinal).padStart(8, '0')}`);
  return { ordinal, file: `${base}.jsonl`, index: `${base}.index` };
};

/** In order. Throws when the directory cannot be read. */
export async function listSegments(dir: string): Promise<SegmentName[]> {
  const ordinals = (await readdir(dir)).flatMap(name => {
    const digits = /^entries-(\d{8,})\.jsonl$/.exec(name)?.[1];
    return digits ? [Number(digits)] : [];
  });
  return ordinals.sort((a, b) => a - b).map(ordinal => segmentName(dir, ordinal));
}

export interface LogLine {
  readonly text: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}
export interface SegmentContent {
  readonly lines: readonly LogLine[];
  /** What follows the last line feed: a line that a crash cut off. */
  readonly tail: Buffer;
}

export async function readSegment(file: string): Promise<SegmentContent> {
  const bytes = await readFile(file);
  const lines: LogLine[] = [];
  let offset = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, offset)) {
    lines.push({ text: bytes.toString('utf8', offset, end), offset, length: end - offset });
    offset = end + 1;
  }
  return { lines, tail: bytes.subarray(offset) };
}

/** Entries that the hub itself reads; lines that are no entries are left to `verifyLog`. */
export function entriesOf({ lines }: SegmentContent): { entry: Entry; leaf: string; line: LogLine }[] {
  return lines.flatMap(line => {
    const entry = parseEntry(line.text);
    return entry ? [{ entry, leaf: leafHash(line.text), line }] : [];
  });
}
