/**
 * Where in a closed segment a person's entries are, so that a report reads only them. The file has a header of counts
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

/** Writes the sixteen bytes of an id; false where it is none. For so few bytes, Buffer's own methods are slower. */
function writeId(subject: string, into: Uint8Array, at: number): boolean {
  if (subject.length !== uuidLength) return false;
  let faults = 0;
  for (let byte = 0, i = 0; byte < 16; byte++, i += 2) {
    if (subject.charCodeAt(i) === dash) i += 1;
    const high = digitOf[subject.charCodeAt(i)]!;
    const low = digitOf[subject.charCodeAt(i + 1)]!;
    faults |= high | low;
    into[at + byte] = (high << 4) | low;
  }
  return faults < 16;
}
const dash = 45;
const uuidLength = 36;
/** The value of each character; what is no digit gets a value above 15. */
const digitOf = new Uint8Array(65_536).fill(0xf0);
for (const [value, digit] of [...'0123456789abcdef'].entries()) digitOf[digit.charCodeAt(0)] = value;

/** Collects places while a segment is written. */
export class SubjectIndex {
  private records = Buffer.allocUnsafe(recordBytes * 256);
  private used = 0;
  /** The place of the entry that is being added. */
  private readonly place = Buffer.alloc(recordBytes - 16);

  add(subjects: readonly string[], offset: number, length: number): void {
    this.place.writeUIntBE(offset, 0, 6);
    this.place.writeUInt32BE(length, 6);
    for (const subject of subjects) {
      if (this.used + recordBytes > this.records.length) this.grow();
      if (!writeId(subject, this.records, this.used)) continue;
      this.place.copy(this.records, this.used + 16);
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

  /** Writes the whole file or nothing. */
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
