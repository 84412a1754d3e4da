/**
 * Turns bytes of a file into items: decodes GB18030 and splits at pipes; an unreadable line becomes an unreadable item.
 */
import type { Item } from '../kit/index.ts';
import { columnsOf, type FileFacts, OPERATION, type Row } from './layout.ts';

const LINE_FEED = 0x0a;
const UNDECODABLE = '\uFFFD';
/** Node's own decoder knows the edition of 2022, which gave code points to characters that were private before. */
const gb18030 = new TextDecoder('gb18030');
/**
 * Finds out whether a file that is read in parts is UTF-8 in spite of the agreement. Chinese characters have three bytes
 * there, which GB18030 text of some length never has by chance; a few of its characters look like letters of two bytes.
 */
export class EncodingMeter {
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private isValid = true;
  private han = 0;
  private letters = 0;

  add(part: Uint8Array): void {
    if (this.isValid) this.count(() => this.decoder.decode(part, { stream: true }));
  }
  get isUtf8(): boolean {
    if (this.isValid) this.count(() => this.decoder.decode());
    return this.isValid && this.han > this.letters;
  }
  private count(decode: () => string): void {
    try {
      const text = decode();
      this.han += text.match(/[\p{Script=Han}\ufeff]/gu)?.length ?? 0;
      this.letters += text.match(/[\u0080-\u00b6\u00b8-\u07ff]/g)?.length ?? 0;
    } catch {
      this.isValid = false;
    }
  }
}

/** Counts the lines of a file that is read in parts. */
export class LineMeter {
  /** Whole lines, and the bytes since the last line feed. */
  private feeds = 0;
  private open = 0;
  /** Length of the longest line, in bytes. */
  longest = 0;

  add(part: Uint8Array): void {
    let start = 0;
    for (let at = part.indexOf(LINE_FEED); at >= 0; at = part.indexOf(LINE_FEED, start)) {
      this.longest = Math.max(this.longest, this.open + at - start);
      this.open = 0;
      this.feeds++;
      start = at + 1;
    }
    this.open += part.length - start;
    this.longest = Math.max(this.longest, this.open);
  }

  /** The last line counts with or without its line feed. */
  get lines(): number {
    return this.feeds + (this.open > 0 ? 1 : 0);
  }
}

/** Where the line after at most `limit` whole lines begins, from `start` on, and how many whole lines there were. */
export function measureLines(bytes: Uint8Array, start: number, limit: number): { end: number; lines: number } {
  let end = start;
  let lines = 0;
  while (lines < limit) {
    const feed = bytes.indexOf(LINE_FEED, end);
    if (feed < 0) break;
    end = feed + 1;
    lines++;
  }
  return { end, lines };
}

/**
 * Items of whole lines. Decoded before they are split at pipes: a pipe (0x7C) is the second byte of many characters. A
 * line feed is part of none, so lines may be split first.
 */
export function readLines(bytes: Buffer, file: FileFacts, linesBefore: number): Item<Row>[] {
  const lines = gb18030.decode(bytes).split('\n');
  const items: Item<Row>[] = [];
  let line = linesBefore;
  let start = 0;
  const encoding = new EncodingMeter();
  encoding.add(bytes);
  const foreign = encoding.isUtf8;
  const damaged = foreign || lines.some(text => text.includes(UNDECODABLE));
  for (const text of lines) {
    line++;
    let raw = text;
    if (damaged) {
      const feed = bytes.indexOf(LINE_FEED, start);
      const end = feed < 0 ? bytes.length : feed;
      const isForeign = foreign && /[^ -~\r]/.test(text);
      if (isForeign || text.includes(UNDECODABLE)) {
        const reason = isForeign ? 'is UTF-8, not GB18030' : 'has bytes that are not GB18030';
        items.push(unreadable(Uint8Array.from(bytes.subarray(start, end)), reason));
        raw = '';
      }
      start = end + 1;
    }
    if (raw.endsWith('\r')) raw = raw.slice(0, -1);
    if (raw !== '') items.push(readLine(raw, file, line));
  }
  return items;
}

const unreadable = (raw: string | Uint8Array, reason: string): Item<Row> => ({
  raw,
  unreadable: { field: 'line', reason },
});

function readLine(raw: string, file: FileFacts, line: number): Item<Row> {
  const cells = raw.split('|');
  const expected = columnsOf(file.table).length + (file.whole ? 0 : 1);
  if (cells.length !== expected) return unreadable(raw, `has ${cells.length} columns instead of ${expected}`);
  const operation = file.whole ? null : (cells.shift() ?? OPERATION);
  return { raw, native: { file, line, operation, cells } };
}
