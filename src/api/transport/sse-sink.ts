/** Sends a subscription over server-sent events by the protocol graphql-sse: one response for one operation. */
import type { ServerResponse } from 'node:http';
import type { EndOfStream, Sink } from '../../feed/member.ts';
import type { Payload } from '../../feed/payload.ts';

export class SseSink implements Sink {
  private ended = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly errorOf: (end: EndOfStream) => object,
    private readonly onEnd: () => void,
  ) {
    response.once('close', () => this.close());
  }

  /**
   * The cursor goes with every event as its `id`, whether it was selected or not; a browser sends it when it
   * reconnects.
   */
  readonly needsCursor = true;

  get isOpen(): boolean {
    return !this.ended && !this.response.destroyed;
  }
  get waitingBytes(): number {
    return this.response.writableLength;
  }
  drained(): Promise<void> {
    if (!this.waitingBytes || !this.isOpen) return Promise.resolve();
    return new Promise(resolve => {
      const done = () => {
        this.response.off('drain', done);
        this.response.off('close', done);
        resolve();
      };
      this.response.on('drain', done);
      this.response.on('close', done);
    });
  }

  next(payload: Payload, cursor: string): void {
    // During a snapshot the id is empty, because there is nothing yet to continue from.
    const head = `id: ${cursor}\nevent: next\ndata: `;
    const frame = Buffer.allocUnsafe(head.length + payload.length + 2);
    frame.write(head, 'latin1');
    frame.write('\n\n', payload.copyTo(frame, head.length, cursor), 'latin1');
    this.response.write(frame);
  }

  /** Sends a single answer, for what is no stream. */
  answer(result: object): void {
    this.response.write(`event: next\ndata: ${JSON.stringify(result)}\n\n`);
  }

  /** Sends a comment, which clients ignore, such as how far the stream is. */
  comment(text: string): void {
    if (this.isOpen) this.response.write(`: ${text}\n\n`);
  }

  end(end: EndOfStream | null): void {
    if (this.ended) return;
    if (end && this.isOpen) {
      const { reconnectAfterMs } = end.error.details;
      if (typeof reconnectAfterMs === 'number') this.response.write(`retry: ${reconnectAfterMs}\n`);
      this.response.write(`id: ${end.cursor ?? ''}\n`);
      this.answer({ errors: [this.errorOf(end)] });
    }
    if (this.isOpen) this.response.end('event: complete\ndata: \n\n');
    this.close();
  }

  /** Nothing more can be delivered. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.onEnd();
  }
}
