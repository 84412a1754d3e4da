/** Reads the log tables of the exchange database in rounds, each of which is a fixed set of committed rows. */
import { type AgencySource, type Call, type Item, type Page, SourceError } from '../kit/index.ts';
import { type Cursor, fromTheBeginning, parseCursor, type Round, startOfTable } from './cursor.ts';
import { exchangeTables, type Native, type Row } from './exchange-row.ts';
import { ExchangeSessions, type Query } from './exchange-session.ts';

const PRESENT = `
  select pg_current_snapshot() as snapshot,
    (select to_hex(system_identifier) from pg_control_system()) || '.' ||
    (select oid from pg_database where datname = current_database()) as database`;

/** Both bounds are written out beside the snapshots, because only bounds can use the index. */
const rowsOf = (table: string) => `
  select * from ${table}
  where jhsw >= pg_snapshot_xmin($1::pg_snapshot) and jhsw < pg_snapshot_xmax($2::pg_snapshot)
    and not pg_visible_in_snapshot(jhsw, $1::pg_snapshot) and pg_visible_in_snapshot(jhsw, $2::pg_snapshot)
    and (jhsw, jhxh) > ($3::xid8, $4::bigint)
  order by jhsw, jhxh limit $5`;

/**
 * Rows whose transaction number is in the future come from a backup of another server: new rows would be missed among
 * them.
 */
const FROM_ELSEWHERE = `select ${exchangeTables
  .map(table => `exists (select from ${table} where jhsw >= pg_snapshot_xmax(pg_current_snapshot()))`)
  .join(' or ')} as found`;

export class ExchangeSource implements AgencySource<Native> {
  private readonly sessions: ExchangeSessions;

  constructor(databaseUrl: string) {
    this.sessions = new ExchangeSessions(databaseUrl);
  }

  changes(after: string | null, limit: number, { signal }: Call): Promise<Page<Native>> {
    const cursor = after === null ? null : parseCursor(after);
    return this.sessions.inSnapshot(signal, query => new PageReader(query, limit).read(cursor));
  }

  close(): Promise<void> {
    return this.sessions.close();
  }
}

class PageReader {
  private readonly items: Item<Native>[] = [];

  constructor(
    private readonly query: Query,
    private readonly limit: number,
  ) {}

  /** Continues the cursor's round and, when that ends within the page, starts a new one that reaches up to now. */
  async read(after: Cursor | null): Promise<Page<Native>> {
    const { snapshot, database } = await this.present();
    let cursor = after?.database === database ? after : await this.fresh(database);
    let upToNow = false;
    while (cursor.round || !upToNow) {
      if (!cursor.round) upToNow = true;
      const round = await this.advance(cursor.since, cursor.round ?? { upto: snapshot, position: startOfTable(0) });
      const ended = round.position.table === exchangeTables.length;
      cursor = ended ? { database, since: round.upto, round: null } : { ...cursor, round };
      if (!ended) break;
    }
    return { items: this.items, next: JSON.stringify(cursor), done: upToNow && cursor.round === null };
  }

  private async present(): Promise<{ snapshot: string; database: string }> {
    const [row] = await this.query(PRESENT);
    return { snapshot: row!.snapshot!, database: row!.database! };
  }

  private async fresh(database: string): Promise<Cursor> {
    const [row] = await this.query(FROM_ELSEWHERE);
    if (row?.found === 't') {
      throw new SourceError('MALFORMED', 'the exchange database holds transaction numbers of another server');
    }
    return fromTheBeginning(database);
  }

  /** Reads tables until the page is full or the round has read all of them. */
  private async advance(since: string, { upto, position }: Round): Promise<Round> {
    while (position.table < exchangeTables.length && this.items.length < this.limit) {
      const table = exchangeTables[position.table]!;
      const wanted = this.limit - this.items.length;
      const { transaction, place } = position;
      const rows = await this.query(rowsOf(table), [since, upto, transaction, place, wanted]);
      for (const row of rows) this.items.push(itemOf({ table, row }));
      const last = rows.length < wanted ? undefined : rows.at(-1);
      position = last
        ? { table: position.table, transaction: last.jhsw!, place: last.jhxh! }
        : startOfTable(position.table + 1);
    }
    return { upto, position };
  }
}

function itemOf(native: { table: Native['table']; row: Row }): Item<Native> {
  return { raw: JSON.stringify(native), native };
}
