/** A table that a test locks, so that every statement about it waits until the lock is released. */
import pg from 'pg';
import { openConnection } from '../../src/store/connections.ts';

/** A statement of a hub that waits for the lock. */
export interface HeldStatement {
  readonly pid: number;
  readonly query: string;
}

export class HeldTable {
  private constructor(
    private readonly lock: pg.Client,
    private readonly watch: pg.Client,
  ) {}

  static async hold(databaseUrl: string, table: string): Promise<HeldTable> {
    const [lock, watch] = [await openConnection(databaseUrl), await openConnection(databaseUrl)];
    await lock.query('begin');
    await lock.query(`lock table ${pg.escapeIdentifier(table)} in access exclusive mode`);
    return new HeldTable(lock, watch);
  }

  /** Statements that wait now, in the order in which they began. */
  async waiting(): Promise<readonly HeldStatement[]> {
    const { rows } = await this.watch.query<HeldStatement>(
      `select pid, query from pg_stat_activity where datname = current_database() and application_name = 'outpost-hub'
         and state = 'active' and wait_event_type = 'Lock' order by query_start`,
    );
    return rows;
  }

  /** Looks again and again until so many statements wait. */
  async until(count: number): Promise<readonly HeldStatement[]> {
    for (;;) {
      const found = await this.waiting();
      if (found.length === count) return found;
    }
  }

  /** Gives the table free; everything that waited goes on. */
  async release(): Promise<void> {
    await this.lock.query('rollback');
  }

  async close(): Promise<void> {
    await Promise.all([this.lock.end(), this.watch.end()]);
  }
}
