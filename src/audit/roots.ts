/** Roots of closed batches, chained, and the second place where they are kept: a directory or a syslog server. */

import { hash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { appendFile, mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { firstLink } from './entry.ts';
import type { RootSignature } from './root-signing.ts';

/** States that the entries `from` to `to` had this content when the batch was closed. */
export interface LogRoot {
  /** From 1, without gaps. */
  readonly batch: number;
  readonly from: number;
  readonly to: number;
  /** When the batch was closed. */
  readonly at: string;
  /** Root of the Merkle tree (RFC 6962, SHA-256) over the lines of the batch. */
  readonly root: string;
  /** SHA-256 of the previous root, as it was written; zeros for the first one. */
  readonly prev: string;
  /** None for roots from before they were signed, and for those that wait for their signature. */
  readonly signatures?: readonly RootSignature[];
}
/** What is chained and signed. */
export const rootLine = ({ batch, from, to, at, root, prev }: LogRoot): string =>
  JSON.stringify({ batch, from, to, at, root, prev });
/** What is kept: the same with its signatures. */
export const keptLine = (root: LogRoot): string =>
  root.signatures ? `${rootLine(root).slice(0, -1)},"signatures":${JSON.stringify(root.signatures)}}` : rootLine(root);
export const rootLink = (line: string): string => hash('sha256', line, 'hex');
export const linkAfter = (root: LogRoot | null): string => (root ? rootLink(rootLine(root)) : firstLink);

export interface RootPlace {
  /** Resolves when the root is kept there, as far as the protocol can say. */
  keep(root: LogRoot): Promise<void>;
  /** The roots that are there, in their order; null where that cannot be known. */
  kept(): Promise<LogRoot[] | null>;
  close(): Promise<void>;
}

/** `syslog://host:port` (UDP), `syslog+tcp://host:port`, otherwise the path of a directory. */
export function openRootPlace(place: string): RootPlace {
  const {
    protocol,
    hostname: host,
    port,
  } = URL.canParse(place) ? new URL(place) : { protocol: '', hostname: '', port: '' };
  if (protocol === 'syslog:') return new SyslogUdp(host, Number(port || 514));
  if (protocol === 'syslog+tcp:') return new SyslogTcp(host, Number(port || 601));
  return new RootDirectory(place);
}

/** One file for each month. */
export class RootDirectory implements RootPlace {
  constructor(private readonly dir: string) {}

  async keep(root: LogRoot): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    await appendDurably(path.join(this.dir, `roots-${root.at.slice(0, 7)}.jsonl`), `${keptLine(root)}\n`);
  }
  kept(): Promise<LogRoot[] | null> {
    return readRoots(this.dir).catch(whereNothingIs);
  }
  async close(): Promise<void> {}
}

/** If a crash cut off the last line, the text begins on a new one. */
export async function appendDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size) await handle.read(last, 0, 1, size - 1);
    await appendFile(handle, size && last[0] !== 10 ? `\n${text}` : text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** RFC 5424: facility 13 (log audit), severity 5 (notice). */
const message = (root: LogRoot): string =>
  `<109>1 ${root.at} ${hostname() || '-'} outpost-hub ${process.pid} audit-root - ${keptLine(root)}`;

/** Datagrams are not acknowledged: a root that is lost on its way is missing when the log is verified. */
class SyslogUdp implements RootPlace {
  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  keep(root: LogRoot): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = createSocket(this.host.includes(':') ? 'udp6' : 'udp4');
      const done = (error: Error | null) => {
        socket.close();
        if (error) reject(error);
        else resolve();
      };
      socket.once('error', done);
      socket.send(message(root), this.port, this.host.replace(/^\[|\]$/g, ''), done);
    });
  }
  async kept(): Promise<null> {
    return null;
  }
  async close(): Promise<void> {}
}

const connectDeadlineMs = 5_000;

/** Octet counting, RFC 6587; one connection that is opened again when it breaks. */
class SyslogTcp implements RootPlace {
  private socket: Socket | null = null;

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  async keep(root: LogRoot): Promise<void> {
    const socket = await this.connected();
    const text = message(root);
    await new Promise<void>((resolve, reject) => {
      socket.write(`${Buffer.byteLength(text)} ${text}`, error => (error ? reject(error) : resolve()));
    });
  }
  async kept(): Promise<null> {
    return null;
  }
  async close(): Promise<void> {
    const { socket } = this;
    this.socket = null;
    if (socket && !socket.destroyed) await new Promise<void>(resolve => socket.end(() => resolve()));
  }

  private async connected(): Promise<Socket> {
    if (this.socket && !this.socket.destroyed && this.socket.writable) return this.socket;
    const socket = connect({ host: this.host.replace(/^\[|\]$/g, ''), port: this.port });
    this.socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(connectDeadlineMs, () => socket.destroy(new Error('The syslog server did not answer')));
      socket.once('connect', () => {
        socket.setTimeout(0);
        resolve();
      });
      socket.once('error', reject);
    });
    // A connection that breaks later is noticed by the next write.
    socket.on('error', () => socket.destroy());
    // A syslog server sends nothing; reading lets the end of the connection be noticed.
    socket.resume().unref();
    return socket;
  }
}

const signature = /\{"algorithm":"[^"\\]*","key":"[0-9a-f]{64}","at":"[^"\\]*","value":"[\w+/=]*"\}/.source;
const core = /\{"batch":\d+,"from":\d+,"to":\d+,"at":"[^"\\]*","root":"[0-9a-f]{64}","prev":"[0-9a-f]{64}"/.source;
const rootPattern = new RegExp(`${core}(?:,"signatures":\\[${signature}(?:,${signature})*\\])?\\}`, 'g');

/**
 * Roots as they were kept, in the order of the files: a directory, or one file, in which the roots may stand inside
 * other text, such as a syslog server's lines. A repeated root is returned once, with all its signatures.
 */
export async function readRoots(place: string): Promise<LogRoot[]> {
  const folder = (await stat(place)).isDirectory();
  const files = folder ? await filesIn(place) : [place];
  const roots = new Map<string, LogRoot>();
  for (const file of files) {
    for (const [text] of (await readFile(file, 'utf8')).matchAll(rootPattern)) {
      const root = JSON.parse(text) as LogRoot;
      const line = rootLine(root);
      roots.set(line, together(roots.get(line), root));
    }
  }
  return [...roots.values()];
}

async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true });
  const names = found.filter(entry => entry.isFile()).map(({ name }) => name);
  return names.sort().map(name => path.join(folder, name));
}

function together(before: LogRoot | undefined, root: LogRoot): LogRoot {
  const signatures = [...(before?.signatures ?? []), ...(root.signatures ?? [])];
  const byText = new Map(signatures.map(one => [JSON.stringify(one), one]));
  return signatures.length ? { ...root, signatures: [...byText.values()] } : root;
}

/** A log that has just begun has no roots yet. */
export const whereNothingIs = (error: NodeJS.ErrnoException): LogRoot[] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
