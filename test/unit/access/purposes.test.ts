import { expect, test } from '@jest/globals';
import { parsePurpose, textOfHeader } from '../../../src/access/principal.ts';

test.each([
  ['case:371482101-POL-20261113-00002', { kind: 'case', value: '371482101-POL-20261113-00002' }],
  ['matter:FD-JY-001', { kind: 'matter', value: 'FD-JY-001' }],
  ['task:calls back, line 3', { kind: 'task', value: 'calls back, line 3' }],
  ['task:回访', { kind: 'task', value: '回访' }],
  [
    'task:household-check sealed:禹公〔2026〕17号',
    { kind: 'task', value: 'household-check', sealedBy: '禹公〔2026〕17号' },
  ],
  // Without a task before `sealed:` this is a task of that name, which no register has.
  ['task:sealed:2026-17', { kind: 'task', value: 'sealed:2026-17' }],
])('%s is a purpose, on a socket and in a header', (text, purpose) => {
  expect(parsePurpose(text)).toEqual(purpose);
  // Headers are bytes, which Node hands over one by one.
  expect(parsePurpose(textOfHeader(Buffer.from(text, 'utf8').toString('latin1')))).toEqual(purpose);
});

test.each([
  ['nothing', ''],
  ['no kind', 'a check'],
  ['another kind', 'unmask:everything'],
  ['no value', 'task:'],
  ['a blank', 'task: x'],
  ['more than a line', 'task:a\nb'],
  ['a tab', 'task:a\tb'],
  ['what moves a cursor on a terminal', 'task:a\u001b[2Jb'],
  ['its one-byte sister', 'task:a\u009b2Jb'],
  ['what turns letters round', 'task:a\u202eb'],
  ['too much', `task:${'x'.repeat(101)}`],
])('%s is no purpose', (_what, text) => {
  expect(parsePurpose(text)).toBeNull();
  expect(parsePurpose(textOfHeader(Buffer.from(text, 'utf8').toString('latin1')))).toBeNull();
});

test('a value that is not text is no purpose', () => {
  for (const given of [undefined, null, 7, ['task:a'], { purpose: 'task:a' }]) expect(parsePurpose(given)).toBeNull();
  expect(textOfHeader(['task:a', 'task:b'])).toBeNull();
});
