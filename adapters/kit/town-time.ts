/**
 * The town's clock: Asia/Shanghai by the tz database, whose rules come with Node. Since the last summer time ended in
 * 1991 it has been eight hours ahead of UTC; only earlier moments are looked up.
 */

/** Where summer time ended for the last time: from here on the offset is fixed. */
export const fixedSinceMs = Date.UTC(1991, 8, 14, 17);
const fixedOffsetMs = 8 * 3_600_000;
const dayMs = 86_400_000;

const zone = new Intl.DateTimeFormat('en-US', { timeZone: 'Asia/Shanghai', timeZoneName: 'longOffset' });

/** How far the town's clock is ahead of UTC at a moment, both in milliseconds. */
export function townOffset(instantMs: number): number {
  if (instantMs >= fixedSinceMs) return fixedOffsetMs;
  // `GMT+09:00`; before 1901, when the town kept its solar time, `GMT+08:05:43`.
  const name = zone.formatToParts(instantMs).find(({ type }) => type === 'timeZoneName')!.value;
  const [, hours, minutes, seconds] = /^GMT\+(\d\d):(\d\d)(?::(\d\d))?$/.exec(name)!;
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds ?? 0)) * 1000;
}

/** The town's clock at a moment: `2026-11-23T09:30:00.000`. The years are those that ISO 8601 writes with four digits. */
export const townClock = (instantMs: number): string =>
  new Date(instantMs + townOffset(instantMs)).toISOString().slice(0, -1);

/** The day in the town at a moment: `2026-11-23`. */
export const townDayAt = (instantMs: number): string => townClock(instantMs).slice(0, 10);

/**
 * The moment at which the town's clock showed this time, given as if it were UTC. Where the clock was put back and
 * showed it twice it is the first one; where it was put forward and skipped it, it is as long after the change.
 */
export function townInstant(clockMs: number): number {
  const fixed = clockMs - fixedOffsetMs;
  if (fixed >= fixedSinceMs + dayMs) return fixed;
  const [before, after] = [townOffset(clockMs - dayMs), townOffset(clockMs + dayMs)];
  const isAfter = townOffset(clockMs - before) !== before && townOffset(clockMs - after) === after;
  return clockMs - (isAfter ? after : before);
}

/** A moment as ISO 8601 with the town's offset and whole seconds; in UTC where the offset has seconds itself. */
export function townText(instantMs: number): string {
  const offset = townOffset(instantMs);
  const minutes = offset / 60_000;
  if (!Number.isInteger(minutes)) return `${new Date(instantMs).toISOString().slice(0, 19)}Z`;
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map(part => String(part).padStart(2, '0'));
  return `${townClock(instantMs).slice(0, 19)}+${hour}:${minute}`;
}
