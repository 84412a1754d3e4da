/** The rows of one service in the order in which they are asked for: by time of commit, then row number. */

export interface FeedRow {
  readonly xh: string;
  /** 14 digits. */
  readonly gxsj: string;
  readonly values: Readonly<Record<string, string>>;
  /** The row lacks its last value on the wire. */
  readonly short?: boolean;
}

const before = (a: FeedRow, gxsj: string, xh: string): boolean => a.gxsj < gxsj || (a.gxsj === gxsj && a.xh < xh);

export class Feed {
  private readonly rows: FeedRow[] = [];
  private sorted = true;

  add(row: FeedRow): void {
    const last = this.rows.at(-1);
    if (last && !before(last, row.gxsj, row.xh)) this.sorted = false;
    this.rows.push(row);
  }

  /** At most `limit` rows from (gxsj, xh) on, without that row itself. */
  after(gxsj: string, xh: string, limit: number): readonly FeedRow[] {
    if (!this.sorted) this.rows.sort((a, b) => (before(a, b.gxsj, b.xh) ? -1 : 1));
    this.sorted = true;
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(this.rows[middle]!, gxsj, xh) || this.rows[middle]!.xh === xh) low = middle + 1;
      else high = middle;
    }
    return this.rows.slice(low, low + limit);
  }
}
