/** Refusals are counted, never lost, and never many: whatever floods come, the entries of a minute are bounded. */
import { expect, test } from '@jest/globals';
import type { Draft } from '../../../src/audit/entry.ts';
import { type NotedRefusal, Refusals } from '../../../src/audit/refusals.ts';

class Book {
  readonly entries: Draft[] = [];
  readonly failures: unknown[] = [];
  isBroken = false;
  append = async (draft: Draft): Promise<number> => {
    if (this.isBroken) throw new Error('no space left');
    return this.entries.push(draft);
  };
  open = (kinds = 1_000, windowMs = 3_600_000) =>
    new Refusals(this, 'p1', error => this.failures.push(error), { windowMs, kinds });
  get times(): number {
    return this.entries.reduce((sum, { counts }) => sum + counts.times!, 0);
  }
}
const refusal = (subject: string | null, code = 'FORBIDDEN'): NotedRefusal => ({
  act: 'refuse',
  who: { subject, role: 'clerk', agency: null, session: null },
  channel: 'http',
  about: { field: 'persons', code },
});

test('the first of a kind is an entry at once, the others are one entry at the end of the minute', async () => {
  const book = new Book();
  const refusals = book.open();
  for (let i = 0; i < 10_000; i++) refusals.note(refusal('clerk-1'));
  expect(book.entries).toMatchObject([{ act: 'refuse', outcome: 'refused', counts: { times: 1 } }]);
  await refusals.close();
  expect(book.entries.slice(1)).toMatchObject([
    { who: { subject: 'clerk-1' }, counts: { times: 9_999, seconds: 3_600 } },
  ]);
});

test('a window ends by itself, and the next first one is an entry again', async () => {
  const book = new Book();
  const refusals = book.open(1_000, 5);
  refusals.note(refusal('clerk-1'));
  refusals.note(refusal('clerk-1'));
  while (book.entries.length < 2) await new Promise(resolve => setImmediate(resolve));
  refusals.note(refusal('clerk-1'));
  await refusals.close();
  expect(book.entries.map(({ counts }) => counts.times)).toEqual([1, 1, 1]);
});

test('readers and reasons are told apart up to a number, beyond it only acts', async () => {
  const book = new Book();
  const refusals = book.open(10);
  for (let i = 0; i < 5_000; i++) refusals.note(refusal(`clerk-${i}`));
  for (let i = 0; i < 5_000; i++) refusals.note({ ...refusal(null, `problem ${i}`), act: 'token' });
  await refusals.close();
  expect(book.entries).toHaveLength(12);
  expect(book.times).toBe(10_000);
  expect(book.entries.slice(10).map(({ act, who, counts }) => [act, who.role, counts.times])).toEqual([
    ['refuse', 'several', 4_990],
    ['token', 'several', 5_000],
  ]);
});

test('while the log cannot be written nothing is thrown, and the number is noted later', async () => {
  const book = new Book();
  book.isBroken = true;
  const refusals = book.open(1_000, 20);
  for (let i = 0; i < 500; i++) refusals.note(refusal(`clerk-${i % 50}`));
  while (!book.failures.length) await new Promise(resolve => setImmediate(resolve));
  book.isBroken = false;
  while (book.times < 500) await new Promise(resolve => setTimeout(resolve, 1));
  await refusals.close();
  expect(book.times).toBe(500);
});
