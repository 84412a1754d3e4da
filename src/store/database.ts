/** The connection pool, and what every statement of the hub goes through. */
import type pg from 'pg';
import { openConnection, openPool } from './connections.ts';
import { type SnapshotSettings, Snapshots } from './snapshots.ts';

export type Rows = (string | null)[][];
/** Values as PostgreSQL writes them, by position: no row objects, no lost digits. */
export type ReadRows = (text: string, values: readonly unknown[]) => Promise<Rows>;

/** Of an answer that is awaited later: when something else fails before, nobody is there to hear that it failed too. */
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
    // Statements that do not need each other's answers are sent at once.
    this.pool = openPool({ ...sessionOf(url), max: connections, pipeline: true }, onError);
    this.onError = onError;
  }

  readonly read: ReadRows = async (text, values) => {
    const query = { text, values: values as unknown[], rowMode: 'array' as const, types: asText };
    const { rows } = await this.pool.query<string[]>(query as pg.QueryArrayConfig);
    return rows;
  };

  /**
   * Runs `work` in one transaction, which begins by `begin`; when two transactions lock each other out, the one that
   * PostgreSQL ends starts again.
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

  /** Reads several things as they were at one moment, whoever writes meanwhile. */
  async atOneMoment<T>(work: (read: ReadRows) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin isolation level repeatable read read only');
      const result = await work(async (text, values) => {
        const query = { text, values: values as unknown[], rowMode: 'array' as const, types: asText };
        return (await client.query<string[]>(query as pg.QueryArrayConfig)).rows;
      });
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((cause: Error) => {
        broken = cause;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** Connections of their own for readers, so that who writes never waits for them. */
  snapshots(settings: SnapshotSettings): Snapshots {
    return new Snapshots(sessionOf(this.url), settings, this.onError);
  }

  /** A connection outside the pool, for LISTEN and for locks that last. */
  dedicated(): Promise<pg.Client> {
    return openConnection(sessionOf(this.url));
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

/** Times leave the database in UTC whatever the server's own zone is. Compiling plans costs more than it saves here. */
const sessionOf = (url: string): pg.ClientConfig => ({
  connectionString: url,
  options: '-c timezone=UTC -c datestyle=ISO -c jit=off',
  application_name: 'outpost-hub',
});
