/** Readers of days and moments, in the spellings that agencies write. What cannot be read for certain is rejected. */
import { readText } from './reading.ts';
import { Rejection } from './statement.ts';
import { fixedSinceMs, townDayAt, townInstant, townText } from './town-time.ts';

/** A day, with a time of day and an offset from UTC where they were given. */
interface Written {
  readonly year: string;
  /** `2026-11-23` */
  readonly day: string;
  /** `09:30:00` */
  readonly time: string;
  readonly offsetMs: number | null;
}

const dayForms: readonly RegExp[] = [
  /^(\d{4})[-](\d{1,2})[-](\d{1,2})(?:[ Tt]+(?=\d)|(?=[ Zz+-])|$)/,
  /^(\d{4})[/](\d{1,2})[/](\d{1,2})(?: +(?=\d)|$)/,
  /^(\d{4})[.](\d{1,2})[.](\d{1,2})(?: +(?=\d)|$)/,
  /^(\d{4})(\d{2})(\d{2})(?:[ Tt]*(?=\d)|(?=[ Zz+-])|$)/,
  /^(\d{4})年(\d{1,2})月(?:(\d{1,2})日)?(?: *(?=\d)|$)/,
];
/** `09:30`, `9:30:00.000`, `0930`, `093000`, and 17 digits with milliseconds. */
const timeForm = /^(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?|(\d{2})(\d{2})(?:(\d{2})(?:[.,]\d+|\d{3})?)?)/;
/** `Z`, `+08`, `+0800`, `+08:00`, `UTC`, `GMT+8`, and behind it the zone's name as Java writes it. */
const zoneForm = /^ *(?:Z|UTC|GMT|(?:(?:UTC|GMT)([+-])(\d{1,2})|([+-])(\d{2}))(?::?(\d{2}))?)(?:\[[\w/+-]+\])?$/i;
const latestOffsetHours = 14;

/** Null for what is no day of the calendar with, where they are given, a time of day and an offset. */
function parse(text: string): Written | null {
  for (const form of dayForms) {
    const found = form.exec(text);
    if (!found) continue;
    const [start, year, month, day] = found as unknown as [string, string, string, string | undefined];
    const iso = isoDay(year, month.padStart(2, '0'), (day ?? '1').padStart(2, '0'));
    return iso === null ? null : withTime(year, iso, text.slice(start.length));
  }
  return null;
}

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
function isoDay(year: string, month: string, day: string): string | null {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  // Neither the calendar nor PostgreSQL has a year 0.
  if (y === 0 || d === 0 || d > (monthDays[m - 1] ?? 0)) return null;
  if (m === 2 && d === 29 && (y % 4 !== 0 || (y % 100 === 0 && y % 400 !== 0))) return null;
  return `${year}-${month}-${day}`;
}

function withTime(year: string, day: string, rest: string): Written | null {
  if (rest === '') return { year, day, time: '00:00:00', offsetMs: null };
  const clock = timeForm.exec(rest);
  const [hour, minute, second] = (clock ? [clock[1] ?? clock[4], clock[2] ?? clock[5], clock[3] ?? clock[6]] : []).map(
    part => part?.padStart(2, '0'),
  );
  const time = `${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}`;
  if (!/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(time)) return null;
  const tail = rest.slice(clock?.[0].length ?? 0);
  if (tail === '') return { year, day, time, offsetMs: null };
  const zone = zoneForm.exec(tail);
  if (!zone) return null;
  const minutes = Number(zone[2] ?? zone[4] ?? 0) * 60 + Number(zone[5] ?? 0);
  if (Number(zone[5] ?? 0) > 59 || minutes > latestOffsetHours * 60) return null;
  return { year, day, time, offsetMs: ((zone[1] ?? zone[3]) === '-' ? -minutes : minutes) * 60_000 };
}

