/** For tests that load no reference data: tasks that readers state as their purpose, and quotas that nobody reaches. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** The task that every test hub knows. */
export const testTask = 'test';

/** Settings with which nobody reaches a quota. */
export const manyPersons = {
  HUB_PERSONS_PER_DAY: 'clerk=1000000,officer=1000000,village-agent=1000000',
  HUB_UNMASKS_PER_DAY: 'clerk=1000,officer=1000,village-agent=1000',
  HUB_MISSES_PER_DAY: 'clerk=1000000,officer=1000000,village-agent=1000000,auditor=1000000',
};

/** A setting with which a test by a personal field may fit everybody, because random tests do. */
export const anyTests = { HUB_TESTED_PERSONS: '10000' };

/** Registers tasks as reference data would, without a change in the log. Resolves when the database has them. */
export async function registerTasks(url: string, codes: readonly string[], roles = 'clerk|officer'): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    for (const code of codes)
      await client.query(
        `insert into hub_task (id, agency, source_id, version, deleted, digest, observed_at, code, title, roles)
         values ($1, 'town', $2, '0', false, '', now(), $2, $2, $3)`,
        [randomUUID(), code, roles],
      );
  } finally {
    await client.end();
  }
}
