/**
 * Cursors of streams: each holds a position and, as a digest, for whom and which operation it was made, under the hub's
 * signature. They hold nothing of a record and nobody's name.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { HubError } from '../domain/error-codes.ts';

const keyBytes = 32;
const version = 2;
const ownerBytes = 8;
const signatureBytes = 12;
const bodyBytes = 1 + 6 + ownerBytes;
const largestPosition = 2 ** 48 - 1;
/** All cursors have the same length, so a text with a gap for one can be written once for many readers. */
export const cursorLength = ((bodyBytes + signatureBytes) * 4) / 3;

/** For whom and which operation cursors are: a digest under the hub's key, which nobody can reverse. */
export type CursorOwner = Buffer;

export class Cursors {
  private readonly key: Buffer;
  /** The key followed by a body: the bytes that are signed. */
  private readonly signed = Buffer.alloc(keyBytes + bodyBytes);

  /** @param secret of this installation, the same in every process of the hub */
  constructor(secret: string) {
    this.key = createHmac('sha256', 'outpost-hub cursors').update(secret).digest();
    this.key.copy(this.signed);
  }

  owner(...words: readonly string[]): CursorOwner {
    return createHmac('sha256', this.key).update(JSON.stringify(words)).digest().subarray(0, ownerBytes);
  }

  /** The cursor after a change. Takes about a microsecond: every delivered event has one. */
  sign(position: number, owner: CursorOwner): string {
    const { signed } = this;
    signed[keyBytes] = version;
    signed.writeUIntBE(position, keyBytes + 1, 6);
    owner.copy(signed, keyBytes + 7);
    const cursor = Buffer.allocUnsafe(bodyBytes + signatureBytes);
    signed.copy(cursor, 0, keyBytes);
    this.signature().copy(cursor, bodyBytes, 0, signatureBytes);
    return cursor.toString('base64url');
  }

  /** The position that a cursor stands for. Throws CURSOR_MALFORMED and CURSOR_FOREIGN. */
  read(cursor: string, owner: CursorOwner): number {
    const position = this.peek(cursor);
    if (position === null) {
      throw new HubError(
        'CURSOR_MALFORMED',
        'The cursor was not made by this hub: use the last one that you processed',
      );
    }
    const given = Buffer.from(cursor, 'base64url').subarray(7, bodyBytes);
    if (timingSafeEqual(given, owner)) return position;
    throw new HubError(
      'CURSOR_FOREIGN',
      'The cursor was given to another reader, for another operation, or under other rights: begin anew, without `after`',
    );
  }

  /** The position of a cursor that this hub made, for whomever; null for others. */
  peek(cursor: string): number | null {
    const bytes = Buffer.from(cursor, 'base64url');
    if (bytes.length !== bodyBytes + signatureBytes || bytes[0] !== version) return null;
    // Other base64 spellings of the same bytes were not made here.
    if (bytes.toString('base64url') !== cursor) return null;
    bytes.copy(this.signed, keyBytes, 0, bodyBytes);
    const expected = this.signature().subarray(0, signatureBytes);
    return timingSafeEqual(bytes.subarray(bodyBytes), expected) ? bytes.readUIntBE(1, 6) : null;
  }

  /** The input has a fixed length and the digest is truncated, so nothing can be appended to what was signed. */
  private signature(): Buffer {
    return hash('sha256', this.signed, 'buffer');
  }
}

export const isPosition = (position: number): boolean =>
  Number.isInteger(position) && position >= 0 && position <= largestPosition;
