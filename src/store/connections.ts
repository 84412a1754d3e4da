/**
 * Connections to PostgreSQL, pooled or single. Each has a listener for its errors from beginning to end: a pool listens
 * only to idle connections, and an error without a listener ends the process.
 */
import pg from 'pg';

export type OnLost = (error: Error) => void;

/** @param onLost called for every connection that is lost, whether it is in use or not */
export function openPool(config: pg.PoolConfig, onLost: OnLost): pg.Pool {
  const pool = new pg.Pool(config);
  pool.on('connect', client => client.on('error', onLost));
  // The pool also reports errors of idle connections; the listener above has already reported them.
  pool.on('error', () => {});
  return pool;
}

/** A connection outside the pool. When it is lost, its statements fail and it emits `end`. */
export async function openConnection(config: string | pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  await client.connect();
  return client;
}
