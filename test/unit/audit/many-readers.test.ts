import { expect, test } from '@jest/globals';
import type { AuditLog } from '../../../src/audit/audit-log.ts';
import { byReader, type Draft, makeEntry } from '../../../src/audit/entry.ts';
import { type Reader, type Refused, Trail } from '../../../src/audit/trail.ts';
import { HubError } from '../../../src/domain/error-codes.ts';
import { inventedResidentId } from '../../support/invented-identifiers.ts';

const somebodysNumber = inventedResidentId(1);
const reader = (subject: string, value: string, sealedUntil?: string): Reader => ({
  ...{ subject, role: 'clerk', agency: null, session: null },
  purpose: { kind: 'task', value, ...(sealedUntil && { sealedBy: '17', sealedUntil }) },
});
let refused: Refused;
const enough = new HubError('QUOTA_REACHED', 'enough for today');

async function noted(readers: readonly Reader[], tired: readonly string[] = []) {
  const drafts: Draft[] = [];
  const log = { append: async (draft: Draft) => drafts.push(draft) } as unknown as AuditLog;
  const trail = new Trail();
  trail.saw(['somebody']);
  const quotas = {
    demand: async ({ subject }: Reader) => {
      if (tired.includes(subject!)) throw enough;
    },
  };
  refused = await trail.noteAll({ log, policy: 'rules', quotas }, readers, 'socket', 'the answer');
  return drafts.map((draft, i) => makeEntry(draft, { seq: i + 1, at: '2026-11-26T00:00:00Z', prev: '' }));
}

test('one answer for many screens is one entry, which names each of their readers with their purpose', async () => {
  const readers = [
    reader('one', 'hall'),
    reader('two', 'hall'),
    reader('two', 'hall'),
    reader('three', somebodysNumber),
  ];
  const entries = await noted(readers);
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ who: { subject: 'one' }, others: [{ times: 2 }, { times: 1 }] });
  expect(JSON.stringify(entries)).not.toContain(somebodysNumber);
  expect(byReader(entries[0]!).map(({ who }) => who.subject)).toEqual(['one', 'two', 'three']);
});

test('a single reader has a usual entry, and nobody else stands in it', async () => {
  const [entry] = await noted([reader('one', 'hall')]);
  expect(entry).not.toHaveProperty('others');
});

test('a read under seal has an entry of its own', async () => {
  const entries = await noted([
    reader('one', 'hall'),
    reader('two', 'household-check', '2026-12-31'),
    reader('three', 'hall'),
  ]);
  expect(entries.map(({ who, sealed, others = [] }) => [who.subject, sealed ?? false, others.length])).toEqual([
    ['two', true, 0],
    ['one', false, 1],
  ]);
});

test('a reader who has reached the daily quota is in no entry, on no stream, and the others are', async () => {
  const readers = [reader('one', 'hall'), reader('two', 'hall'), reader('two', 'hall')];
  const entries = await noted(readers, ['two']);
  expect(entries.flatMap(byReader).map(({ who }) => who.subject)).toEqual(['one']);
  expect([...refused]).toEqual([
    [readers[1], enough],
    [readers[2], enough],
  ]);
});

test('a crowd does not make endless lines', async () => {
  const entries = await noted(Array.from({ length: 1_200 }, (_, i) => reader(`reader ${i}`, 'hall')));
  expect(entries.map(({ others }) => 1 + others!.length)).toEqual([500, 500, 200]);
});
