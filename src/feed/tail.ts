/**
 * The ordered stream of changes, for any number of readers at any position. Nobody has a queue: each reader asks for what
 * follows his own position, from the newest changes kept in memory or from the log, so a slow one costs nothing.
 */
import type pg from 'pg';
import type { Database } from '../store/database.ts';
import { feedChannel } from './sequencer.ts';

export interface Change {
  /** Dense, from 1. */
  readonly position: number;
  readonly kind: string;
  readonly recordId: string;
  readonly agency: string;
  readonly deleted: boolean;
  readonly caseNo: string | null;
  /** When the hub stored it. */
  readonly at: string;
}

export interface TailLimits {
  /** Changes kept in memory for readers that follow closely. */
  readonly kept: number;
  /** Changes read from the log at once. */
  readonly pageSize: number;
  /** A lost wake-up costs at most this. */
  readonly pollMs: number;
}

const afterSql = `
select b.first_position + c.ordinal, c.kind, c.record_id, c.agency, c.deleted, c.case_no, to_char(b.at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
from hub_batch b join hub_change c on c.batch_id = b.id
where b.first_position is not null and b.first_position + b.size > $1::bigint + 1 and b.first_position >= $2::bigint
  and b.first_position + c.ordinal > $1::bigint
order by b.first_position, c.ordinal limit $3`;

/** Where the batch begins in which the position after $1 lies. */
const startSql = `select coalesce(max(first_position), 0) from hub_batch where first_position <= $1::bigint + 1`;
const lastSql = `select coalesce((select first_position + size - 1 from hub_batch where first_position is not null order by first_position desc limit 1), 0)`;

export class Tail {
  private recent: Change[] = [];
  private last = 0;
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private refreshing: Promise<void> | null = null;
  private stale = false;
  private stopped = false;
  private waiting = new Set<() => void>();

  constructor(
    private readonly database: Database,
    private readonly limits: TailLimits,
    private readonly onError: (error: unknown) => void,
  ) {}

  async start(): Promise<void> {
    this.last = Number((await this.database.read(lastSql, []))[0]![0]);
    await this.listen();
    this.timer = setInterval(() => {
      if (!this.client) this.listen().catch(this.onError);
      this.refresh();
    }, this.limits.pollMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    this.wakeReaders();
    await this.refreshing;
    await this.client?.end().catch(() => {});
  }

  /** The newest position that readers can have. */
  get position(): number {
    return this.last;
  }
  /** Readers that wait for the next change. */
  get waitingReaders(): number {
    return this.waiting.size;
  }

  /** Changes after a position (exclusive) that match, until `signal` aborts or the hub stops; waits at the end. */
  async *follow(after: number, matches: (change: Change) => boolean, signal: AbortSignal): AsyncGenerator<Change> {
    let position = after;
    while (!this.stopped && !signal.aborted) {
      const page = await this.after(position);
      for (const change of page) {
        if (signal.aborted) return;
        position = change.position;
        if (matches(change)) yield change;
      }
      if (!page.length) await this.more(position, signal);
    }
  }

  private async after(position: number): Promise<readonly Change[]> {
    if (position >= this.last) return [];
    const oldest = this.recent[0]?.position;
    if (oldest !== undefined && position >= oldest - 1) return this.recent.slice(position + 1 - oldest);
    return this.readLog(position);
  }

  private async readLog(position: number): Promise<Change[]> {
    const [[start]] = (await this.database.read(startSql, [position])) as [[string]];
    const rows = await this.database.read(afterSql, [position, start, this.limits.pageSize]);
    return rows.map(([at, kind, recordId, agency, deleted, caseNo, time]) => ({
      position: Number(at),
      kind: kind!,
      recordId: recordId!,
      agency: agency!,
      deleted: deleted === 't',
      caseNo: caseNo!,
      at: time!,
    }));
  }

  private more(position: number, signal: AbortSignal): Promise<void> {
    if (this.last > position || signal.aborted || this.stopped) return Promise.resolve();
    return new Promise(resolve => {
      const wake = () => {
        this.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  private async listen(): Promise<void> {
    const client = await this.database.dedicated();
    client.on('end', () => {
      if (this.client === client) this.client = null;
    });
    client.on('notification', () => this.refresh());
    await client.query(`listen ${feedChannel}`);
    this.client = client;
    this.refresh();
  }

  /** Reads on from the newest known change; only one such read runs at a time. */
  private refresh(): void {
    this.stale = true;
    this.refreshing ??= this.readOn()
      .catch(error => {
        if (!this.stopped) this.onError(error);
      })
      .finally(() => {
        this.refreshing = null;
      });
  }

  private async readOn(): Promise<void> {
    while (this.stale && !this.stopped) {
      this.stale = false;
      for (;;) {
        const page = await this.readLog(this.last);
        if (!page.length) break;
        this.last = page.at(-1)!.position;
        this.recent = [...this.recent, ...page].slice(-this.limits.kept);
        this.wakeReaders();
      }
    }
  }

  private wakeReaders(): void {
    for (const wake of [...this.waiting]) wake();
  }
}
