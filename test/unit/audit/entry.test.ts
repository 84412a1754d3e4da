import { expect, test } from '@jest/globals';
import { residentIdCheck } from '../../../adapters/kit/identifiers/resident-id.ts';
import { firstLink, makeEntry } from '../../../src/audit/entry.ts';
import { hideIdentifiers } from '../../../src/audit/hide-identifiers.ts';
import { draft, personId } from '../../support/audit-folder.ts';

const place = { seq: 1, at: '2026-11-23T01:30:00.000Z', prev: firstLink, cap: 3 };
const body = '37148219900101123';
const identityNumber = body + residentIdCheck(body);

test('numbers that name somebody do not get in by a purpose or by the name of an operation', () => {
  const purpose = { kind: 'task', value: `look up ${identityNumber}, 13805340001` };
  const operation = { name: `Q_${identityNumber}`, sha256: 'ab' };
  const entry = makeEntry(draft({ purpose, operation }), place);
  expect(entry.purpose!.value).toBe('look up …, …');
  expect(entry.operation!.name).toBe('Q_…');
});

test('case numbers stay, though they are long', () => {
  for (const caseNo of ['3714821012026112300012', '371482101000-2026-000123', 'SL37148220261123000017']) {
    expect(hideIdentifiers(caseNo)).toBe(caseNo);
  }
});

test('more subjects than the cap are counted, and a digest stands for the others whatever their order', () => {
  const ids = [1, 2, 3, 4, 5].map(personId);
  const one = makeEntry(draft({ subjects: ids }), place).subjects;
  const other = makeEntry(draft({ subjects: [...ids.slice(0, 3), ids[4]!, ids[3]!] }), place).subjects;
  expect(one).toMatchObject({ count: 5, ids: ids.slice(0, 3), rest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(other).toEqual(one);
  expect(makeEntry(draft({ subjects: ids.slice(0, 3) }), place).subjects).toEqual({ count: 3, ids: ids.slice(0, 3) });
});

test('only the police can seal, and only by a task that says so', () => {
  const sealed = (agency: string | null, kind: string, value: string) =>
    makeEntry(draft({ who: { subject: 'x', role: 'officer', agency, session: null }, purpose: { kind, value } }), place)
      .sealed ?? false;
  expect(sealed('police', 'task', 'sealed:2026-17')).toBe(true);
  expect(sealed('police', 'task', 'patrol')).toBe(false);
  expect(sealed('police', 'case', 'sealed:2026-17')).toBe(false);
  expect(sealed('commerce', 'task', 'sealed:2026-17')).toBe(false);
  expect(sealed(null, 'task', 'sealed:2026-17')).toBe(false);
});
