/** Who read or wrote what about one person: found by the indexes of the segments, newest first. */
import { open, readFile } from 'node:fs/promises';
import { townDay } from '../domain/town-day.ts';
import { byReader, concernsPersons, type Entry, isClosed, parseEntry } from './entry.ts';
import { listSegments, type SegmentName } from './segments.ts';
import { findInIndex } from './subject-index.ts';

export interface ReportOptions {
  readonly first: number;
  /** Only entries before this number; to read the next page. */
  readonly before?: number | null;
}
export interface SubjectReport {
  /** An entry with several readers is listed once for each of them. */
  readonly entries: readonly Entry[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

/**
 * Sealed entries are left out without a trace until they are released or their order has ended; entries about the log
 * itself are not about the person.
 *
 * @param today day of the town, `2026-11-23`
 */
export async function reportSubject(
  dir: string,
  subject: string,
  options: ReportOptions,
  today: string = townDay(new Date()),
): Promise<SubjectReport> {
  const { first, before } = options;
  const released = new Set<number>();
  const entries: Entry[] = [];
  let found = 0;
  for await (const entry of entriesAbout(dir, subject)) {
    // A release is newer than what it releases, so it has been seen before.
    if (entry.act === 'release' && entry.of?.entry) released.add(entry.of.entry);
    const told = concernsPersons(entry) && (!isClosed(entry, today) || released.has(entry.seq));
    if (!told || (before && entry.seq >= before)) continue;
    if (found === first) return { entries, more: true };
    found += 1;
    entries.push(...byReader(entry));
  }
  return { entries, more: false };
}

/** Newest first. */
export async function* entriesAbout(dir: string, subject: string): AsyncGenerator<Entry> {
  for (const segment of (await listSegments(dir)).reverse()) {
    for (const entry of (await entriesIn(segment, subject)).reverse()) yield entry;
  }
}

async function entriesIn(segment: SegmentName, subject: string): Promise<Entry[]> {
  const places = await findInIndex(segment.index, subject).catch(() => null);
  if (!places) return scan(await readFile(segment.file, 'utf8'), subject);
  if (!places.length) return [];
  const handle = await open(segment.file, 'r');
  try {
    const lines: string[] = [];
    for (const { offset, length } of places) {
      const line = Buffer.alloc(length);
      await handle.read(line, 0, length, offset);
      lines.push(line.toString('utf8'));
    }
    return named(lines, subject);
  } finally {
    await handle.close();
  }
}

/** The segment that is being written has no index yet; what follows its last line feed is not complete yet. */
function scan(text: string, subject: string): Entry[] {
  const lines: string[] = [];
  for (let at = text.indexOf(subject); at >= 0; ) {
    const end = text.indexOf('\n', at);
    if (end < 0) break;
    lines.push(text.slice(text.lastIndexOf('\n', at) + 1, end));
    at = text.indexOf(subject, end);
  }
  return named(lines, subject);
}

const named = (lines: readonly string[], subject: string): Entry[] =>
  lines.map(parseEntry).filter((entry): entry is Entry => entry?.subjects.ids.includes(subject) ?? false);

/** Null when the log does not hold it, or no longer does. */
export async function findEntry(dir: string, seq: number): Promise<Entry | null> {
  for (const { file } of (await listSegments(dir)).reverse()) {
    const first = await firstSeq(file);
    if (first === null || first > seq) continue;
    const lines = (await readFile(file, 'utf8')).split('\n');
    return lines.map(parseEntry).find(entry => entry?.seq === seq) ?? null;
  }
  return null;
}

async function firstSeq(file: string): Promise<number | null> {
  const handle = await open(file, 'r');
  try {
    const head = Buffer.alloc(40);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    const digits = /^\{"seq":(\d+),/.exec(head.toString('utf8', 0, bytesRead))?.[1];
    return digits ? Number(digits) : null;
  } finally {
    await handle.close();
  }
}
