/** Writes JSON as bytes: an answer is never a string, so no part of it is joined or copied into what is around it. */
import { TextBytes } from '../domain/text-bytes.ts';

const [quote, backslash, colon, plus, bigT, bigZ] = [34, 92, 58, 43, 84, 90];
/** Length of `2026-11-23`, after which the time of day follows. */
const dayLength = 10;

export class JsonWriter extends TextBytes {
  /** Writes text that already is JSON. */
  json(text: string): true {
    this.plain(text);
    return true;
  }

  /** Writes a string in which nothing has to be escaped. */
  quoted(text: string): true {
    this.byte(quote);
    this.plain(text);
    this.byte(quote);
    return true;
  }

  /** Writes any string. */
  text(text: string): true {
    const { at } = this;
    this.byte(quote);
    if (this.simple(text, quote, backslash)) {
      this.byte(quote);
      return true;
    }
    this.rewind(at);
    return this.json(JSON.stringify(text));
  }

  /** Writes an instant of PostgreSQL's form in ISO 8601 (as `isoInstant`, but without a string in between). */
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

  /** Writes the global id of a record. */
  id(type: string, id: string): true {
    this.byte(quote);
    this.plain(type);
    this.byte(colon);
    this.plain(id);
    this.byte(quote);
    return true;
  }
}
