/** A page of the log, the newest entry first: for whoever may read entries of these acts. */
import { open, readFile } from 'node:fs/promises';
import type { AuditAct } from '../domain/audit-acts.ts';
import { townDay } from '../domain/town-day.ts';
import { type Entry, isClosed, parseEntry } from './entry.ts';
import { listSegments, type SegmentName } from './segments.ts';

export interface LogQuestion {
  readonly acts: ReadonlySet<AuditAct>;
  /** Only entries about this agency; null: all. */
  readonly agency: string | null;
  readonly first: number;
  /** Only entries with smaller numbers; to read the next page. */
  readonly before: number | null;
  /** ISO 8601; the end is not part of the time. */
  readonly since: string | null;
  readonly until: string | null;
}
export interface LogPage {
  readonly entries: readonly Entry[];
  /** `before` of the next page; null when nothing older is left. A page may hold fewer entries than were asked for. */
  readonly next: number | null;
}

/** A page reads at most so many files (of 8 MB each), however few entries fit. */
const filesOfPage = 8;

/** Sealed entries are left out until the last day of their order is over. */
export async function readLogPage(
  dir: string,
  question: LogQuestion,
  today: string = townDay(new Date()),
): Promise<LogPage> {
  const entries: Entry[] = [];
  let files = 0;
  let oldest: number | null = null;
  for (const segment of (await listSegments(dir)).reverse()) {
    const head = await headOf(segment);
    if (!head || (question.before !== null && head.seq >= question.before) || isLater(head.at, question.until))
      continue;
    if (files === filesOfPage) return { entries, next: oldest };
    files += 1;
    for (const line of (await readFile(segment.file, 'utf8')).split('\n').reverse()) {
      const begun = beginningOf(line);
      if (!begun) continue;
      if (question.since !== null && Date.parse(begun.at) < Date.parse(question.since)) return { entries, next: null };
      oldest = begun.seq;
      const entry = fits(begun, question) ? parseEntry(line) : null;
      if (!entry || isClosed(entry, today) || (question.agency !== null && entry.who.agency !== question.agency))
        continue;
      if (entries.length === question.first) return { entries, next: entries.at(-1)?.seq ?? null };
      entries.push(entry);
    }
  }
  return { entries, next: null };
}

interface Beginning {
  readonly seq: number;
  readonly at: string;
  readonly act: string;
}

/** Every line begins alike, so most of them need not be parsed. Null for a line that is not complete. */
function beginningOf(line: string): Beginning | null {
  const [, seq, at, act] = /^\{"seq":(\d+),"at":"([^"]+)","act":"([^"]+)"/.exec(line) ?? [];
  return seq && at && act ? { seq: Number(seq), at, act } : null;
}

const isLater = (at: string, until: string | null): boolean => until !== null && Date.parse(at) >= Date.parse(until);

const fits = ({ seq, at, act }: Beginning, { acts, before, until }: LogQuestion): boolean =>
  acts.has(act as AuditAct) && (before === null || seq < before) && !isLater(at, until);

async function headOf({ file }: SegmentName): Promise<Beginning | null> {
  const handle = await open(file, 'r');
  try {
    const head = Buffer.alloc(200);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return beginningOf(head.toString('utf8', 0, bytesRead));
  } finally {
    await handle.close();
  }
}
