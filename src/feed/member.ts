/** One operation of one reader in a stream: where it stands, and how its frames get to the reader. */
import type { HubError } from '../domain/error-codes.ts';
import type { CursorOwner } from './cursors.ts';
import type { Payload } from './payload.ts';

/** The reader's end of one operation, over whatever road. */
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

/** Why a stream ends before it is complete, and where the reader goes on. */
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
  /** Set when the reader was left behind: told with the next message. */
  lagged: { readonly from: number; readonly to: number } | null = null;
  /** Has not been at the end of the log yet since it came, or since it was left behind. */
  isCatchingUp = true;
  private relapsedAtMs: number[] = [];

  constructor(
    readonly sink: Sink,
    /** For whom cursors are signed. */
    public owner: CursorOwner,
    /** Who reads; another one once he has renewed his token. */
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

  /** Counts a relapse; how many there were within the time. */
  relapse(withinMs: number, nowMs: number = performance.now()): number {
    this.relapsedAtMs = [...this.relapsedAtMs.filter(at => nowMs - at < withinMs), nowMs];
    return this.relapsedAtMs.length;
  }
}
