/** Text written as the UTF-8 bytes that leave, value by value: nothing is joined first and encoded at the end. */
const firstBytes = 4 * 1024;
const noBytes = Buffer.alloc(0);
/** From here on the platform's own way is faster than a character at a time. */
const longText = 400;
const widest = 3;

export class TextBytes {
  protected bytes = noBytes;
  protected at = 0;

  get length(): number {
    return this.at;
  }
  /** Forgets what was written since then. */
  rewind(length: number): void {
    this.at = Math.min(this.at, length);
  }
  /** What was written since then, out of here. Whoever takes everything takes the memory too: it is never written again. */
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
   * Text in which neither a control character nor one of these two stands, so that it is written as it is. False, and
   * nothing written, where it may hold one, or is long.
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
    // Memory that the process used before is not handed out: it is zeros until it is written.
    const larger = Buffer.alloc(Math.max(firstBytes, this.bytes.length * 2, this.at + more));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}

const isSurrogate = (code: number) => code >= 0xd800 && code <= 0xdfff;

/** More than ASCII, in two or three bytes; where the next one goes. */
function writeWide(bytes: Uint8Array, at: number, code: number): number {
  if (code < 0x800) bytes[at++] = 0xc0 | (code >> 6);
  else {
    bytes[at++] = 0xe0 | (code >> 12);
    bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
  }
  bytes[at++] = 0x80 | (code & 0x3f);
  return at;
}
