/** The town's clock agrees with the tz database at every hour, and goes both ways. */
import { expect, test } from '@jest/globals';
import { townClock, townDayAt, townInstant, townOffset, townText } from '../../../adapters/kit/town-time.ts';
import { intlClock } from '../../support/intl-clock.ts';

const hourMs = 3_600_000;
const summers = [1986, 1987, 1988, 1989, 1990, 1991];

test('every hour of the years with summer time is that of the tz database, in both directions', () => {
  const wrong: number[] = [];
  for (let at = Date.UTC(1986, 3, 1); at < Date.UTC(1991, 9, 31); at += hourMs / 2) {
    if (townClock(at).slice(0, 19) !== intlClock(at)) wrong.push(at);
    // A time that the clock showed twice is its first showing.
    const [back, offset] = [townInstant(at + townOffset(at)), townOffset(at)];
    if (back !== at && (back !== at - hourMs || townOffset(back) !== offset + hourMs)) wrong.push(at);
  }
  expect(wrong).toEqual([]);
});

test('summer time is an hour, and has ended for good in 1991', () => {
  for (const year of summers) expect([year, townOffset(Date.UTC(year, 6, 1)) / hourMs]).toEqual([year, 9]);
  for (const year of [1950, 1985, 1992, 2026, 2040])
    expect([year, townOffset(Date.UTC(year, 6, 1)) / hourMs]).toEqual([year, 8]);
  expect([684_867_599_999, 684_867_600_000].map(at => townText(at))).toEqual([
    '1991-09-15T01:59:59+09:00',
    '1991-09-15T01:00:00+08:00',
  ]);
});

test('moments of two centuries are what the tz database says, and come back', () => {
  const wrong: number[] = [];
  for (let at = Date.UTC(1880, 0, 1); at < Date.UTC(2080, 0, 1); at += 37 * hourMs + 1_234_000) {
    const shown = intlClock(at);
    if (townClock(at).slice(0, 19) !== shown || townDayAt(at) !== shown.slice(0, 10)) wrong.push(at);
    if (Date.parse(townText(at)) !== at) wrong.push(at);
  }
  expect(wrong).toEqual([]);
});
