/** One operation of one reader in a stream: its position, and how its frames get to the reader. */
import type { HubError } from '../domain/error-codes.ts';
import type { CursorOwner } from './cursors.ts';
import type { Payload } from './payload.ts';

/** The reader's end of one operation, over any transport. */
export interface Sink {
  /** False once nothing more can be delivered. */
  readonly isOpen: boolean;
  /** Every message goes with a cursor, also where none was selected. */
  readonly needsCursor?: boolean;
  /** Bytes that the reader has not taken yet. */
  readonly waitingBytes: number;
  next(payload: Payload, cursor: string): void;
  /** Ends the operation; nothing is sent for it afterwards. With null it is complete. */
  end(error: EndOfStream | null): void;
  /** Resolves when the reader has taken everything, or is gone. */
  drained(): Promise<void>;
}

/** Why a stream ends before it is complete, and where the reader can resume. */
export interface EndOfStream {
  readonly error: HubError;
  /** Null before the first position is known. */
  readonly cursor: string | null;
  readonly position: number | null;
}

export class Member<R> {
  /** Everything until here has been delivered, or is not for this reader; null while the snapshot is under way. */
  position: number | null;
  /** Messages that were sent. */
  sequence = 0;
  /** Set when the reader was detached; sent with the next message. */
  lagged: { readonly from: number; readonly to: number } | null = null;
  /** Whether it has not reached the end of the log yet since it joined, or since it was detached. */
  isCatchingUp = true;
  private struckAtMs: number[] = [];

  constructor(
    readonly sink: Sink,
    /** For whom cursors are signed. */
    public owner: CursorOwner,
    /** Who reads; replaced when they renew their token. */
    public reader: R,
    position: number | null,
  ) {
    this.position = position;
  }

  get isOpen(): boolean {
    return this.sink.isOpen;
  }

  send(payload: Payload, cursor: string): void {
    if (!this.sink.isOpen) return;
    const told = this.lagged ? payload.withExtension(`"lagged":${JSON.stringify(this.lagged)}`) : payload;
    this.lagged = null;
    this.sequence += 1;
    this.sink.next(told, cursor);
  }

  /** Counts a slow-consumer strike; returns how many there were within the time. */
  strike(withinMs: number, nowMs: number = performance.now()): number {
    this.struckAtMs = [...this.struckAtMs.filter(at => nowMs - at < withinMs), nowMs];
    return this.struckAtMs.length;
  }
}
