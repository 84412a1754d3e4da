import { expect, test } from '@jest/globals';
import { positionCursor, positionOf } from '../../../src/api/change-stream.ts';

test.each([0, 1, 9, 10, 4_294_967_296, 999_999_999_999_999])('the cursor of position %d leads back to it', position => {
  expect(positionOf(positionCursor(position))).toBe(position);
  expect(positionCursor(position)).toMatch(/^[\w-]+$/);
});

test.each([
  '',
  'x',
  'change:1',
  `${positionCursor(12)}=`,
  ` ${positionCursor(12)}`,
  positionCursor(-1),
  positionCursor(1.5),
  positionCursor(1e15),
  Buffer.from('change:007').toString('base64url'),
  Buffer.from('row:1').toString('base64url'),
])('%j was not made by this hub', cursor => {
  expect(() => positionOf(cursor)).toThrow(expect.objectContaining({ code: 'CURSOR_MALFORMED' }));
});
