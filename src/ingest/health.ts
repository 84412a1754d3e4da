/** The state of each agency's reading, for operators and the graph; emits `note` whenever it has changed. */
import { EventEmitter } from 'node:events';
import type { Database } from '../store/database.ts';
import { countParked } from '../store/parked.ts';
import type { FeedSign } from './feed-signs.ts';

export interface Freshness {
  readonly agency: string;
  readonly lastSuccessAt: string | null;
  /** When the hub last knew that nothing more was waiting at the source. */
  readonly caughtUpAt: string | null;
  readonly failingSince: string | null;
  readonly failures: number;
  /** The kind of the last failure and the adapter's message; no personal data. */
  readonly error: string | null;
  /** Records that arrived so far, stored or parked, including repeated ones. */
  readonly recordsRead: number;
  readonly parked: number;
  /** Removals that wait for a person's confirmation. */
  readonly heldRemovals: number;
  /** What is wrong with what the agency sends, although it is read: the agency is degraded. */
  readonly signs: readonly FeedSign[];
}

export interface HealthNote {
  /** Records that arrived, stored or parked. */
  readonly read: number;
  /** Nothing more is waiting. */
  readonly caughtUp: boolean;
}

export class Health extends EventEmitter<{ note: [agency: string] }> {
  constructor(
    private readonly database: Database,
    private readonly signsOf: (agency: string) => readonly FeedSign[] = () => [],
  ) {
    super();
  }

  async succeeded(agency: string, { read, caughtUp }: HealthNote): Promise<void> {
    await this.database.pool.query(
      `insert into hub_health as h (agency, last_success_at, caught_up_at, failures, records_read)
       values ($1, now(), case when $3 then now() end, 0, $2)
       on conflict (agency) do update set last_success_at = now(), failing_since = null, failures = 0, error = null,
         caught_up_at = coalesce(excluded.caught_up_at, h.caught_up_at), records_read = h.records_read + $2`,
      [agency, read, caughtUp],
    );
    this.emit('note', agency);
  }

  async failed(agency: string, error: string): Promise<void> {
    await this.database.pool.query(
      `insert into hub_health as h (agency, failing_since, failures, error, records_read) values ($1, now(), 1, $2, 0)
       on conflict (agency) do update set failing_since = coalesce(h.failing_since, now()), failures = h.failures + 1, error = $2`,
      [agency, error],
    );
    this.emit('note', agency);
  }

  async list(): Promise<Map<string, Freshness>> {
    const iso = (column: string) => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
    const { rows } = await this.database.pool.query(
      `select agency, ${iso('last_success_at')} as "lastSuccessAt", ${iso('caught_up_at')} as "caughtUpAt",
         ${iso('failing_since')} as "failingSince", failures, error, records_read::float8 as "recordsRead",
         (select count(*)::int from hub_held_removal r where r.agency = h.agency) as "heldRemovals"
       from hub_health h`,
    );
    const parked = await countParked(this.database);
    return new Map(
      rows.map(row => [row.agency, { ...row, parked: parked.get(row.agency) ?? 0, signs: this.signsOf(row.agency) }]),
    );
  }
}
