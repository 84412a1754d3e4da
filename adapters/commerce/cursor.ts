/**
 * How far the four services have been read. A service orders rows by (time of exchange, number of the row), so a page
 * may end between rows with the same time. But a row becomes visible when its transaction ends and carries the time at
 * which it began: so after its end a feed starts again some minutes back, and rows that were handed over already are
 * left out. The cursor holds times and numbers of rows, nothing about persons.
 */
import { z } from 'zod';
import { readInstant, SourceError } from '../kit/index.ts';
import { type FeedService, feedServices, isRow, plainText } from './wire.ts';

/** If the same page comes again and again, a person must look at it. */
const MOST_REPEATS = 3;
/** Bounds the cursor; a row that is dropped here is handed over again, which changes nothing. */
const MOST_SEEN = 300;

const feedShape = z.strictObject({
  /** 20261123083000, exclusive together with `id`; empty for the beginning. */
  time: z.string().regex(/^(\d{14})?$/),
  id: z.string(),
  /** The newest time so far: the next start is computed from it. */
  newest: z.string().regex(/^(\d{14})?$/),
  /** `time/id` of the rows already handed over from the minutes that are read again. */
  seen: z.array(z.string()),
  repeats: z.int(),
});
export type Feed = z.output<typeof feedShape>;

const cursorShape = z.strictObject({
  turn: z.int().min(0).max(feedServices.length),
  feeds: z.strictObject({ entity: feedShape, change: feedShape, abnormal: feedShape, case: feedShape }),
});
export type Cursor = z.output<typeof cursorShape>;

const begin = (): Feed => ({ time: '', id: '', newest: '', seen: [], repeats: 0 });

export function parseCursor(text: string | null): Cursor {
  if (text === null) return { turn: 0, feeds: { entity: begin(), change: begin(), abnormal: begin(), case: begin() } };
  try {
    return cursorShape.parse(JSON.parse(text));
  } catch (cause) {
    throw new SourceError('MALFORMED', 'the stored cursor is not one of this adapter', { cause });
  }
}

export const withFeed = (cursor: Cursor, service: FeedService, feed: Feed): Cursor => ({
  ...cursor,
  feeds: { ...cursor.feeds, [service]: feed },
});

/** The position of a row in its feed; null where the row gives none, which then moves nothing. */
export function findPlace(row: unknown): { time: string; id: string } | null {
  if (!isRow(row)) return null;
  const id = plainText(row.S_EXT_SEQUENCE);
  try {
    const time = readInstant('S_EXT_TIMESTAMP', plainText(row.S_EXT_TIMESTAMP));
    return id && time ? { id, time: time.replace(/\D/g, '').slice(0, 14) } : null;
  } catch {
    return null;
  }
}

const minutesBefore = (time: string, minutes: number): string => {
  const iso = time.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z');
  const moved = new Date(Date.parse(iso) - minutes * 60_000).toISOString();
  return moved.replace(/\D/g, '').slice(0, 14);
};

/** Takes a page: returns the rows not handed over before, and the feed's position after it. Throws without progress. */
export function takePage(feed: Feed, rows: readonly unknown[], overlapMinutes: number) {
  const seen = new Set(feed.seen);
  const fresh: unknown[] = [];
  let { time, id } = feed;
  for (const row of rows) {
    const place = findPlace(row);
    const name = place && `${place.time}/${place.id}`;
    if (name === null || !seen.has(name)) fresh.push(row);
    if (name) seen.add(name);
    if (place && (place.time > time || (place.time === time && place.id > id))) ({ time, id } = place);
  }
  const moved = time !== feed.time || id !== feed.id;
  const repeats = moved ? 0 : feed.repeats + 1;
  if (repeats > MOST_REPEATS) throw new SourceError('MALFORMED', 'the exchange gives the same page again and again');
  let { newest } = feed;
  if (time > newest) newest = time;
  return { fresh, feed: { time, id, newest, seen: recent(seen, newest, overlapMinutes), repeats } };
}

function recent(seen: ReadonlySet<string>, newest: string, overlapMinutes: number): string[] {
  if (newest === '') return [];
  const from = minutesBefore(newest, overlapMinutes);
  return [...seen]
    .filter(name => name >= from)
    .sort()
    .slice(-MOST_SEEN);
}

/** At its end a feed goes back by the overlap, and the next feed begins. */
export function endFeed(cursor: Cursor, service: FeedService, overlapMinutes: number): Cursor {
  const feed = cursor.feeds[service];
  const time = feed.newest === '' ? '' : minutesBefore(feed.newest, overlapMinutes);
  return { ...withFeed(cursor, service, { ...feed, time, id: '', repeats: 0 }), turn: cursor.turn + 1 };
}
