import { expect, test } from '@jest/globals';
import { defineRecord, text } from '../../../adapters/kit/record.ts';
import { put, Rejection, remove, versionOf } from '../../../adapters/kit/statement.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const Kind = defineRecord('Kind', {
  title: { en: 'Kind', zh: '类' },
  key: ['no'],
  fields: { no: text({ zh: '号' }) },
});
const source = { sourceId: 'K1', version: versionOf(3), asOf: '2026-11-23T09:30:00+08:00' };

test('versions as text sort like their numbers', () => {
  const random = makeRandom(seed, 'versions');
  const bounds = [3, 20, 1_000, 2_000_000_000];
  for (let turn = 0; turn < 500; turn++) {
    const [a, b] = [0, 1].map(() => [random.below(random.pick(bounds)), random.below(random.pick(bounds))] as const);
    const asNumbers = Math.sign(a![0] - b![0] || a![1] - b![1]);
    const [first, second] = [versionOf(...a!), versionOf(...b!)];
    const asText = first < second ? -1 : first > second ? 1 : 0;
    expect({ seed, a, b, order: asText }).toEqual({ seed, a, b, order: asNumbers });
  }
});

test('a higher re-report supersedes any time of day, and numbers of twelve digits fit', () => {
  expect(versionOf(9, '2026-12-31') < versionOf(10, '2026-01-01')).toBe(true);
  expect(versionOf('2026-11-23T09:30:00+08:00', 9) < versionOf('2026-11-23T09:30:00+08:00', 10)).toBe(true);
  expect(versionOf('2026-11-23', 99) < versionOf('2026-11-24', 1)).toBe(true);
  expect(versionOf(999_999_999_999) > versionOf(1)).toBe(true);
});

test('a stated record includes its source', () => {
  expect(put(Kind, source, { no: '1' })).toEqual({ ...source, kind: 'Kind', deleted: false, data: { no: '1' } });
});

test('a removal may include the removed record, or only its source', () => {
  expect(remove(Kind, source)).toEqual({ ...source, kind: 'Kind', deleted: true, data: null });
  expect(remove(Kind, source, { no: '1' })).toMatchObject({ deleted: true, data: { no: '1' } });
});

test('a rejection holds the field and the reason, and keeps the id for the order of replays', () => {
  const rejection = new Rejection('REGSTATE', 'is not a known code', 'K1');
  expect([rejection.message, rejection.field, rejection.reason, rejection.sourceId]).toEqual([
    'REGSTATE is not a known code',
    'REGSTATE',
    'is not a known code',
    'K1',
  ]);
});
