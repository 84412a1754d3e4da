/** The agency's tables as they stand in its files: which columns, in which order. Files have no header line. */
const tables = {
  AC02: [
    ...['AAC001', 'AAC002', 'AAC003', 'AAC004', 'AAC006', 'AAB001', 'AAB998', 'AAB004'],
    ...['AAB301', 'AAE140', 'AAC008', 'AAC030', 'AAE036'],
  ],
  AC43: [
    ...['AAE072', 'AAC001', 'AAC002', 'AAC003', 'AAE140', 'AAE002', 'AAE019', 'AAA044'],
    ...['AAB033', 'AAE076', 'AAE036'],
  ],
  AC61: [
    ...['AAZ257', 'AAC001', 'AAC002', 'AAC003', 'AAE140', 'AAE145', 'AIC160', 'AAE010'],
    ...['AAE241', 'AAE116', 'AAE036'],
  ],
  CC03: [
    ...['ACC200', 'AAC001', 'AAC002', 'AAC003', 'ACC201', 'AAC013', 'AAE030', 'ACC021'],
    ...['AAB998', 'AAB004', 'AAB301', 'AAE013', 'AAE036'],
  ],
} as const satisfies Record<string, readonly string[]>;

export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as readonly TableName[];
export const columnsOf = (table: TableName): readonly string[] => tables[table];

/** The column that stands before the others in daily deltas: 1 added, 2 changed, 3 removed (操作类型). */
export const OPERATION = 'CZLX';

/** What the file of a row states about it. One object is shared by all rows of a file. */
export interface FileFacts {
  readonly table: TableName;
  /** True for every record of its table (全量), false for what changed (增量). */
  readonly whole: boolean;
  /** Orders the agency's files: a row's version is this and the number of its line. */
  readonly version: string;
  /** The time up to which the file is current, with offset. */
  readonly asOf: string;
}

/** One line of a file, cut into cells as they were written. */
export interface Row {
  readonly file: FileFacts;
  /** Number in the file, from 1. */
  readonly line: number;
  /** The operation's code; null in whole sets. */
  readonly operation: string | null;
  readonly cells: readonly string[];
}
