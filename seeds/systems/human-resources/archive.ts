/** The agency's records: the rows that it reported, with the count of what the hub must hold. */
import type { Random } from '../../township/model.ts';
import type { Ledger } from '../pretend-system.ts';
import type { Faults } from './faults.ts';
import { RowSpoiler } from './row-spoiler.ts';
import { kinds, type Table, type WireRow } from './rows.ts';

/** Rows kept for later changes; the others are reported and not kept. */
const KEPT_PER_TABLE = 500;

export class Archive {
  private readonly spoiler: RowSpoiler;
  private readonly kept: Record<Table, WireRow[]> = { AC02: [], AC43: [], AC61: [], CC03: [] };
  private readonly records: Record<string, number> = {};
  private readonly deleted: Record<string, number> = {};
  private parked = 0;

  constructor(
    private readonly random: Random,
    private readonly faults: Faults,
  ) {
    this.spoiler = new RowSpoiler(random, faults);
  }

  /** Lines of new records, some of them repeated or unreadable. `operation` is empty in whole sets. */
  tell(rows: readonly WireRow[], operation: '' | '1'): string[] {
    const lines: string[] = [];
    for (const row of rows) {
      const { text, parked } = this.spoiler.write(row);
      const line = operation ? `${operation}|${text}` : text;
      lines.push(line);
      if (parked) this.parked++;
      else {
        this.count(this.records, row.table, 1);
        this.keep(row);
        if (this.faults.commits('duplicatedLine')) lines.push(line);
      }
    }
    return lines;
  }

  /** Counts new records whose clean lines were written elsewhere. */
  note(rows: readonly WireRow[]): void {
    for (const row of rows) this.count(this.records, row.table, 1);
  }

  /** One of the kept rows, which stays unchanged. */
  pick(table: Table): WireRow {
    return this.random.pick(this.kept[table]);
  }

  /** The clean line that changes a kept row. */
  change(row: WireRow, changed: WireRow): string {
    const rows = this.kept[row.table];
    rows[rows.indexOf(row)] = changed;
    return `2|${changed.cells.join('|')}`;
  }

  /** The clean line that removes one of the kept rows. */
  removeOne(table: Table): string {
    const rows = this.kept[table];
    const [row] = rows.splice(this.random.below(rows.length), 1);
    if (!row) throw new Error(`there is no ${kinds[table]} left to remove`);
    this.count(this.records, table, -1);
    this.count(this.deleted, table, 1);
    return `3|${row.cells.join('|')}`;
  }

  /** Some lines of a whole set, as they were reported: far too few. */
  someLines(table: Table, count: number): string[] {
    return this.kept[table].slice(0, count).map(row => row.cells.join('|'));
  }

  isEmpty(table: Table): boolean {
    return this.kept[table].length === 0;
  }

  ledger(): Ledger {
    const { records, deleted, parked } = this;
    return { records: { ...records }, deleted: { ...deleted }, parked, faults: { ...this.faults.committed } };
  }

  private count(counts: Record<string, number>, table: Table, by: number): void {
    counts[kinds[table]] = (counts[kinds[table]] ?? 0) + by;
  }

  private keep(row: WireRow): void {
    if (this.kept[row.table].length < KEPT_PER_TABLE) this.kept[row.table].push(row);
  }
}
