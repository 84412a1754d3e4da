/** The rows of one service at the exchange, in the order in which it delivers them. */

export interface FeedRow {
  /** Time of exchange, 20261123083000; ties are common, because rows come in batches. */
  readonly time: string;
  /** Number of the row, unique; a row that is exchanged again keeps it. */
  readonly id: string;
  /** As it goes over the wire. */
  readonly json: string;
}

const before = (a: Pick<FeedRow, 'time' | 'id'>, b: Pick<FeedRow, 'time' | 'id'>): boolean =>
  a.time < b.time || (a.time === b.time && a.id < b.id);

export class ExchangeFeed {
  private readonly rows: FeedRow[] = [];

  get size(): number {
    return this.rows.length;
  }

  /** A row may be inserted before rows that are already there: its transaction took longer. */
  add(row: FeedRow): void {
    if (this.rows.length === 0 || before(this.rows.at(-1)!, row)) this.rows.push(row);
    else this.rows.splice(this.firstAfter(row.time, row.id), 0, row);
  }

  /** At most `limit` rows after a position, which is exclusive. */
  after(time: string, id: string, limit: number): readonly FeedRow[] {
    const from = this.firstAfter(time, id);
    return this.rows.slice(from, from + limit);
  }

  private firstAfter(time: string, id: string): number {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (before({ time, id }, this.rows[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
