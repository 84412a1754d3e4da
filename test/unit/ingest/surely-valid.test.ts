/** Values that skip the validator are only such as it would accept and leave unchanged. */
import { expect, test } from '@jest/globals';
import type { Field } from '../../../adapters/kit/record.ts';
import { surelyValid } from '../../../src/ingest/check.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';

const digits = (n: number) => String(n).padStart(2, '0');
const dates = Array.from({ length: 14 }, (_, month) =>
  Array.from({ length: 33 }, (_, day) => `2023-${digits(month)}-${digits(day)}`),
).flat();
const values: readonly unknown[] = [
  ...['', 'text', ' ', '汉字', 'x'.repeat(1000), 'x'.repeat(4001), 'MALE', 'toString', '__proto__', 'constructor'],
  ...[0, 1, 1.5, -1, 2 ** 31, Number.NaN, true, false, {}, [], ['MALE']],
  ...dates,
  ...dates.map(date => `${date}T09:30:00Z`),
  ...dates.map(date => `${date}T23:59:59+08:00`),
  ...['1900-02-28', '2024-02-29', '2023-02-29', '0001-01-01', '20230101', '2023-01-01 ', '2023-1-1'],
  ...[
    '2023-01-01T24:00:00Z',
    '2023-01-01T09:30Z',
    '2023-01-01T09:30:60Z',
    '2023-01-01T09:30:00',
    '2023-01-01T09:30:00.5Z',
  ],
  ...['2023-01-01T09:30:00+13:59', '2023-01-01T09:30:00+14:00', '2023-01-01T09:30:00-99:00', '2023-01-01T09:30:00z'],
];

test('what skips the validator would pass it, unchanged', async () => {
  const kinds = (await findAdapters()).flatMap(adapter => [...adapter.records, ...adapter.hallRecords]);
  const fields = new Map<string, Field>(
    kinds.flatMap(kind => Object.entries(kind.fields).map(([name, field]) => [`${kind.name}.${name}`, field] as const)),
  );
  let passed = 0;
  const wrong: unknown[] = [];
  for (const [name, field] of fields) {
    for (const value of values) {
      if (!surelyValid[field.scalar]?.(value, field)) continue;
      passed += 1;
      const asked = field.check.safeParse(value);
      if (!asked.success || !Object.is(asked.data, value)) wrong.push([name, value]);
    }
  }
  expect(wrong).toEqual([]);
  expect(passed).toBeGreaterThan(1000);
});
