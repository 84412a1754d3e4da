/**
 * The formats of an export. A writer writes a head, rows as they come, and an end, and holds no more than a few
 * thousand rows.
 */
import { type ExportColumn, type ExportRow, textOf, valueAt } from './columns.ts';

export interface Writer {
  head(): Uint8Array;
  rows(rows: readonly ExportRow[]): Uint8Array;
  end(): Uint8Array;
}
export interface FileFormat {
  readonly type: string;
  open(columns: readonly ExportColumn[], options: { readonly bom: boolean }): Promise<Writer>;
}

const bytes = (text: string) => Buffer.from(text, 'utf8');
const nothing = new Uint8Array();

/**
 * RFC 4180, UTF-8. A text that a spreadsheet would take for a formula is prefixed by an apostrophe. With a byte order
 * mark, which only Excel needs, digits that Excel would change (of an identity number it keeps fifteen, and no zeros in
 * front) are written as `="371482199003071077"`, which it shows as they are.
 */
const csv: FileFormat = {
  type: 'text/csv; charset=utf-8; header=present',
  open: async (columns, { bom }) => {
    const line = (cells: readonly string[]) => `${cells.join(',')}\r\n`;
    return {
      head: () => bytes((bom ? '\uFEFF' : '') + line(columns.map(({ name }) => csvCell(name)))),
      rows: rows =>
        bytes(rows.map(row => line(columns.map(({ path, kind }) => cellOf(valueAt(row, path), kind, bom)))).join('')),
      end: () => nothing,
    };
  },
};
const cellOf = (value: unknown, kind: ExportColumn['kind'], forExcel: boolean) => {
  const text = textOf(value, kind);
  if (text === null) return '';
  if (kind === 'integer' || kind === 'float') return text;
  return forExcel && /^(\d{16,}|0\d+)$/.test(text) ? `"=""${text}"""` : csvCell(text);
};
export function csvCell(text: string): string {
  // A number is no formula, though it may begin with a minus.
  const safe = /^[=+\-@\t\r＝＋－＠]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const ndjson: FileFormat = {
  type: 'application/x-ndjson; charset=utf-8',
  open: async () => ({
    head: () => nothing,
    rows: rows => bytes(rows.map(row => `${JSON.stringify(row)}\n`).join('')),
    end: () => nothing,
  }),
};

/** An IPC stream: its schema, a batch for each page, and the end-of-stream mark. */
const arrow: FileFormat = {
  type: 'application/vnd.apache.arrow.stream',
  open: async columns => {
    // The library is large, so it is loaded only when it is needed.
    const arrow = await import('apache-arrow');
    const types = {
      text: new arrow.Utf8(),
      json: new arrow.Utf8(),
      integer: new arrow.Int32(),
      float: new arrow.Float64(),
      flag: new arrow.Bool(),
    };
    const schema = new arrow.Schema(columns.map(({ name, kind }) => new arrow.Field(name, types[kind], true)));
    const streamOf = (rows: readonly ExportRow[]): Uint8Array => {
      const vectors = columns.map(({ path, kind }) =>
        arrow.vectorFromArray(
          rows.map(row => (kind === 'text' || kind === 'json' ? textOf(valueAt(row, path), kind) : valueAt(row, path))),
          types[kind],
        ),
      );
      const children = vectors.map(vector => vector.data[0]!);
      const data = arrow.makeData({
        type: new arrow.Struct(schema.fields),
        length: rows.length,
        nullCount: 0,
        children,
      });
      const batches = rows.length ? [new arrow.RecordBatch(schema, data as never)] : [];
      return arrow.tableToIPC(new arrow.Table(schema, batches), 'stream');
    };
    // Every stream begins with the same schema and ends with the same eight bytes, and the batches are between them.
    const endLength = 8;
    const empty = streamOf([]);
    const headLength = empty.length - endLength;
    return {
      head: () => empty.subarray(0, headLength),
      rows: rows => (rows.length ? streamOf(rows).subarray(headLength, -endLength) : nothing),
      end: () => empty.subarray(headLength),
    };
  },
};

/** Rows of a row group, the unit in which Parquet compresses and describes columns. */
const parquetGroup = 5_000;
const parquet: FileFormat = {
  type: 'application/vnd.apache.parquet',
  open: async columns => {
    const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
    const elements = {
      text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
      json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
      integer: { type: 'INT32' },
      float: { type: 'DOUBLE' },
      flag: { type: 'BOOLEAN' },
    } as const;
    const schema = [
      { name: 'rows', num_children: columns.length },
      ...columns.map(({ name, kind }) => ({ name, ...elements[kind], repetition_type: 'OPTIONAL' as const })),
    ];
    const sink = new ByteWriter();
    const writer = new ParquetWriter({ writer: sink, schema, createdBy: 'outpost-hub' });
    const waiting: ExportRow[] = [];
    const flush = () => {
      const rows = waiting.splice(0);
      const columnData = columns.map(({ name, path, kind }) => ({
        name,
        data: rows.map(row =>
          kind === 'text' || kind === 'json' ? textOf(valueAt(row, path), kind) : valueAt(row, path),
        ),
      }));
      if (rows.length) writer.write({ columnData: columnData as never, rowGroupSize: parquetGroup });
    };
    const taken = (): Uint8Array => {
      const written = sink.getBytes().slice();
      sink.index = 0;
      return written;
    };
    return {
      head: taken,
      rows: rows => {
        waiting.push(...rows);
        if (waiting.length >= parquetGroup) flush();
        return taken();
      },
      end: () => {
        flush();
        writer.finish();
        return taken();
      },
    };
  },
};

export const formats = { csv, ndjson, arrow, parquet } as const satisfies Record<string, FileFormat>;
export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as FormatName[];
