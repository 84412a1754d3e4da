/** A field that is declared as ordered has an index from which a page is read in the order that paging asks for. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { pagingSql } from '../../../src/query/paging.ts';
import { Values } from '../../../src/query/scope.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

let t: TestHub;
beforeAll(async () => {
  t = await startTestHub({ adapters: [] });
});
afterAll(() => t?.stop());

test('every such order is read from an index, forwards and backwards', async () => {
  const { catalog } = t.hub.store;
  const policy = { mayFilter: () => true, whole: () => 'all' };
  const scope = { catalog, policy, values: new Values(), asOf: null } as unknown as Parameters<typeof pagingSql>[0];
  const client = new pg.Client(t.environment.DATABASE_URL);
  await client.connect();
  await client.query('set enable_seqscan = off; set enable_sort = off');
  let orders = 0;
  for (const noun of catalog.all()) {
    for (const { name, field } of noun.columns.values()) {
      if (!field.ordered) continue;
      for (const page of [{ first: 20 }, { last: 20 }]) {
        const { orderBy } = pagingSql(scope, noun, { orderBy: [`${name} ${field.ordered}`], ...page });
        const { rows } = await client.query(`explain select id from ${noun.table} t order by ${orderBy} limit 20`);
        const plan = rows.map(row => row['QUERY PLAN']).join('\n');
        expect(plan).toContain('_order');
        expect(plan).not.toContain('Sort');
        orders += 1;
      }
    }
  }
  expect(orders).toBeGreaterThanOrEqual(6);
  await client.end();
});
