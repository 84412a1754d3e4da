import { expect, test } from '@jest/globals';
import { LruCache } from '../../../src/domain/lru-cache.ts';

test('the entry that was not used for longest is removed first', () => {
  const kept = new LruCache<string, number>(2);
  kept.set('a', 1);
  kept.set('b', 2);
  expect(kept.get('a')).toBe(1);
  kept.set('c', 3);
  expect([kept.get('a'), kept.get('b'), kept.get('c'), kept.size]).toEqual([1, undefined, 3, 2]);
});

test('entries count by their weight, and one that exceeds the whole bound is not kept', () => {
  const kept = new LruCache<string, number>(10);
  kept.set('a', 1, 4);
  kept.set('b', 2, 4);
  kept.set('b', 3, 6);
  expect([kept.get('a'), kept.get('b')]).toEqual([1, 3]);
  kept.set('c', 4, 11);
  expect([kept.get('c'), kept.size]).toEqual([undefined, 0]);
});

test('any number of keys leaves no more than the bound', () => {
  const kept = new LruCache<number, number>(100);
  for (let i = 0; i < 10_000; i++) kept.set(i, i);
  expect(kept.size).toBe(100);
});
