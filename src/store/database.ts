/** The connection pool, and the ways to run statements of the hub. */
import type pg from 'pg';
import { openConnection, openPool } from './connections.ts';
import { type SnapshotSettings, Snapshots } from './snapshots.ts';

export type TextRows = (string | null)[][];
/** Values in PostgreSQL's text form, by position: no row objects, no lost digits. */
export type ReadRows = (text: string, values: readonly unknown[]) => Promise<TextRows>;

/**
 * Marks a promise that is awaited later as handled, so that its rejection is not reported when something else fails
 * first.
 */
export function later<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  return answer;
}

const asText = { getTypeParser: () => (value: string) => value };

export class Database {
  readonly pool: pg.Pool;
  private readonly onError: (error: Error) => void;

  constructor(
    readonly url: string,
    { connections, onError }: { connections: number; onError: (error: Error) => void },
  ) {
    // Statements that do not need each other's answers are sent together (pipelined).
    this.pool = openPool({ ...sessionOf(url), max: connections, pipeline: true }, onError);
    this.onError = onError;
  }

  readonly read: ReadRows = async (text, values) => {
    const query = { text, values: values as unknown[], rowMode: 'array' as const, types: asText };
    const { rows } = await this.pool.query<string[]>(query as pg.QueryArrayConfig);
    return rows;
  };

  /**
   * Runs `work` in one transaction, which starts with the SQL in `begin`. After a deadlock, the transaction that
   * PostgreSQL aborted runs again.
   */
  async transaction<T>(work: (client: pg.PoolClient) => Promise<T>, begin = 'begin'): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.pool.connect();
      let broken: Error | undefined;
      try {
        await client.query(begin);
        const result = await work(client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch((cause: Error) => {
          broken = cause;
        });
        const deadlock = (error as { code?: string }).code === '40P01';
        if (!deadlock || attempt === 5) throw error;
      } finally {
        client.release(broken);
      }
    }
  }

  /** Separate connections for readers, so that writers never wait for them. */
  snapshots(settings: SnapshotSettings): Snapshots {
    return new Snapshots(sessionOf(this.url), settings, this.onError);
  }

  /** A connection outside the pool, for LISTEN and for long-held locks. */
  dedicated(): Promise<pg.Client> {
    return openConnection(sessionOf(this.url));
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

/**
 * Times leave the database in UTC whatever the server's own zone is. JIT compilation of plans costs more than it saves
 * here.
 */
const sessionOf = (url: string): pg.ClientConfig => ({
  connectionString: url,
  options: '-c timezone=UTC -c datestyle=ISO -c jit=off',
  application_name: 'outpost-hub',
});
