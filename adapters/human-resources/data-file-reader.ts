/** A data file whose digest was verified, read in pages of lines with at most one block in memory. */
import { createHash } from 'node:crypto';
import type { Item } from '../kit/index.ts';
import { type ControlFile, malformed } from './control-file.ts';
import type { DataFile } from './file-name.ts';
import type { FileFacts, Row } from './layout.ts';
import { EncodingMeter, LineMeter, measureLines, readLines } from './lines.ts';
import type { Place } from './position.ts';
import type { SftpFolder } from './sftp-folder.ts';

const BLOCK_BYTES = 1 << 20;
/** Far above any line of the layout. */
const LONGEST_LINE_BYTES = 64 << 10;
/** A page of the longest lines would be a hundred times larger, so the bytes of a page are bounded too. */
const LARGEST_PAGE_BYTES = 8 << 20;

export class DataFileReader {
  private block: Buffer = Buffer.alloc(0);
  private blockStart = 0;
  private readonly facts: FileFacts;

  private constructor(
    readonly file: DataFile,
    readonly control: ControlFile,
    private readonly size: number,
  ) {
    this.facts = { table: file.table, whole: file.whole, version: file.version, asOf: control.asOf };
  }

  /** Reads the whole file once, or as much as is plausible. Throws MALFORMED unless it matches its control file. */
  static async prove(
    folder: SftpFolder,
    { file, control, listedBytes }: { file: DataFile; control: ControlFile; listedBytes: number },
    signal: AbortSignal,
  ) {
    const hash = createHash('sha256');
    const meter = new LineMeter();
    const encoding = new EncodingMeter();
    let size = 0;
    const take = (part: Buffer) => {
      hash.update(part);
      meter.add(part);
      encoding.add(part);
      size += part.length;
      if (meter.longest > LONGEST_LINE_BYTES) throw malformed(file, 'has lines far longer than its layout');
      if (size > listedBytes) throw malformed(file, 'is longer than the folder says');
    };
    await folder.scan(file.name, {}, take, signal);
    if (meter.lines !== control.rows) {
      throw malformed(file, `has ${meter.lines} rows, its control file says ${control.rows}`);
    }
    if (hash.digest('hex') !== control.sha256) throw malformed(file, 'has another digest than its control file says');
    if (encoding.isUtf8) throw malformed(file, 'is UTF-8, and GB18030 is agreed');
    return new DataFileReader(file, control, size);
  }

  /** The position of the first page. */
  get beginning(): Place {
    return { file: this.file.name, sha256: this.control.sha256, offset: 0, lines: 0 };
  }

  isAt(place: Place | null): place is Place {
    return place?.file === this.file.name && place.sha256 === this.control.sha256;
  }

  /** Items of at most `limit` lines from a position on; `next` is null at the end of the file. */
  async page(
    folder: SftpFolder,
    place: Place,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ items: Item<Row>[]; next: Place | null }> {
    this.forget(place.offset);
    let { end, lines } = measureLines(this.block, 0, limit);
    while (lines < limit && this.blockEnd < this.size && (lines === 0 || this.block.length < LARGEST_PAGE_BYTES)) {
      const more = await folder.read(this.file.name, this.blockEnd, this.blockEnd + BLOCK_BYTES, signal);
      if (more.length === 0) throw malformed(this.file, 'became shorter while it was read');
      this.block = Buffer.concat([this.block, more]);
      ({ end, lines } = measureLines(this.block, 0, limit));
    }
    // The last line may lack its line feed.
    if (lines < limit && this.blockEnd >= this.size && end < this.block.length) end = this.block.length;
    const items = readLines(this.block.subarray(0, end), this.facts, place.lines);
    const offset = place.offset + end;
    return { items, next: offset >= this.size ? null : { ...place, offset, lines: place.lines + lines } };
  }

  private get blockEnd(): number {
    return this.blockStart + this.block.length;
  }

  /** Drops the bytes before an offset from memory; drops all of them when a page is asked for again. */
  private forget(offset: number): void {
    const held = offset >= this.blockStart && offset <= this.blockEnd;
    this.block = held ? this.block.subarray(offset - this.blockStart) : Buffer.alloc(0);
    this.blockStart = offset;
  }
}
