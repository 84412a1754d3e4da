/**
 * The ordered stream of changes, for any number of readers at any position. Nobody has a queue: each reader asks for
 * what follows their own position, from the newest changes in memory or from the log, so a slow one costs nothing.
 */
import type pg from 'pg';
import { HubError } from '../domain/error-codes.ts';
import type { RecordedChange as PageChange } from '../store/changes.ts';
import type { Database } from '../store/database.ts';
import { feedChannel } from './sequencer.ts';

/** A change as its page recorded it, with its position in the order of all changes. */
export interface Change extends Omit<PageChange, 'id'> {
  /** Dense, from 1. */
  readonly position: number;
  readonly recordId: string;
  readonly agency: string;
  /** When the hub stored it. */
  readonly at: string;
}

export interface TailLimits {
  /** Changes kept in memory for readers who follow closely. */
  readonly kept: number;
  /** Most changes read from the log by one statement. */
  readonly pageSize: number;
  /** Time between polls, and so the longest delay by a lost wake-up. */
  readonly pollMs: number;
}

/** $1 the position, $2 how many; reading begins with the batch in which the position after $1 lies. */
const afterSql = `
select b.first_position + c.ordinal, c.kind, c.record_id, c.agency, c.deleted, c.case_no, c.case_id, c.was_case_id, c.replaced_at,
  c.reassigned, to_char(b.at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
from hub_batch b join hub_change c on c.batch_id = b.id
where b.first_position >= (select coalesce(max(first_position), 0) from hub_batch where first_position <= $1::bigint + 1)
  and b.first_position + c.ordinal > $1::bigint
order by b.first_position, c.ordinal limit $2`;
const oldestSql = `select first_position from hub_batch where first_position is not null order by first_position limit 1`;
const lastSql = `select coalesce((select first_position + size - 1 from hub_batch where first_position is not null order by first_position desc limit 1), 0)`;

/** The newest position, as of the moment of `read`. */
export const lastPosition = async (read: Database['read']): Promise<number> => Number((await read(lastSql, []))[0]![0]);

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
    this.last = await lastPosition(this.database.read);
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
  get hasStopped(): boolean {
    return this.stopped;
  }
  /** Number of readers who wait for the next change. */
  get waitingReaders(): number {
    return this.waiting.size;
  }

  /** The position of the oldest change that is kept, or the next position if none is kept. */
  async oldest(): Promise<number> {
    const [row] = await this.database.read(oldestSql, []);
    return row ? Number(row[0]) : this.last + 1;
  }

  /**
   * The changes that follow a position, in order and without a gap; empty at the end of the log. Throws CURSOR_EXPIRED
   * if the log does not reach back that far.
   */
  async after(position: number, most: number = this.limits.pageSize): Promise<readonly Change[]> {
    if (position >= this.last) return [];
    const oldest = this.recent[0]?.position;
    if (oldest !== undefined && position >= oldest - 1) {
      const from = position + 1 - oldest;
      return this.recent.slice(from, from + most);
    }
    const page = await this.readLog(position, most);
    if (page[0]?.position !== position + 1) throw expired(await this.oldest());
    return page;
  }

  /** Resolves when something follows the position, when `signal` aborts, or when the hub stops. */
  more(position: number, signal: AbortSignal): Promise<void> {
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

  private async readLog(position: number, most: number = this.limits.pageSize): Promise<Change[]> {
    const rows = await this.database.read(afterSql, [position, most]);
    return rows.map(readChange);
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
        // If the log was cut while this process could not read it, only what follows the cut is without a gap.
        if (page[0]!.position !== this.last + 1) this.recent = [];
        this.recent.push(...page);
        if (this.recent.length > this.limits.kept * 1.2) this.recent = this.recent.slice(-this.limits.kept);
        this.last = page.at(-1)!.position;
        this.wakeReaders();
      }
    }
  }

  private wakeReaders(): void {
    for (const wake of [...this.waiting]) wake();
  }
}

function readChange(row: readonly (string | null)[]): Change {
  const [position, kind, recordId, agency, deleted, caseNo, caseId, wasCaseId, replacedAt, reassigned, at] = row;
  return {
    position: Number(position),
    kind: kind!,
    recordId: recordId!,
    agency: agency!,
    deleted: deleted === 't',
    caseNo: caseNo!,
    caseId: caseId!,
    wasCaseId: wasCaseId!,
    replacedAt: replacedAt!,
    reassigned: reassigned === 't',
    at: at!,
  };
}

const expired = (oldest: number): HubError =>
  new HubError('CURSOR_EXPIRED', 'The changes after the cursor have been deleted: begin anew, without `after`', {
    oldestPosition: oldest,
  });
