/**
 * Names of the agency's files. `AC02_ALL_202610_000101.txt` is the whole set of a table at the end of a month,
 * `AC02_INC_20261103_000102.txt` the changes of a day; the last part numbers a table's exports. Each has a control file
 * of the same name with `.ctl`. Files with other names (partial uploads, notes) are ignored.
 */
import { readDate, versionOf } from '../kit/index.ts';
import type { TableName } from './layout.ts';

export interface DataFile {
  readonly name: string;
  readonly control: string;
  readonly table: TableName;
  readonly whole: boolean;
  /** As written: `202610` or `20261103`. */
  readonly period: string;
  /** The first day that it covers, with dashes; null where the name holds no month or day of the calendar. */
  readonly firstDay: string | null;
  readonly serial: number;
  /** By the last day that it covers, then by its number: the set of October comes before the changes of 1 November. */
  readonly version: string;
}

const pattern = /^(AC02|AC43|AC61|CC03)_(?:ALL_(\d{6})|INC_(\d{8}))_(\d{6})\.txt$/;

const lastDayOf = (month: string): string => {
  const firstOfNext = Date.UTC(Number(month.slice(0, 4)), Number(month.slice(4)), 1);
  return new Date(firstOfNext - 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
};

/** Null for every other file of the folder. */
export function findDataFile(name: string): DataFile | null {
  const [, table, month, day, serial] = pattern.exec(name) ?? [];
  if (!table || !serial) return null;
  const period = month ?? day ?? '';
  const firstDay = findDay(month ? `${month}01` : period);
  return {
    name,
    control: name.replace(/txt$/, 'ctl'),
    table: table as TableName,
    whole: month !== undefined,
    period,
    firstDay,
    serial: Number(serial),
    version: versionOf(month && firstDay ? lastDayOf(month) : period, Number(serial)),
  };
}

function findDay(digits: string): string | null {
  if (!digits.startsWith('20')) return null;
  try {
    return readDate('PERIOD', digits);
  } catch {
    return null;
  }
}
