/** Builds the log of row versions that the exchange software has written, and counts what must follow from it. */
import { createHash } from 'node:crypto';
import { addDays } from '../../township/days.ts';
import type { Random } from '../../township/model.ts';
import type { FaultRates, Ledger } from '../pretend-system.ts';
import type { TableName } from './exchange-schema.ts';
import { type FaultName, usualFaults } from './fault-rates.ts';

export type Columns = Readonly<Record<string, string | number | null>>;
export interface LogRow {
  readonly table: TableName;
  readonly columns: Columns;
  /** The order in which the exchange software writes; not always that of the batches. */
  readonly writtenAt: string;
}
export interface Version {
  readonly operation: 'I' | 'U' | 'D';
  /** Local time of the batch, `2026-11-23 22:00:00`; shared by all rows of the batch. */
  readonly at: string;
  readonly columns: Columns;
}

/** The hub's kind for each table. */
const kindOf: Record<TableName, string> = {
  zdjbxx: 'Parcel',
  bdcdj: 'Right',
  zjdsp: 'HomesteadApproval',
  ydzb: 'QuotaEntry',
  up_pro_accept: 'CaseReport',
  up_pro_process: 'Approval',
  up_pro_special_procedure: 'Approval',
  up_pro_result: 'CaseClosing',
};
export const kindOfTable = (table: TableName): string => kindOf[table];

export const rowGuid = (table: TableName, name: string): string =>
  createHash('md5').update(`${table} ${name}`).digest('hex');

export const logRow = (table: TableName, guid: string, { operation, at, columns }: Version): LogRow => ({
  table,
  writtenAt: at,
  columns: {
    ...columns,
    row_guid: guid,
    cd_batch: `LAND${at.replaceAll(/\D/g, '')}`,
    cd_operation: operation,
    cd_time: at,
    data_source: 'LAND',
  },
});

/** Counts what the system has reported so far. */
export class Account {
  private readonly records: Record<string, number> = {};
  private readonly deleted: Record<string, number> = {};
  private readonly faults: Record<string, number> = {};
  private parked = 0;

  constructor(
    private readonly random: Random,
    private readonly rates: FaultRates,
  ) {}

  static rates(overrides: FaultRates = {}, faultless = false): FaultRates {
    const usual: FaultRates = faultless
      ? Object.fromEntries(Object.keys(usualFaults).map(name => [name, 0]))
      : usualFaults;
    return { ...usual, ...overrides };
  }

  /** Decides whether to make a fault here; a fault that is made is counted. */
  commits(fault: FaultName): boolean {
    const committed = this.random.chance(this.rates[fault] ?? 0);
    if (committed) this.count(fault);
    return committed;
  }
  count(fault: string): void {
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
  }

  stands(table: TableName): void {
    this.add(this.records, table, 1);
  }
  /** An existing record is removed. */
  goes(table: TableName): void {
    this.add(this.records, table, -1);
    this.add(this.deleted, table, 1);
  }
  isParked(): void {
    this.parked++;
  }
  private add(counts: Record<string, number>, table: TableName, by: number): void {
    const kind = kindOf[table];
    counts[kind] = (counts[kind] ?? 0) + by;
  }

  ledger(): Ledger {
    const { records, deleted, parked, faults } = this;
    return { records: { ...records }, deleted: { ...deleted }, parked, faults: { ...faults } };
  }
}

/** Everything that was written before the system starts. */
export class Backlog {
  private readonly rows: LogRow[] = [];

  constructor(
    private readonly account: Account,
    private readonly random: Random,
  ) {}

  /** One record with its versions, oldest first; a last deletion counts it as deleted. */
  tell(table: TableName, guid: string, versions: readonly Version[]): void {
    this.account.stands(table);
    if (versions.at(-1)?.operation === 'D') this.account.goes(table);
    const rows = versions.map(version => logRow(table, guid, version));
    if (rows.length > 1 && this.account.commits('outOfOrder')) rows[0] = this.later(rows[0]!, rows.at(-1)!.writtenAt);
    for (const row of rows) {
      this.rows.push(row);
      if (this.account.commits('doubled')) this.rows.push(this.later(row, row.writtenAt));
    }
  }

  /** One row that cannot be read. */
  tellUnreadable(table: TableName, guid: string, version: Version): void {
    this.account.isParked();
    this.rows.push(logRow(table, guid, version));
  }

  private later(row: LogRow, than: string): LogRow {
    return { ...row, writtenAt: `${addDays(than.slice(0, 10), 1 + this.random.below(5))}${than.slice(10)}` };
  }

  inOrderOfWriting(): LogRow[] {
    return this.rows.sort((a, b) => (a.writtenAt < b.writtenAt ? -1 : a.writtenAt > b.writtenAt ? 1 : 0));
  }
}
