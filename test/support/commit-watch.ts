/** Notices every commit of a hub in another process, by triggers that a test puts on the hub's tables. */
import pg from 'pg';

export class CommitWatch {
  private readonly listeners = new Set<() => void>();

  private constructor(private readonly client: pg.Client) {}

  static async open(url: string): Promise<CommitWatch> {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(`create function tell_commit() returns trigger language plpgsql as
      $$ begin perform pg_notify('test_commit', txid_current()::text); return null; end $$`);
    for (const table of ['hub_batch', 'hub_health', 'hub_parked']) {
      await client.query(
        `create trigger tell_commit after insert or update on ${table} for each statement execute function tell_commit()`,
      );
    }
    const watch = new CommitWatch(client);
    client.on('notification', () => {
      for (const hear of [...watch.listeners]) hear();
    });
    await client.query('listen test_commit');
    return watch;
  }

  /** Resolves when this many commits have been noticed from now on; for zero it resolves immediately. */
  commits(count: number): Promise<void> {
    if (count === 0) return Promise.resolve();
    return new Promise(resolve => {
      const hear = () => {
        count -= 1;
        if (count > 0) return;
        this.listeners.delete(hear);
        resolve();
      };
      this.listeners.add(hear);
    });
  }

  /** Resolves when the statement finds a row; the statement runs again after every commit. */
  async until(statement: string, values: readonly unknown[] = []): Promise<void> {
    for (;;) {
      const next = this.commits(1);
      if ((await this.client.query(statement, [...values])).rowCount) return;
      await next;
    }
  }

  /** Resolves when the statement finds more rows than now. */
  async another(statement: string): Promise<void> {
    const { rowCount } = await this.client.query(statement);
    await this.until(`select from (${statement}) found having count(*) > $1`, [rowCount]);
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
