import { expect, test } from '@jest/globals';
import { EndedSessions } from '../../../src/access/ended-sessions.ts';
import { nobody } from '../../../src/access/principal.ts';

const now = Date.parse('2026-11-23T02:00:00Z');
const hour = 3_600_000;
const holder = (session: string | null, subject: string, issuedAtMs = now - hour) => ({
  ...nobody(),
  session,
  subject,
  token: { issuedAtMs, expiresAtMs: now + hour },
});
const ending = (about: 'session' | 'subject', name: string, endedAtMs = now) => ({
  about,
  name,
  endedAtMs,
  untilMs: endedAtMs + 12 * hour,
});

test('an ended session stays ended, whenever its tokens were issued; other sessions go on', () => {
  const ended = new EndedSessions(0);
  ended.learn([ending('session', 'one')], now);
  expect(ended.refuses(holder('one', 'li'))).toBe(true);
  expect(ended.refuses(holder('one', 'li', now + hour))).toBe(true);
  expect(ended.refuses(holder('two', 'li'))).toBe(false);
  expect(ended.refuses(holder(null, 'one'))).toBe(false);
});

test('everything issued before the end of a subject is refused, and what is issued afterwards is not', () => {
  const skewMs = 5_000;
  const ended = new EndedSessions(skewMs);
  ended.learn([ending('subject', 'li')], now);
  expect(ended.refuses(holder('one', 'li'))).toBe(true);
  expect(ended.refuses(holder(null, 'li', now))).toBe(true);
  // An issuer whose clock is ahead may have issued it before.
  expect(ended.refuses(holder(null, 'li', now + skewMs))).toBe(true);
  expect(ended.refuses(holder(null, 'li', now + skewMs + 1))).toBe(false);
  expect(ended.refuses(holder('li', 'wang'))).toBe(false);
});

test('the public has no session to end', () => {
  const ended = new EndedSessions(0);
  ended.learn([ending('session', 'one')], now);
  expect(ended.refuses(nobody())).toBe(false);
});

test('an ended session is forgotten when no token that it concerns can still be valid', () => {
  const ended = new EndedSessions(0);
  ended.learn([ending('session', 'one'), ending('session', 'two', now + hour)], now);
  expect(ended.size).toBe(2);
  ended.learn([], now + 12 * hour);
  expect(ended.size).toBe(1);
  ended.learn([ending('session', 'one')], now + 12 * hour);
  expect(ended.size).toBe(1);
});

test('only new endings are announced, until nobody listens', () => {
  const ended = new EndedSessions(0);
  let told = 0;
  const leave = ended.onEnding(() => {
    told += 1;
  });
  ended.learn([ending('session', 'one')], now);
  ended.learn([ending('session', 'one')], now);
  expect(told).toBe(1);
  ended.learn([ending('subject', 'one')], now);
  ended.learn([ending('subject', 'one', now + hour)], now);
  expect(told).toBe(3);
  leave();
  ended.learn([ending('session', 'three')], now);
  expect(told).toBe(3);
});
