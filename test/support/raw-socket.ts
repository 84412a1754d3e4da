/** Writes WebSocket frames by hand (RFC 6455), valid and broken ones that no client library would send. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawFrame {
  readonly opcode: number;
  readonly text: string;
  /** The code of a closing frame. */
  readonly code: number | null;
}
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export class RawSocket {
  readonly frames: RawFrame[] = [];
  /** Resolves when the connection has ended in any way, with the code of the closing frame if one came. */
  readonly over: Promise<number | null>;
  private buffer = Buffer.alloc(0);
  private waiting: (() => void)[] = [];

  private constructor(readonly socket: Socket) {
    socket.on('error', () => {});
    this.over = new Promise(resolve =>
      socket.on('close', () => {
        resolve(this.frames.findLast(({ opcode }) => opcode === opcodes.close)?.code ?? null);
        for (const wake of this.waiting.splice(0)) wake();
      }),
    );
  }

  static async open(url: string, protocol = 'graphql-transport-ws'): Promise<RawSocket> {
    const raw = new RawSocket(connect(Number(new URL(url).port), '127.0.0.1'));
    await once(raw.socket, 'connect');
    raw.socket.write(
      `GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
        `sec-websocket-protocol: ${protocol}\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    let head = Buffer.alloc(0);
    while (!head.includes('\r\n\r\n')) head = Buffer.concat([head, ((await once(raw.socket, 'data')) as [Buffer])[0]]);
    if (!head.toString().startsWith('HTTP/1.1 101')) throw new Error(head.toString());
    raw.take(head.subarray(head.indexOf('\r\n\r\n') + 4));
    raw.socket.on('data', part => raw.take(part as Buffer));
    return raw;
  }

  private take(part: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, part]);
    for (;;) {
      const [head, size] = [this.buffer[0], this.buffer[1]! & 127];
      const start = size === 126 ? 4 : size === 127 ? 10 : 2;
      if (this.buffer.length < start) break;
      const length =
        size === 126 ? this.buffer.readUInt16BE(2) : size === 127 ? Number(this.buffer.readBigUInt64BE(2)) : size;
      if (this.buffer.length < start + length) break;
      const body = this.buffer.subarray(start, start + length);
      const opcode = head! & 15;
      const code = opcode === opcodes.close && length >= 2 ? body.readUInt16BE(0) : null;
      this.frames.push({ opcode, text: body.toString(), code });
      this.buffer = this.buffer.subarray(start + length);
      // The WebSocket protocol requires that a closing frame is answered.
      if (opcode === opcodes.close) this.frame(opcodes.close, Buffer.from(body));
    }
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Sends any frame, valid or not. */
  frame(opcode: number, body: Buffer | string, { fin = true, rsv = 0, masked = true, length = -1 } = {}): void {
    const bytes = Buffer.from(body);
    const said = length < 0 ? bytes.length : length;
    const size = said < 126 ? Buffer.of(said) : said < 65_536 ? Buffer.of(126, said >> 8, said & 255) : longSize(said);
    if (masked) size[0]! |= 128;
    const mask = masked ? randomBytes(4) : Buffer.alloc(0);
    const hidden = masked ? bytes.map((byte, i) => byte ^ mask[i % 4]!) : bytes;
    this.bytes(Buffer.concat([Buffer.of((fin ? 128 : 0) | (rsv << 4) | opcode), size, mask, hidden]));
  }
  bytes(bytes: Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }
  say(message: unknown): void {
    this.frame(opcodes.text, typeof message === 'string' ? message : JSON.stringify(message));
  }

  get messages(): { readonly type: string; readonly id?: string; readonly payload?: never }[] {
    return this.frames.filter(({ opcode }) => opcode === opcodes.text).map(({ text }) => JSON.parse(text));
  }
  async until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.socket.destroyed) throw new Error(`The connection is over: ${JSON.stringify(this.frames.at(-1))}`);
      await new Promise<void>(resolve => this.waiting.push(resolve));
    }
  }
  async greet(token: string | null = null): Promise<this> {
    this.say({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} });
    await this.until(() => this.messages.some(({ type }) => type === 'connection_ack'));
    return this;
  }
  /** Resolves when the hub has handled everything that was sent before. */
  async settled(): Promise<void> {
    const before = this.messages.filter(({ type }) => type === 'pong').length;
    this.say({ type: 'ping' });
    await this.until(() => this.messages.filter(({ type }) => type === 'pong').length > before);
  }
  leave(): void {
    this.socket.destroy();
  }
}

function longSize(length: number): Buffer {
  const size = Buffer.alloc(9);
  size[0] = 127;
  size.writeBigUInt64BE(BigInt(length), 1);
  return size;
}
