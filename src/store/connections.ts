/**
 * Connections to PostgreSQL, in a pool or alone. Each has a listener for its errors from its first moment to its last: a
 * pool listens only to those that nobody uses, and an error without a listener ends the process.
 */
import pg from 'pg';

export type OnLost = (error: Error) => void;

/** @param onLost hears of every connection that is lost, whether it is in use or not */
export function openPool(config: pg.PoolConfig, onLost: OnLost): pg.Pool {
  const pool = new pg.Pool(config);
  pool.on('connect', client => client.on('error', onLost));
  // Of connections that nobody uses the pool speaks too: they have been heard above.
  pool.on('error', () => {});
  return pool;
}

/** A connection of its own. When it is lost its statements fail, and whoever holds it hears of its `end`. */
export async function openConnection(config: string | pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  await client.connect();
  return client;
}
