/** A row of the exchange database as the adapter handles it, and what all its tables have in common. */
import {
  readInstant,
  readInteger,
  readOperationCode,
  readText,
  required,
  type Source,
  versionOf,
} from '../kit/index.ts';

/** The tables in the order in which they are read: what cases refer to comes first. */
export const exchangeTables = [
  'zdjbxx',
  'bdcdj',
  'zjdsp',
  'ydzb',
  'up_pro_accept',
  'up_pro_process',
  'up_pro_special_procedure',
  'up_pro_result',
] as const;
export type ExchangeTable = (typeof exchangeTables)[number];

/** Columns by name, values as PostgreSQL prints them, so that no digit is lost. */
export type Row = Readonly<Record<string, string | null>>;
export interface Native {
  readonly table: ExchangeTable;
  readonly row: Row;
}

/** Within one batch an insertion precedes an update, and both precede a deletion, whatever the order of writing. */
const operations = ['I', 'U', 'D'] as const;
type Operation = (typeof operations)[number];

export function readOperation(row: Row): Operation {
  return required('cd_operation', readOperationCode('cd_operation', operations, row.cd_operation));
}

/** Time of the batch, then the operation, then the place in the exchange log: the last one decides true ties. */
export function readSource(row: Row): Source {
  const sourceId = required('row_guid', readText(row.row_guid));
  const asOf = required('cd_time', readInstant('cd_time', row.cd_time));
  const place = required('jhxh', readInteger('jhxh', row.jhxh));
  return { sourceId, asOf, version: versionOf(asOf, operations.indexOf(readOperation(row)), place) };
}

/** The national tables do not count re-reports: the second of the batch is used, as it grows with every re-report. */
export const readDataVersion = (row: Row): number =>
  Math.floor(Date.parse(required('cd_time', readInstant('cd_time', row.cd_time))) / 1000);
