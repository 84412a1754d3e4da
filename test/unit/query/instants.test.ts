import { describe, expect, test } from '@jest/globals';
import { compareInstants, isoInstant } from '../../../src/query/instants.ts';

/** Instants in order; PostgreSQL drops trailing zeros of a fraction. */
const written = [
  '2026-11-26 04:43:17+00',
  '2026-11-26 04:43:17.5+00',
  '2026-11-26 04:43:17.500001+00',
  '2026-11-26 04:43:17.581+00',
  '2026-11-26 04:43:18+00',
].map(isoInstant);

describe('instants as the database writes them', () => {
  test('keep their order whatever the length of their fractions', () => {
    expect([...written].reverse().sort(compareInstants)).toEqual(written);
    for (const instant of written) expect(compareInstants(instant, instant)).toBe(0);
  });
});
