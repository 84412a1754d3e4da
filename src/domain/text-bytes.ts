/** Text written value by value as the UTF-8 bytes that leave: no string is joined first and encoded at the end. */
const firstBytes = 4 * 1024;
const noBytes = Buffer.alloc(0);
/** From this length on the platform's own encoder is faster than a character at a time. */
const longText = 400;
const widest = 3;

export class TextBytes {
  protected bytes = noBytes;
  protected at = 0;

  get length(): number {
    return this.at;
  }
  /** Forgets what was written after `length`. */
  rewind(length: number): void {
    this.at = Math.min(this.at, length);
  }
  /**
   * Takes out what was written since `from`. Taking everything takes the memory too, which is then never written again.
   */
  take(from: number): Buffer {
    const taken = this.bytes.subarray(from, this.at);
    this.at = from;
    if (from > 0) return Buffer.from(taken);
    this.bytes = noBytes;
    return taken;
  }

  /** Text as it is. */
  plain(text: string): void {
    const { length } = text;
    this.reserve(length * widest);
    if (length > longText) {
      this.at += this.bytes.write(text, this.at);
      return;
    }
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x80) bytes[at++] = code;
      else if (isSurrogate(code)) {
        at += bytes.write(text.slice(i), at);
        break;
      } else at = writeWide(bytes, at, code);
    }
    this.at = at;
  }

  /**
   * Writes text unchanged if it holds neither a control character nor one of these two. Returns false, and writes
   * nothing, where it may hold one, or is long.
   */
  protected simple(text: string, one: number, other: number): boolean {
    const { length } = text;
    if (length > longText) return false;
    this.reserve(length * widest);
    const { bytes } = this;
    let { at } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x80) {
        if (code < 0x20 || code === one || code === other) return false;
        bytes[at++] = code;
      } else if (isSurrogate(code)) return false;
      else at = writeWide(bytes, at, code);
    }
    this.at = at;
    return true;
  }

  protected byte(code: number): void {
    this.reserve(1);
    this.bytes[this.at++] = code;
  }
  protected reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    // `Buffer.alloc` fills the memory with zeros, so data from earlier use of it cannot leak.
    const larger = Buffer.alloc(Math.max(firstBytes, this.bytes.length * 2, this.at + more));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}

const isSurrogate = (code: number) => code >= 0xd800 && code <= 0xdfff;

/** Writes a character beyond ASCII, in two or three bytes; returns the next position. */
function writeWide(bytes: Uint8Array, at: number, code: number): number {
  if (code < 0x800) bytes[at++] = 0xc0 | (code >> 6);
  else {
    bytes[at++] = 0xe0 | (code >> 12);
    bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
  }
  bytes[at++] = 0x80 | (code & 0x3f);
  return at;
}
