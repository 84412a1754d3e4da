/** Rows in the text format of COPY, written as bytes: no row of a page is ever built as a string. */
import { TextBytes } from '../domain/text-bytes.ts';

const [tab, newline, backslash] = [9, 10, 92];
/** The length of a time in microseconds. */
const room = '2026-11-23T01:30:00.123456Z'.length;

/** The place of a row in the bytes. */
export interface CopyLine {
  readonly from: number;
  readonly to: number;
}

export class CopyLines extends TextBytes {
  private readonly rows: CopyLine[] = [];

  /** A cell: text, a number or a flag as it is, an object as JSON. */
  cell(value: unknown): void {
    if (typeof value === 'string') this.text(value);
    else if (value === null || value === undefined) this.plain('\\N');
    else if (typeof value === 'object') this.text(JSON.stringify(value));
    else this.plain(String(value));
    this.byte(tab);
  }

  private text(text: string): void {
    if (!this.simple(text, backslash, backslash)) this.plain(text.replace(special, found => spelled[found]!));
  }

  /** Ends a row that began at `from`. Leaves room for a last cell, which is the same for all rows and known last. */
  endRow(from: number): CopyLine {
    this.reserve(room + 1);
    this.at += room;
    this.byte(newline);
    const line = { from, to: this.at };
    this.rows.push(line);
    return line;
  }

  /** All or some rows with the last cell, of at most 27 ASCII characters. The bytes are valid until the next call. */
  withLast(last: string, lines: readonly CopyLine[] = this.rows): Buffer {
    const cell = Buffer.from(last.padStart(room)); // PostgreSQL skips the spaces before a number or a time
    for (const { to } of lines) this.bytes.set(cell, to - 1 - room);
    if (lines.length === this.rows.length) return this.bytes.subarray(0, this.at);
    return Buffer.concat(lines.map(({ from, to }) => this.bytes.subarray(from, to)));
  }

  /** The bytes written since `from`, without copying them. */
  since(from: number): Buffer {
    return this.bytes.subarray(from, this.at);
  }
}

const special = /[\\\n\r\t]/g;
const spelled: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
