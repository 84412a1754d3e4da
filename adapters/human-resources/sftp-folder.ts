/** A folder on an SFTP server, read with deadlines. Errors are `SourceError`s; after one the connection is closed. */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import Client from 'ssh2-sftp-client';
import { SourceError } from '../kit/index.ts';

export interface SftpAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string | undefined;
  readonly privateKey?: string | undefined;
  /** `SHA256:` and the base64 digest of the server's public key. */
  readonly hostKey: string;
  readonly folder: string;
}
export interface FolderEntry {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** In milliseconds, but servers count whole seconds. */
  readonly modifiedAt: number;
}

/** A handshake without an answer within this time is an outage, even when the caller would wait longer. */
const HANDSHAKE_MS = 20_000;
const quiet = () => {};

export class SftpFolder {
  private readonly client = new Client('human-resources', { error: quiet, end: quiet, close: quiet });
  private readonly socket: Socket;
  private readonly lost: Promise<never>;
  private hostKeyRefused = false;
  /** False once the connection broke or was closed. */
  alive = true;

  private constructor(private readonly access: SftpAccess) {
    // Nagle's algorithm and delayed acknowledgement would add 40 ms to every request.
    this.socket = connect({ host: access.host, port: access.port, noDelay: true });
    this.lost = new Promise((_, reject) => {
      this.socket.once('error', reject);
      this.socket.once('close', () => reject(new Error('the connection was closed')));
    });
    this.lost.catch(() => {
      this.alive = false;
    });
  }

  static async open(access: SftpAccess, signal: AbortSignal): Promise<SftpFolder> {
    const folder = new SftpFolder(access);
    await folder.during(signal, 'the login', folder.login());
    return folder;
  }

  /** All files of the folder. */
  async list(signal: AbortSignal): Promise<readonly FolderEntry[]> {
    const entries = await this.during(signal, 'the list of files', this.client.list(this.access.folder));
    return entries
      .filter(entry => entry.type === '-')
      .map(({ name, size, modifyTime }) => ({ name, size, modifiedAt: modifyTime }));
  }

  /** Bytes from `start` to before `end`, fewer where the file ends. */
  async read(name: string, start: number, end: number, signal: AbortSignal): Promise<Buffer> {
    const parts: Buffer[] = [];
    await this.scan(name, { start, end: end - 1 }, part => parts.push(part), signal);
    return Buffer.concat(parts);
  }

  /** Reads all of a file, part by part, and keeps none. A SourceError thrown by `take` ends the reading. */
  async scan(
    name: string,
    range: { start?: number; end?: number },
    take: (part: Buffer) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const read = new Promise<void>((resolve, reject) => {
      const stream = this.client.createReadStream(`${this.access.folder}/${name}`, range);
      const taken = (part: Buffer) => {
        try {
          take(part);
        } catch (error) {
          // The reader has seen enough: the rest of the file may have no end.
          stream.destroy();
          reject(error);
        }
      };
      stream.on('data', taken).once('end', resolve).once('error', reject);
    });
    await this.during(signal, `file ${name}`, read);
  }

  close(): void {
    this.alive = false;
    // Sends the end of the connection, and does not wait for an answer.
    this.client.end().catch(quiet);
    this.socket.destroySoon();
  }

  private async login(): Promise<void> {
    const { user: username, password, privateKey, hostKey } = this.access;
    await this.client.connect({
      sock: this.socket,
      username,
      ...(password === undefined ? {} : { password }),
      ...(privateKey === undefined ? {} : { privateKey: privateKey.replaceAll('\\n', '\n') }),
      readyTimeout: HANDSHAKE_MS,
      hostVerifier: (key: Buffer) => {
        const fingerprint = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
        this.hostKeyRefused = fingerprint !== hostKey.replace(/=+$/, '');
        return !this.hostKeyRefused;
      },
    });
  }

  private async during<T>(signal: AbortSignal, what: string, work: Promise<T>): Promise<T> {
    const stop = () => this.socket.destroy();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      return await Promise.race([work, this.lost]);
    } catch (cause) {
      if (cause instanceof SourceError) throw cause;
      this.close();
      throw this.sourceError(what, cause, signal.aborted);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  private sourceError(what: string, cause: unknown, aborted: boolean): SourceError {
    const { message, code } = cause as Error & { code?: string | number };
    const failed = (kind: SourceError['kind'], reason: string) =>
      new SourceError(kind, `the SFTP server ${reason}, asked for ${what}`, { cause });
    if (aborted) return failed('TIMEOUT', 'did not answer in time');
    if (this.hostKeyRefused) return failed('REFUSED', 'has another host key than the pinned one');
    if (/authentication methods failed|privateKey|passphrase/i.test(message))
      return failed('REFUSED', 'refused the login');
    if (/timed out/i.test(message)) return failed('TIMEOUT', 'did not answer in time');
    if (code === 2 || code === 'ENOENT' || /no such file/i.test(message))
      return failed('REFUSED', 'has no such file or folder');
    if (code === 3 || /permission denied/i.test(message)) return failed('REFUSED', 'denied permission');
    return failed('UNREACHABLE', 'is not to be reached');
  }
}
