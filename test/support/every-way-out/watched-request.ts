/**
 * A request whose answer is watched from its first byte on: it keeps what the audit log held by then, and every byte.
 */
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Entry } from '../../../src/audit/entry.ts';
import type { LogTail } from './log-tail.ts';

export interface Asking {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
export interface Arrived {
  readonly status: number;
  /** Names and values of the headers, one per line. */
  readonly head: string;
  readonly bytes: Buffer;
  readonly text: string;
}
/** A part of an answer, and the log entries about its reader when it arrived. */
export interface ArrivedPart {
  readonly bytes: Buffer;
  readonly noted: readonly Entry[];
}
export interface Watched extends Arrived {
  /** The log entries about the reader from before the first byte of the answer. */
  readonly noted: readonly Entry[];
  readonly parts: readonly ArrivedPart[];
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });
export const closeConnections = (): void => agent.destroy();

export class Watcher {
  constructor(
    private readonly url: string,
    private readonly log: LogTail,
  ) {}

  async ask(subject: string | null, asking: Asking): Promise<Watched> {
    const from = this.log.look();
    const notedNow = () => this.log.of(subject, from, this.log.look());
    const [, response] = await this.begun(asking);
    const noted = notedNow();
    const parts: ArrivedPart[] = [];
    for await (const bytes of response as AsyncIterable<Buffer>) parts.push({ bytes, noted: notedNow() });
    return { ...arrived(response, Buffer.concat(parts.map(part => part.bytes))), noted, parts };
  }

  /** Resolves when the head of the answer has arrived. */
  begun({ path, method = 'GET', headers = {}, body }: Asking): Promise<[ClientRequest, IncomingMessage]> {
    const { port } = new URL(this.url);
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const options = { host: '127.0.0.1', port, path, method, agent, headers: { ...headers, ...length } };
      const asked = httpRequest(options, response => resolve([asked, response]));
      asked.once('error', reject);
      asked.end(body);
    });
  }
}

function arrived({ statusCode, rawHeaders, rawTrailers }: IncomingMessage, bytes: Buffer): Arrived {
  // Node passes the bytes of a header on undecoded.
  const head = Buffer.from([...rawHeaders, ...rawTrailers].join('\n'), 'latin1').toString('utf8');
  return { status: statusCode!, head, bytes, text: bytes.toString('utf8') };
}
