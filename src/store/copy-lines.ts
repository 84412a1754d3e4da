/** Rows as COPY reads them, in the bytes that leave: of a page no row is ever a string. */
import { TextBytes } from '../domain/text-bytes.ts';

const [tab, newline, backslash] = [9, 10, 92];
/** As long as a moment in microseconds. */
const room = '2026-11-23T01:30:00.123456Z'.length;

/** Where a row stands among the others. */
export interface Line {
  readonly from: number;
  readonly to: number;
}

export class CopyLines extends TextBytes {
  private readonly rows: Line[] = [];

  /** A cell: text, number or flag as it is, an object as JSON. */
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

  /** Ends a row that was begun at `from`. Room is left for a last cell, which is the same for all and known last. */
  endRow(from: number): Line {
    this.reserve(room + 1);
    this.at += room;
    this.byte(newline);
    const line = { from, to: this.at };
    this.rows.push(line);
    return line;
  }

  /** Rows, all or some, with the last cell, of at most 27 ASCII characters. The bytes are good until the next call. */
  withLast(last: string, lines: readonly Line[] = this.rows): Buffer {
    const cell = Buffer.from(last.padStart(room)); // PostgreSQL skips the spaces before a number or a time
    for (const { to } of lines) this.bytes.set(cell, to - 1 - room);
    if (lines.length === this.rows.length) return this.bytes.subarray(0, this.at);
    return Buffer.concat(lines.map(({ from, to }) => this.bytes.subarray(from, to)));
  }

  /** What was written since then, where it stands. */
  since(from: number): Buffer {
    return this.bytes.subarray(from, this.at);
  }
}

const special = /[\\\n\r\t]/g;
const spelled: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
