/**
 * JSON as the bytes that leave, written value by value: an answer is never a string, so nothing of it is joined, copied
 * into what is around it, or encoded at the end.
 */
const firstBytes = 64 * 1024;
/** What had to grow further for one answer is given back behind it. */
const keptBytes = 4 * 1024 * 1024;
/** From here on the platform's own way is faster than a character at a time. */
const longText = 400;
const widest = 3;
const [quote, backslash, colon, plus, bigT, bigZ] = [34, 92, 58, 43, 84, 90];
/** `2026-11-23`: behind it stands the time of a day. */
const dayLength = 10;

export class JsonWriter {
  private bytes = Buffer.allocUnsafeSlow(firstBytes);
  private at = 0;

  get length(): number {
    return this.at;
  }
  /** Forgets what was written since then. */
  rewind(length: number): void {
    this.at = length;
  }
  /** What was written since then, out of here. */
  take(from: number): Buffer {
    const taken = Buffer.from(this.bytes.subarray(from, this.at));
    this.at = from;
    if (from === 0 && this.bytes.length > keptBytes) this.bytes = Buffer.allocUnsafeSlow(firstBytes);
    return taken;
  }

  /** JSON already. */
  json(text: string): true {
    const { length } = text;
    this.reserve(length * widest);
    if (length > longText) {
      this.at += this.bytes.write(text, this.at);
      return true;
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
    return true;
  }

  /** A string in which nothing has to be escaped. */
  quoted(text: string): true {
    this.byte(quote);
    this.json(text);
    return this.byte(quote);
  }

  /** Any string. */
  text(text: string): true {
    const { length } = text;
    if (length > longText) return this.json(JSON.stringify(text));
    this.reserve(length * widest + 2);
    const { bytes } = this;
    let { at } = this;
    bytes[at++] = quote;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code === quote || code === backslash || isSurrogate(code)) {
        return this.json(JSON.stringify(text));
      }
      if (code < 0x80) bytes[at++] = code;
      else at = writeWide(bytes, at, code);
    }
    bytes[at++] = quote;
    this.at = at;
    return true;
  }

  /** An instant as PostgreSQL writes it, in ISO 8601 (as `isoInstant`, without a string between). */
  instant(text: string): true {
    const { length } = text;
    this.reserve(length + 3);
    const { bytes } = this;
    let { at } = this;
    bytes[at++] = quote;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code === plus) {
        bytes[at++] = bigZ;
        break;
      }
      bytes[at++] = i === dayLength ? bigT : code;
    }
    bytes[at++] = quote;
    this.at = at;
    return true;
  }

  /** The global id of a record. */
  id(type: string, id: string): true {
    this.byte(quote);
    this.json(type);
    this.byte(colon);
    this.json(id);
    return this.byte(quote);
  }

  private byte(code: number): true {
    this.reserve(1);
    this.bytes[this.at++] = code;
    return true;
  }
  private reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + more));
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
