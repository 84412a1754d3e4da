import { expect, test } from '@jest/globals';
import { CostBudgets } from '../../../src/access/cost-budgets.ts';
import { budgetKey, roleLimits } from '../../../src/access/limits.ts';
import { nobody } from '../../../src/access/principal.ts';

function budgets(principals = 10) {
  const clock = { nowMs: 0 };
  return { clock, costs: new CostBudgets(principals, () => clock.nowMs) };
}

test('what was used without an answer is a debt of at most one budget, which is paid back first', () => {
  const { clock, costs } = budgets();
  costs.owe('a', 90, 60);
  expect(costs.take('a', 10, 60)).toEqual({ taken: false, left: 0, retryAfterMs: 40_000 });
  clock.nowMs = 40_000;
  expect(costs.take('a', 10, 60).taken).toBe(true);
  costs.owe('a', 1_000_000, 60);
  expect(costs.take('a', 0, 60)).toEqual({ taken: false, left: 0, retryAfterMs: 60_000 });
});

test('a minute’s units may be spent all in one moment, and return evenly', () => {
  const { clock, costs } = budgets();
  expect(costs.take('a', 60, 60)).toEqual({ taken: true, left: 0, retryAfterMs: 0 });
  expect(costs.take('a', 10, 60)).toEqual({ taken: false, left: 0, retryAfterMs: 10_000 });
  clock.nowMs = 9_999;
  expect(costs.take('a', 10, 60).taken).toBe(false);
  clock.nowMs = 10_000;
  expect(costs.take('a', 10, 60)).toEqual({ taken: true, left: 0, retryAfterMs: 0 });
  clock.nowMs = 10_000_000;
  expect(costs.take('a', 0, 60).left).toBe(60);
});

test('a refused reader loses nothing by asking, and does not delay another one', () => {
  const { clock, costs } = budgets();
  costs.take('a', 60, 60);
  for (let i = 0; i < 100; i++) costs.take('a', 30, 60);
  expect(costs.take('b', 60, 60).taken).toBe(true);
  clock.nowMs = 30_000;
  expect(costs.take('a', 30, 60).taken).toBe(true);
});

test('a request larger than any budget takes a full one', () => {
  const { costs } = budgets();
  expect(costs.take('a', Number.POSITIVE_INFINITY, 60)).toMatchObject({ taken: true, left: 0 });
  expect(costs.take('a', Number.POSITIVE_INFINITY, 60)).toMatchObject({ taken: false, retryAfterMs: 60_000 });
});

test('a million principals fill no memory, and the busy one is not forgotten', () => {
  const { costs } = budgets(100);
  costs.take('busy', 60, 60);
  for (let i = 0; i < 10_000; i++) {
    costs.take(`p${i}`, 1, 60);
    if (i % 50 === 0) costs.take('busy', 1, 60);
  }
  expect(costs.size).toBe(100);
  expect(costs.take('busy', 1, 60).taken).toBe(false);
});

test('readers with a token have budgets of their own, strangers have one for each address or network', () => {
  const clerk = { ...nobody(), role: 'clerk' as const, subject: 'a' };
  expect(budgetKey(clerk, '192.0.2.1')).toBe(budgetKey(clerk, '192.0.2.2'));
  expect(budgetKey(clerk, 'x')).not.toBe(budgetKey({ ...clerk, subject: 'b' }, 'x'));
  expect(budgetKey(nobody(), '192.0.2.1')).not.toBe(budgetKey(nobody(), '192.0.2.2'));
  expect(budgetKey(nobody(), '::ffff:192.0.2.1')).toBe(budgetKey(nobody(), '192.0.2.1'));
  expect(budgetKey(nobody(), '2001:db8:1:2::1')).toBe(budgetKey(nobody(), '2001:db8:1:2:ffff:0:0:9'));
  expect(budgetKey(nobody(), '2001:db8:1:2::1')).not.toBe(budgetKey(nobody(), '2001:db8:1:3::1'));
  expect(budgetKey(nobody(), '::1')).toBe('public 0:0:0:0');
});

test('no role may use more concurrently than a developer, and the public may use the least', () => {
  const { public: open, analyst } = roleLimits;
  for (const [role, limits] of Object.entries(roleLimits)) {
    for (const name of ['depth', 'fields', 'aliases', 'directives', 'tokens', 'inputs', 'costPerRequest'] as const) {
      expect([role, name, limits[name] <= analyst[name]]).toEqual([role, name, true]);
      expect([role, name, limits[name] >= open[name]]).toEqual([role, name, true]);
    }
    expect([role, limits.costPerRequest <= limits.costPerMinute]).toEqual([role, true]);
  }
});
