import { expect, test } from '@jest/globals';
import { Cursors, cursorLength } from '../../../src/feed/cursors.ts';
import { cursorMark, Payload } from '../../../src/feed/payload.ts';

const cursors = new Cursors('a secret');
const [mine, yours] = [cursors.owner('clerk', 'one', 'board'), cursors.owner('clerk', 'other', 'board')];
const codeOf = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

test.each([0, 1, 9, 4_294_967_296, 2 ** 48 - 1])('the cursor of position %d leads back to it', position => {
  const cursor = cursors.sign(position, mine);
  expect(cursors.read(cursor, mine)).toBe(position);
  expect(cursor).toMatch(/^[\w-]+$/);
  expect(cursor).toHaveLength(cursorLength);
});

test('a process that starts later with the same secret takes it, another installation does not', () => {
  const cursor = cursors.sign(7, mine);
  const again = new Cursors('a secret');
  expect(again.read(cursor, again.owner('clerk', 'one', 'board'))).toBe(7);
  const elsewhere = new Cursors('another secret');
  expect(codeOf(() => elsewhere.read(cursor, elsewhere.owner('clerk', 'one', 'board')))).toBe('CURSOR_MALFORMED');
});

test('the cursor of another reader or operation is foreign', () => {
  expect(codeOf(() => cursors.read(cursors.sign(7, yours), mine))).toBe('CURSOR_FOREIGN');
});

test('a cursor of which any bit was changed was not made by this hub', () => {
  const bytes = Buffer.from(cursors.sign(7, mine), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(codeOf(() => cursors.read(changed.toString('base64url'), mine))).toBe('CURSOR_MALFORMED');
  }
});

test.each([
  '',
  'x',
  'change:1',
  ` ${cursors.sign(1, mine)}`,
  `${cursors.sign(1, mine)}=`,
  'A'.repeat(36),
  '~'.repeat(36),
])('%j was not made by this hub', cursor => expect(codeOf(() => cursors.read(cursor, mine))).toBe('CURSOR_MALFORMED'));

test('an answer is written once, and each reader finds their own cursor in it', () => {
  const payload = new Payload(JSON.stringify({ data: { a: cursorMark, b: '王', c: cursorMark } }));
  const cursor = cursors.sign(7, mine);
  const target = Buffer.alloc(payload.length + 2);
  expect(payload.copyTo(target, 1, cursor)).toBe(payload.length + 1);
  const text = JSON.stringify({ data: { a: cursor, b: '王', c: cursor } });
  expect(target.subarray(1, -1).toString()).toBe(text);
  expect(payload.text(cursor)).toBe(text);
  expect(payload.withExtension('"lagged":{"from":1}').text(cursor)).toBe(
    JSON.stringify({ data: { a: cursor, b: '王', c: cursor }, extensions: { lagged: { from: 1 } } }),
  );
});
