/** The text of an answer that goes to many readers: written once, with gaps where each reader's own cursor stands. */
import { randomBytes } from 'node:crypto';
import { cursorLength } from './cursors.ts';

/** Placeholder in an answer for a cursor: it has the length of a cursor, and nobody can predict it. */
export const cursorMark = `~${randomBytes(cursorLength).toString('base64url').slice(1, cursorLength)}`;

export class Payload {
  /** The text between the cursors. */
  private readonly parts: readonly Buffer[];
  /** Bytes of the whole text, cursors included. */
  readonly length: number;

  constructor(text: string) {
    this.parts = text.split(cursorMark).map(part => Buffer.from(part));
    this.length = this.parts.reduce((sum, part) => sum + part.length, 0) + (this.parts.length - 1) * cursorLength;
  }

  get hasCursor(): boolean {
    return this.parts.length > 1;
  }

  /** Writes the whole text at an offset; returns the offset after it. */
  copyTo(target: Buffer, offset: number, cursor: string): number {
    let at = offset;
    for (let i = 0; i < this.parts.length; i++) {
      if (i) at += target.write(cursor, at, 'latin1');
      at += this.parts[i]!.copy(target, at);
    }
    return at;
  }

  text(cursor: string): string {
    return this.parts.map(part => part.toString()).join(cursor);
  }

  /** The same answer, with something about the delivery itself: an object's members as JSON, `"lagged":{...}`. */
  withExtension(members: string): Payload {
    return new Payload(`${this.text(cursorMark).slice(0, -1)},"extensions":{${members}}}`);
  }
}
