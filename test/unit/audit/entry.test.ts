import { expect, test } from '@jest/globals';
import { residentIdCheck } from '../../../adapters/kit/identifiers/resident-id.ts';
import { firstLink, inParts, makeEntry } from '../../../src/audit/entry.ts';
import { hideIdentifiers } from '../../../src/audit/hide-identifiers.ts';
import { draft, personId } from '../../support/audit-folder.ts';

const place = { seq: 1, at: '2026-11-23T01:30:00.000Z', prev: firstLink };
const body = '37148219900101123';
const identityNumber = body + residentIdCheck(body);

test('numbers that identify somebody are removed from a purpose and from the name of an operation', () => {
  const purpose = { kind: 'task', value: `look up ${identityNumber}, 13805340001` };
  const operation = { name: `Q_${identityNumber}`, sha256: 'ab' };
  const entry = makeEntry(draft({ purpose, operation }), place);
  expect(entry.purpose!.value).toBe('look up …, …');
  expect(entry.operation!.name).toBe('Q_…');
});

test('the name of an operation is cut at 100 characters, and ends with no part of a number', () => {
  const nameOf = (name: string) => makeEntry(draft({ operation: { name, sha256: 'ab' } }), place).operation!.name!;
  expect(nameOf('Q'.repeat(100))).toBe('Q'.repeat(100));
  expect(nameOf('Q'.repeat(190_000))).toBe(`${'Q'.repeat(99)}…`);
  expect(nameOf(`${'Q'.repeat(90)}_${identityNumber}`)).toBe(`${'Q'.repeat(90)}_…`);
});

test('case numbers stay, though they are long', () => {
  for (const caseNo of ['3714821012026112300012', '371482101000-2026-000123', 'SL37148220261123000017']) {
    expect(hideIdentifiers(caseNo)).toBe(caseNo);
  }
});

test('more persons than one entry may name go into several entries, each person once', () => {
  const ids = [1, 2, 3, 4, 5].map(personId);
  const parts = inParts(draft({ subjects: ids, counts: { rows: 5 } }), 2);
  const entries = parts.map(part => makeEntry(part, place));
  expect(entries.flatMap(({ subjects }) => subjects.ids)).toEqual(ids);
  expect(entries.map(({ counts, of }) => [counts, of])).toEqual(
    [1, 2, 3].map(part => [
      { rows: 5, persons: 5 },
      { part, parts: 3 },
    ]),
  );
  expect(inParts(draft({ subjects: ids }), 5)).toEqual([draft({ subjects: ids })]);
});

test('only a sealing order with its last day seals, whatever words a purpose has', () => {
  const sealed = (purpose: object) => {
    const { sealed: is, sealedUntil } = makeEntry(draft({ purpose: { kind: 'task', value: 'x', ...purpose } }), place);
    return [is ?? false, sealedUntil];
  };
  expect(sealed({ sealedBy: '17', sealedUntil: '2026-12-31' })).toEqual([true, '2026-12-31']);
  expect(sealed({ sealedBy: '17' })).toEqual([false, undefined]);
  expect(sealed({ value: 'sealed:2026-17' })).toEqual([false, undefined]);
});
