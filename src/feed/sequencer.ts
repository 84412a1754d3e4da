/**
 * Gives every committed batch its positions: dense, in the order of commits as it sees them. One process of the hub does
 * it at a time, elected by an advisory lock; readers are woken by NOTIFY, from here only, so writers never wait for it.
 */
import type pg from 'pg';
import type { Database } from '../store/database.ts';
import { forgetOld } from './retention.ts';

export const feedChannel = 'hub_feed';
const lockName = 'outpost-hub sequencer';
/** Time between deletions of changes that are too old. */
const forgetEveryMs = 60_000;
/** When nothing has come for this long, polls are rarer, so that an idle hub costs a third. */
const quietAfterMs = 2_000;
const quietPollMs = 100;
/** If the machine of the sequencer vanishes, PostgreSQL notices within 2 s and releases its lock. */
const noticeDeath = 'set tcp_keepalives_idle = 1; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 1';

export interface SequencerLimits {
  /**
   * Time between polls for batches of other processes while some come; batches of this process are announced by `wake`.
   */
  readonly pollMs: number;
  /** Time between attempts to become the sequencer. */
  readonly electionMs: number;
  /** How long changes are kept for readers who come back. */
  readonly keepMs: number;
}

/** Numbers all waiting batches; returns the last position given, or null when none waited. */
const stampSql = `
with waiting as (
  select id, size from hub_batch where first_position is null order by id limit 1000
), start as (
  select coalesce((select first_position + size from hub_batch where first_position is not null order by first_position desc limit 1), 1) as at
), placed as (
  select id, size, start.at + sum(size) over (order by id) - size as first_position from waiting, start
)
update hub_batch b set first_position = placed.first_position from placed where b.id = placed.id
returning placed.first_position + placed.size - 1 as last`;

export class Sequencer {
  private client: pg.Client | null = null;
  private leading = false;
  private timer: NodeJS.Timeout | null = null;
  private working: Promise<void> = Promise.resolve();
  private again = false;
  private busy = false;
  private stopped = false;
  private forgotAtMs = Number.NEGATIVE_INFINITY;
  private stampedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly database: Database,
    private readonly limits: SequencerLimits,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.wake();
  }

  /** Tells that there may be something to number. Cheap, and never waits. */
  wake(): void {
    if (this.stopped) return;
    if (this.busy) {
      this.again = true;
      return;
    }
    if (this.timer) clearTimeout(this.timer);
    this.busy = true;
    this.working = this.turn().finally(() => {
      this.busy = false;
      if (this.stopped) return;
      if (this.again) this.wake();
      else this.timer = setTimeout(() => this.wake(), this.leading ? this.pollMs : this.limits.electionMs);
    });
  }

  private get pollMs(): number {
    const isQuiet = performance.now() - this.stampedAtMs > quietAfterMs;
    return isQuiet ? Math.max(quietPollMs, this.limits.pollMs) : this.limits.pollMs;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.working;
    await this.client?.end().catch(() => {});
  }

  private async turn(): Promise<void> {
    this.again = false;
    try {
      if (!(await this.lead())) return;
      await this.stamp();
      if (performance.now() - this.forgotAtMs < forgetEveryMs) return;
      this.forgotAtMs = performance.now();
      await forgetOld(this.client!, this.limits.keepMs);
    } catch (error) {
      // The lock ends with the connection, so another process can take over immediately.
      this.leading = false;
      await this.client?.end().catch(() => {});
      this.client = null;
      if (!this.stopped) this.onError(error);
    }
  }

  private async lead(): Promise<boolean> {
    if (this.leading) return true;
    this.client ??= await this.connect();
    const { rows } = await this.client.query('select pg_try_advisory_lock(hashtext($1)) as mine', [lockName]);
    this.leading = rows[0].mine;
    return this.leading;
  }

  private async connect(): Promise<pg.Client> {
    const client = await this.database.dedicated();
    await client.query(noticeDeath);
    return client;
  }

  private async stamp(): Promise<void> {
    for (;;) {
      const { rows } = await this.client!.query({ name: 'stamp', text: stampSql });
      if (!rows.length) return;
      this.stampedAtMs = performance.now();
      const last = rows.reduce((max, row) => (BigInt(row.last) > max ? BigInt(row.last) : max), 0n);
      await this.client!.query('select pg_notify($1, $2)', [feedChannel, String(last)]);
      if (rows.length < 1000) return;
    }
  }
}
