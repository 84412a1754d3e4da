/** A client of the WebSocket protocol at the level of frames; it keeps everything that it received. */
import { once } from 'node:events';
import WebSocket from 'ws';

export interface Frame {
  readonly type: string;
  readonly id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a payload has the shape of its question
  readonly payload?: any;
}

/** The payload of pings and pongs. */
export interface Proof {
  readonly position: number;
  readonly at: string;
  readonly streams: Readonly<
    Record<string, { readonly sequence: number; readonly position: number; readonly cursor: string }>
  >;
}

export class Wire {
  readonly frames: Frame[] = [];
  /** Resolves with the closing code and the reason. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  private waiting: (() => void)[] = [];

  private constructor(readonly socket: WebSocket) {
    socket.on('message', text => {
      const frame = JSON.parse(String(text)) as Frame;
      this.frames.push(frame);
      if (frame.type === 'ping') this.say({ type: 'pong' });
      for (const wake of this.waiting.splice(0)) wake();
    });
    socket.on('error', () => {});
    this.closed = new Promise(resolve =>
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  /** Opens the socket, and greets with a token unless there is no greeting. */
  static async open(url: string, greeting?: { token: string | null; purpose?: string }): Promise<Wire> {
    const wire = new Wire(new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws'));
    await Promise.race([once(wire.socket, 'open'), wire.closed]);
    if (!greeting) return wire;
    const { token, purpose } = greeting;
    wire.say({ type: 'connection_init', payload: { ...(token && { authorization: `Bearer ${token}` }), purpose } });
    await wire.until(frame => frame.type === 'connection_ack');
    return wire;
  }

  say(frame: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }
  subscribe(id: string, query: string, variables: Readonly<Record<string, unknown>> = {}): void {
    this.say({ type: 'subscribe', id, payload: { query, variables } });
  }

  /** The first frame that fits, among those received and those to come; throws when the socket closes before. */
  async until(fits: (frame: Frame) => boolean, from = 0): Promise<Frame> {
    for (let looked = from; ; ) {
      for (; looked < this.frames.length; looked++) if (fits(this.frames[looked]!)) return this.frames[looked]!;
      const ended = await Promise.race([
        new Promise<null>(resolve => {
          this.waiting.push(() => resolve(null));
        }),
        this.closed,
      ]);
      if (ended) throw new Error(`The hub closed the socket with ${ended.code} ${ended.reason}`);
    }
  }

  /** Asks the hub for the position of every stream. */
  async proof(): Promise<Proof> {
    const looked = this.frames.length;
    this.say({ type: 'ping' });
    const { payload } = await this.until(({ type }) => type === 'pong', looked);
    return payload as Proof;
  }

  /** Resolves when a stream has reached the position or passed it; throws when a message of the stream is missing. */
  async proven(id: string, position: number): Promise<void> {
    for (;;) {
      const { streams } = await this.proof();
      if ((streams[id]?.position ?? -1) < position) continue;
      const pong = this.frames.findLastIndex(({ type }) => type === 'pong');
      const received = this.frames.slice(0, pong).filter(frame => frame.type === 'next' && frame.id === id).length;
      if (received === streams[id]!.sequence) return;
      throw new Error(`Stream ${id}: ${received} messages came, ${streams[id]!.sequence} were sent`);
    }
  }

  async leave(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}
