/** Ended sessions in the database: written once, and noticed by every process of the hub. */
import type pg from 'pg';
import type { SessionEnding } from '../domain/session-ending.ts';
import type { Database } from './database.ts';

const channel = 'hub_ended_session';

/** Who ended a session first stays on record; for a subject the latest ending counts, because it covers more. */
const endSql = `
insert into hub_ended_session as known (about, name, ended_at, ended_by, until)
values ($1, $2, now(), $3, now() + make_interval(secs => $4))
on conflict (about, name) do update set
  ended_at = case when known.about = 'session' and known.until > now() then known.ended_at else excluded.ended_at end,
  ended_by = case when known.about = 'session' and known.until > now() then known.ended_by else excluded.ended_by end,
  until = excluded.until
returning extract(epoch from ended_at) * 1000 as ended, extract(epoch from until) * 1000 as until`;
/** The record of who ended what is kept as long as the audit log. */
const forgetSql = `delete from hub_ended_session where until < now() - interval '12 months'`;
/** Unmask grants of a session, or of a subject, end with it. */
const maskSql = `
delete from hub_unmask_grant where case when $1 = 'session' then session = $2 else subject = $2 end`;
const inForceSql = `
select about, name, extract(epoch from ended_at) * 1000 as ended, extract(epoch from until) * 1000 as until
from hub_ended_session where until > now()`;

interface Moments {
  readonly ended: string;
  readonly until: string;
}
type Row = Moments & Pick<SessionEnding, 'about' | 'name'>;
const inMs = ({ ended, until }: Moments) => ({ endedAtMs: Number(ended), untilMs: Number(until) });

export interface EndOrder {
  readonly about: SessionEnding['about'];
  readonly name: string;
  readonly endedBy: string;
  /** As long as a token may live. */
  readonly lastsSeconds: number;
}

export function endSession(database: Database, order: EndOrder): Promise<SessionEnding> {
  const { about, name, endedBy, lastsSeconds } = order;
  return database.transaction(async client => {
    await client.query(forgetSql);
    const { rows } = await client.query<Moments>(endSql, [about, name, endedBy, lastsSeconds]);
    await client.query(maskSql, [about, name]);
    await client.query('select pg_notify($1, $2)', [channel, '']);
    return { about, name, ...inMs(rows[0]!) };
  });
}

/**
 * Reports the endings in force whenever any process ends something. It has a connection of its own, so that it is not
 * late when all others are busy; a lost notification or connection costs at most `pollMs`.
 */
export class EndingFollower {
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private reading: Promise<void> | null = null;
  private again = false;
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly pollMs: number,
    private readonly onChange: (inForce: readonly SessionEnding[]) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Resolves when all endings in force have been reported; rejects when they cannot be read. */
  async start(): Promise<void> {
    await this.read();
    this.timer = setInterval(() => this.refresh(), this.pollMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    await this.reading;
    await this.client?.end().catch(() => {});
  }

  private refresh(): void {
    this.again = true;
    this.reading ??= this.readOn().finally(() => {
      this.reading = null;
    });
  }

  private async readOn(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      await this.read().catch(error => {
        if (!this.stopped) this.onError(error);
      });
    }
  }

  private async read(): Promise<void> {
    this.client ??= await this.listen();
    const { client } = this;
    try {
      const question = { text: inForceSql, query_timeout: this.pollMs };
      const { rows } = await client.query<Row>(question);
      this.onChange(rows.map(row => ({ about: row.about, name: row.name, ...inMs(row) })));
    } catch (error) {
      // A connection that does not answer in time is replaced at the next poll.
      this.client = null;
      client.end().catch(() => {});
      throw error;
    }
  }

  private async listen(): Promise<pg.Client> {
    const client = await this.database.dedicated();
    client.on('end', () => {
      if (this.client === client) this.client = null;
    });
    client.on('notification', () => this.refresh());
    await client.query(`listen ${channel}`);
    return client;
  }
}
