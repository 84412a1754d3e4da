/** Connections for reading: statements that belong together see one snapshot, and repeated statements are prepared. */
import type { Writable } from 'node:stream';
import type pg from 'pg';
import { HubError } from '../domain/error-codes.ts';
import { LruCache } from '../domain/lru-cache.ts';
import { openPool } from './connections.ts';
import type { TextRows } from './database.ts';
import { TextQuery } from './text-query.ts';

export interface SnapshotSettings {
  readonly connections: number;
  /** PostgreSQL cancels a statement that takes longer. */
  readonly statementTimeoutMs: number;
  /** Largest size of the rows of one statement. */
  readonly bytes: number;
  /** Statements that a connection keeps prepared. */
  readonly prepared: number;
}
/** Runs one statement of a snapshot; the last one ends it. */
export type ReadStatement = (text: string, values: readonly unknown[], last: boolean) => Promise<TextRows>;

const socketOf = (client: pg.PoolClient) =>
  (client as unknown as { connection: { stream: Writable } }).connection.stream;

const weighedPlans = 'set local plan_cache_mode = force_custom_plan';

/** Nobody waits for the read any more, so no further statement of it is sent. */
export class ReadCancelled extends HubError {
  constructor() {
    super('BUSY', 'The client has gone, so nothing more is read for it');
  }
}

export class Snapshots {
  private readonly pool: pg.Pool;
  /** One connection, over which statements of the others are cancelled. */
  private readonly cancelling: pg.Pool;
  private readonly names: StatementNames;

  constructor(
    session: pg.ClientConfig,
    private readonly settings: SnapshotSettings,
    private readonly onError: (error: Error) => void,
  ) {
    const { connections, statementTimeoutMs, prepared } = settings;
    this.names = new StatementNames(prepared);
    // A repeated statement keeps its plan: a new plan for each set of keys costs many times what it saves.
    const options = `${session.options ?? ''} -c plan_cache_mode=force_generic_plan`;
    // Pipelined: the begin of a snapshot needs no answer before its first statement is sent.
    const settled = { options, max: connections, statement_timeout: statementTimeoutMs, pipeline: true };
    this.pool = openPool({ ...session, ...settled }, onError);
    this.cancelling = openPool({ ...session, max: 1 }, onError);
  }

  /**
   * @param several whether more than one statement follows: one alone is a snapshot by itself
   * @param weighed whether plans are made for the values, which is worth it for statements that look at many rows
   * @param signal when it aborts, the statement under way is cancelled in the database, and no other one follows
   */
  async read(
    several: boolean,
    work: (statement: ReadStatement) => Promise<void>,
    weighed = false,
    signal: AbortSignal | null = null,
  ): Promise<void> {
    const client = await this.pool.connect();
    let open = false;
    let broken: Error | undefined;
    let cancelled: Promise<void> | undefined;
    const cancel = () => {
      cancelled = this.cancel(client);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    const begin = () => {
      open = true;
      const begun = client.query('begin isolation level repeatable read read only');
      return weighed ? Promise.all([begun, client.query(weighedPlans)]) : begun;
    };
    const end = (word: 'commit' | 'rollback') => {
      open = false;
      return client.query(word);
    };
    try {
      // Messages that belong together leave in one write.
      socketOf(client).cork();
      process.nextTick(() => socketOf(client).uncork());
      const begun = several || weighed ? begin() : undefined;
      begun?.catch(() => {});
      await work(async (text, values, last) => {
        if (signal?.aborted) throw new ReadCancelled();
        socketOf(client).cork();
        process.nextTick(() => socketOf(client).uncork());
        const name = this.names.of(client, text);
        const rows = TextQuery.run(client, { text, values, name }, this.settings.bytes);
        // Rows that were read stay valid, however the snapshot ends.
        if (last && open) end('commit').catch(() => {});
        return rows;
      });
      if (open) await end('commit');
    } catch (error) {
      if (open)
        await end('rollback').catch((cause: Error) => {
          broken = cause;
        });
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
      // The connection is given on only when the cancellation can no longer concern another statement.
      await cancelled;
      client.release(broken ?? this.names.isFull(client));
    }
  }

  /** PostgreSQL ignores it when the connection has nothing to do by then. */
  private async cancel(client: pg.PoolClient): Promise<void> {
    const { processID } = client as unknown as { readonly processID: number };
    await this.cancelling.query('select pg_cancel_backend($1)', [processID]).catch(this.onError);
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.cancelling.end()]);
  }
}

/**
 * Names of prepared statements. A text gets a name when it comes a second time, and the oldest loses its name when
 * there are too many. A connection that has prepared twice as many is replaced, so a flood of distinct queries cannot
 * fill memory on either side.
 */
class StatementNames {
  /** By text; null when it was seen once. */
  private readonly names: LruCache<string, string | null>;
  private readonly prepared = new WeakMap<object, Set<string>>();
  private next = 0;

  constructor(private readonly most: number) {
    this.names = new LruCache(most);
  }

  of(client: object, text: string): string | undefined {
    const known = this.names.get(text);
    if (known === undefined) {
      this.names.set(text, null);
      return undefined;
    }
    const name = known ?? `q${this.next++}`;
    if (known === null) this.names.set(text, name);
    const ofClient = this.prepared.get(client) ?? new Set();
    this.prepared.set(client, ofClient.add(name));
    return name;
  }

  isFull(client: object): boolean {
    return (this.prepared.get(client)?.size ?? 0) > 2 * this.most;
  }
}