/**
 * Milliseconds since 1970, of twelve or thirteen digits: fewer may be seconds. Twelve digits with a year from 1900 to
 * 2099 and a month (`202611230930`) are a minute of the calendar; as milliseconds they would all lie in 1976.
 */
function epochMs(text: string): number | null {
  if (!/^-?\d{12,13}$/.test(text) || /^(19|20)\d\d(0[1-9]|1[0-2])\d{6}$/.test(text)) return null;
  return Number(text);
}

const endWords = /^(?:(?:长期|永久|无限期|无期限|无固定期限)(?:有效)?|infinity)$/;
/** How sources write "no date". */
const noDate = /^(?:0{4}[-/.年]0{1,2}[-/.月]0{1,2}.*|0+|null|无)$/i;

/** In half width: full-width digits and colons mean the same. */
function plain(raw: unknown): string | null {
  const text = readText(raw);
  return text === null || /^[\x20-\x7e]*$/.test(text) ? text : readText(text.normalize('NFKC'));
}

/** Whether this says that there is no end: in words, or by any day of the year 9999, in any spelling (or only nines). */
export function isOpenEnded(raw: unknown): boolean {
  const text = plain(raw);
  return text !== null && (endWords.test(text) || isFarEnd(text));
}
function isFarEnd(text: string): boolean {
  if (text.startsWith('9999')) return /^9{8,15}$/.test(text.replaceAll(/[-/.年月日 :T]/g, '')) || parse(text) !== null;
  return farMs.test(text) && Number(text) >= farthest.from && Number(text) < farthest.to;
}
/** Milliseconds of the year 9999, in any zone. */
const farMs = /^25\d{13}$/;
const farthest = { from: Date.UTC(9998, 11, 31, 12), to: Date.UTC(9999, 11, 32, 12) };

function isNothing(text: string | null): text is null {
  if (text === null) return true;
  // Nearly all times begin so.
  if ((text[0] === '1' || text[0] === '2') && !farMs.test(text)) return false;
  return noDate.test(text) || isOpenEnded(text);
}

/** What was written, or milliseconds. Throws a Rejection for anything else. */
function readTime(field: string, text: string): Written | number {
  const time = epochMs(text) ?? parse(text);
  if (time === null) throw new Rejection(field, 'is not a date');
  return time;
}

/**
 * A day as `2026-11-23`; null for empty text and open ends (ask `isOpenEnded`). Moments with an offset, and milliseconds
 * since 1970, are the day in the town.
 *
 * @throws Rejection
 */
export function readDate(field: string, raw: unknown): string | null {
  const text = plain(raw);
  if (isNothing(text)) return null;
  const time = readTime(field, text);
  return typeof time === 'object' && time.offsetMs === null ? time.day : townDayAt(momentOf(field, time));
}

/**
 * A moment as ISO 8601 with the town's offset and whole seconds; null as for days. Spellings without an offset are the
 * town's time.
 *
 * @throws Rejection
 */
export function readInstant(field: string, raw: unknown): string | null {
  const text = plain(raw);
  if (isNothing(text)) return null;
  const time = readTime(field, text);
  if (typeof time === 'object' && time.offsetMs === null && Number(time.year) > lastChangeOfClocks)
    return `${time.day}T${time.time}+08:00`;
  return townText(momentOf(field, time));
}
const lastChangeOfClocks = new Date(fixedSinceMs).getUTCFullYear();

/** Others could not be written with four digits of the year, in UTC as in the town. */
const [firstMs, endMs] = [Date.parse('0001-01-01T00:00:00Z'), Date.UTC(9999, 11, 31)];

function momentOf(field: string, time: Written | number): number {
  const ms = typeof time === 'number' ? time : instantOf(time);
  if (ms < firstMs || ms >= endMs) throw new Rejection(field, 'is not a date');
  return ms;
}
function instantOf({ day, time, offsetMs }: Written): number {
  const clock = Date.parse(`${day}T${time}Z`);
  return offsetMs === null ? townInstant(clock) : clock - offsetMs;
}
