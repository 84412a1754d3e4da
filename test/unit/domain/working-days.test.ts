import { describe, expect, test } from '@jest/globals';
import { addWorkingDays, workingDayCounts, workingDaysBetween } from '../../../src/domain/working-days.ts';

describe('the calendar of working days', () => {
  test.each([
    [2024, '2023-12-31', 251],
    [2025, '2024-12-31', 248],
    [2026, '2025-12-31', 248],
  ])('%i has the working days of its official notice', (year, _, days) => {
    const from = year === 2024 ? 0 : workingDaysBetween('2024-01-01', `${year - 1}-12-31`);
    expect(workingDaysBetween('2024-01-01', `${year}-12-31`) - from).toBe(days);
  });

  // The start is not counted. 2025-09-28 is a working Sunday.
  test.each([
    ['2025-01-24', 5, '2025-02-07'],
    ['2025-09-26', 3, '2025-09-30'],
    ['2025-09-30', 1, '2025-10-09'],
    ['2025-09-29', 20, '2025-11-03'],
    ['2026-02-13', 5, '2026-02-27'],
    ['2026-09-18', 5, '2026-09-24'],
    ['2024-02-09', 1, '2024-02-18'],
  ])('from %s %i working days lead to %s', (start, days, end) => {
    expect(addWorkingDays(start, days)).toBe(end);
    expect(workingDaysBetween(start, end)).toBe(days);
    expect(workingDaysBetween(end, start)).toBe(-days);
  });

  test('a year that has not been announced is an error and no guess', () => {
    for (const day of ['2023-12-31', '2027-01-04'])
      expect(() => workingDaysBetween('2026-01-05', day)).toThrow(/knows 2024-01-01 to 2026-12-31/);
    expect(() => addWorkingDays('2026-12-30', 5)).toThrow(RangeError);
  });

  test('counts never fall, and rise by one on a working day', () => {
    const steps = workingDayCounts.slice(1).map((count, i) => count - workingDayCounts[i]!);
    expect(new Set(steps)).toEqual(new Set([0, 1]));
    expect(workingDayCounts).toHaveLength(1096);
  });
});
