/** Sends a subscription over a WebSocket: frames are assembled here and written to the raw socket. */
import type { Duplex } from 'node:stream';
import type { Context as WireContext } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { EndOfStream, Sink } from '../../feed/member.ts';
import type { Payload } from '../../feed/payload.ts';

/** A WebSocket and the raw socket under it, to which frames of streams are written directly. */
export class SocketLine {
  private draining: Promise<void> | null = null;

  constructor(
    readonly socket: WebSocket,
    private readonly raw: Duplex,
  ) {}

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN && !this.raw.destroyed;
  }
  get waitingBytes(): number {
    return this.raw.writableLength;
  }
  write(frame: Buffer): void {
    this.raw.write(frame);
  }
  /** Resolves when the client has taken everything, or is gone. */
  drained(): Promise<void> {
    if (!this.raw.writableLength || !this.isOpen) return Promise.resolve();
    this.draining ??= new Promise<void>(resolve => {
      const done = () => {
        this.raw.off('drain', done);
        this.raw.off('close', done);
        this.draining = null;
        resolve();
      };
      this.raw.on('drain', done);
      this.raw.on('close', done);
    });
    return this.draining;
  }
}

export class SocketSink implements Sink {
  private ended = false;
  private readonly head: Buffer;

  constructor(
    private readonly line: SocketLine,
    private readonly id: string,
    /** Operations that the protocol's server holds to be under way: it sends Complete only for these. */
    private readonly operations: WireContext['subscriptions'],
    private readonly errorOf: (end: EndOfStream) => object,
    private readonly onEnd: () => void,
  ) {
    this.head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  }

  get isOpen(): boolean {
    return !this.ended && this.line.isOpen;
  }
  get waitingBytes(): number {
    return this.line.waitingBytes;
  }
  drained(): Promise<void> {
    return this.line.drained();
  }

  next(payload: Payload, cursor: string): void {
    const { head } = this;
    const length = head.length + payload.length + 1;
    const start = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    const frame = Buffer.allocUnsafe(start + length);
    writeLength(frame, length);
    head.copy(frame, start);
    frame[payload.copyTo(frame, start + head.length, cursor)] = closingBrace;
    this.line.write(frame);
  }

  end(end: EndOfStream | null): void {
    if (this.ended) return;
    if (end && this.line.isOpen) {
      // No Complete may follow an Error.
      delete this.operations[this.id];
      this.line.socket.send(JSON.stringify({ id: this.id, type: 'error', payload: [this.errorOf(end)] }));
    }
    this.close();
  }

  /** Nothing more may be written: the client has completed the operation, or is gone. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.onEnd();
  }
}

const closingBrace = 0x7d;
/** First byte of a text frame that is not fragmented. */
const finalText = 0x81;

function writeLength(frame: Buffer, length: number): void {
  frame[0] = finalText;
  if (length < 126) frame[1] = length;
  else if (length < 65_536) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
}
