/** Sends the head of a request and then as much of a body as a test likes, whatever the head says. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

export class RawSender {
  /** Resolves when an answer has come as long as it said. */
  readonly answer: Promise<RawAnswer>;
  /** Resolves when the connection has ended in any way. */
  readonly over: Promise<void>;

  private constructor(private readonly socket: Socket) {
    let heard = '';
    socket.setEncoding('latin1').on('error', () => {});
    this.answer = new Promise((resolve, reject) => {
      socket.on('data', part => {
        heard += String(part);
        const answer = answerIn(heard);
        if (answer) resolve(answer);
      });
      socket.on('close', () => reject(new Error(`The connection ended after ${JSON.stringify(heard)}`)));
    });
    this.answer.catch(() => {});
    this.over = new Promise(resolve => socket.on('close', () => resolve()));
  }

  static async open(url: string, path: string, headers: Readonly<Record<string, string>>): Promise<RawSender> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const sender = new RawSender(socket);
    await once(socket, 'connect');
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\n${lines.join('')}\r\n`);
    return sender;
  }

  /** A part of the body, as a chunk where the head says that it comes in chunks. */
  framed(part: Buffer, inChunks: boolean): Buffer {
    if (!inChunks) return part;
    return Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
  }
  write(part: Buffer): void {
    this.socket.write(part);
  }
  /** Resolves when the system has taken the part: false once the connection is over. */
  async writeAll(part: Buffer): Promise<boolean> {
    const taken = new Promise<boolean>(resolve => this.socket.write(part, error => resolve(!error)));
    return Promise.race([this.over.then(() => false), taken]);
  }
  pauseReading(): void {
    this.socket.pause();
  }
  resumeReading(): void {
    this.socket.resume();
  }
  leave(): void {
    this.socket.destroy();
  }
}

function answerIn(heard: string): RawAnswer | null {
  const end = heard.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = heard.slice(0, end);
  const headerOf = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? null;
  const text = heard.slice(end + 4);
  if (text.length < Number(headerOf('content-length') ?? 0)) return null;
  return { status: Number(head.split(' ')[1]), retryAfter: headerOf('retry-after'), text };
}
