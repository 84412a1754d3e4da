/**
 * Where in a closed segment a person's entries stand, so that a report reads them and not everything. A header of counts
 * by the first 12 bits of the id, then fixed records in that order: a look-up reads the header's two numbers and one
 * small group. Ids are keyed hashes, so the groups are even.
 */
import { open, rename, writeFile } from 'node:fs/promises';

const groups = 4096;
const headerBytes = (groups + 1) * 4;
/** The id (16 bytes), the offset of the line (6), its length (4). */
const recordBytes = 26;

const idBytes = (subject: string): Buffer | null => {
  const hex = subject.replaceAll('-', '');
  return /^[0-9a-f]{32}$/.test(hex) ? Buffer.from(hex, 'hex') : null;
};
const groupOf = (bytes: Buffer, at = 0): number => bytes.readUInt16BE(at) >> 4;

/** The sixteen bytes of an id; false where it is none. For so few, Buffer's own ways cost more than the bytes. */
function writeId(subject: string, into: Buffer, at: number): boolean {
  let digits = 0;
  let half = 0;
  for (let i = 0; i < subject.length; i++) {
    const code = subject.charCodeAt(i);
    if (code === dash) continue;
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1;
    if (digit < 0 || digits === 32) return false;
    if (digits % 2) into[at + (digits >> 1)] = half | digit;
    else half = digit << 4;
    digits += 1;
  }
  return digits === 32;
}
const dash = 45;

/** Collects while a segment is written. */
export class SubjectIndex {
  private records = Buffer.allocUnsafe(recordBytes * 256);
  private used = 0;

  add(subjects: readonly string[], offset: number, length: number): void {
    for (const subject of subjects) {
      if (this.used + recordBytes > this.records.length) this.grow();
      if (!writeId(subject, this.records, this.used)) continue;
      this.records.writeUIntBE(offset, this.used + 16, 6);
      this.records.writeUInt32BE(length, this.used + 22);
      this.used += recordBytes;
    }
  }
  private grow(): void {
    const larger = Buffer.allocUnsafe(this.records.length * 2);
    this.records.copy(larger);
    this.records = larger;
  }

  /** Header and records, grouped in one pass; within a group in the order of the log. */
  bytes(): Buffer {
    const starts = new Uint32Array(groups + 1);
    for (let at = 0; at < this.used; at += recordBytes) starts[groupOf(this.records, at) + 1]! += 1;
    for (let group = 0; group < groups; group++) starts[group + 1]! += starts[group]!;
    const out = Buffer.allocUnsafe(headerBytes + this.used);
    starts.forEach((start, group) => {
      out.writeUInt32BE(start, group * 4);
    });
    const next = starts.slice();
    for (let at = 0; at < this.used; at += recordBytes) {
      const place = next[groupOf(this.records, at)]!++;
      this.records.copy(out, headerBytes + place * recordBytes, at, at + recordBytes);
    }
    return out;
  }

  /** Whole or not at all. */
  async write(file: string): Promise<void> {
    await writeFile(`${file}.draft`, this.bytes(), { mode: 0o600 });
    await rename(`${file}.draft`, file);
  }
}

/** Places of a person's entries in the segment of this index. Throws when there is no index. */
export async function findInIndex(file: string, subject: string): Promise<{ offset: number; length: number }[]> {
  const id = idBytes(subject);
  if (!id) return [];
  const handle = await open(file, 'r');
  try {
    const bounds = Buffer.alloc(8);
    await handle.read(bounds, 0, 8, groupOf(id) * 4);
    const [from, to] = [bounds.readUInt32BE(0), bounds.readUInt32BE(4)];
    const group = Buffer.alloc((to - from) * recordBytes);
    await handle.read(group, 0, group.length, headerBytes + from * recordBytes);
    const places: { offset: number; length: number }[] = [];
    for (let at = 0; at < group.length; at += recordBytes) {
      if (group.compare(id, 0, 16, at, at + 16) !== 0) continue;
      places.push({ offset: group.readUIntBE(at + 16, 6), length: group.readUInt32BE(at + 22) });
    }
    return places;
  } finally {
    await handle.close();
  }
}
