/** A request whose answer is watched from its first byte on: what stood in the audit log by then, and every byte of it. */
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
  /** Names and values, one a line. */
  readonly head: string;
  readonly bytes: Buffer;
  readonly text: string;
}
/** A part of an answer, and who was noted for its reader when it arrived. */
export interface ArrivedPart {
  readonly bytes: Buffer;
  readonly noted: readonly Entry[];
}
export interface Watched extends Arrived {
  /** Noted of the reader before the first byte of the answer was here. */
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

  /** Resolves with the head of the answer. */
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
  // Bytes of a header come as they are.
  const head = Buffer.from([...rawHeaders, ...rawTrailers].join('\n'), 'latin1').toString('utf8');
  return { status: statusCode!, head, bytes, text: bytes.toString('utf8') };
}
