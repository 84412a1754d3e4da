/** A real SFTP server on 127.0.0.1 that serves one folder of files from memory, for reading. */
import { createHash, generateKeyPairSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import ssh2, { type Attributes, type AuthContext, type ParsedKey, type SFTPWrapper } from 'ssh2';

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp;
const FOLDER_MODE = 0o040555;
const FILE_MODE = 0o100444;

interface StoredFile {
  readonly bytes: Buffer;
  /** In seconds. */
  readonly modifiedAt: number;
}
/** An open file keeps the bytes that it had when it was opened; an open folder keeps what it still has to list. */
type Opened = { name: string; file: StoredFile; readToEnd: boolean } | { entries: readonly string[] | null };

export class SftpServer {
  outage: 'none' | 'refuse' | 'hang' = 'none';
  /** Bytes of files sent since the start. */
  sentBytes = 0;
  /** Called when a client closes a file that it has read to its end. */
  onFetched: (name: string) => void = () => {};
  private readonly files = new Map<string, StoredFile>();
  private readonly sockets = new Set<Socket>();
  private readonly ssh: ssh2.Server;
  private readonly tcp = createServer({ noDelay: true }, socket => this.accept(socket));

  private readonly hostKey = makeKey();
  private readonly loginKey = makeKey();
  /** The password of the same login as the private key. */
  readonly password = randomBytes(12).toString('base64url');

  private constructor(
    private readonly user: string,
    readonly folder: string,
  ) {
    this.ssh = new ssh2.Server({ hostKeys: [this.hostKey.pem] }, client => {
      client.on('error', () => {});
      client.on('authentication', context => this.authenticate(context));
      client.on('session', acceptSession => {
        acceptSession().on('sftp', acceptSftp => this.serve(acceptSftp()));
      });
    });
  }

  /** Listens on a free port, with keys and a password made for this start. */
  static async start({ user, folder }: { user: string; folder: string }): Promise<SftpServer> {
    const server = new SftpServer(user, folder);
    await new Promise<void>((resolve, reject) => {
      server.tcp.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.tcp.address() as AddressInfo).port;
  }

  /** What the user logs in with. */
  get privateKey(): string {
    return this.loginKey.pem;
  }

  /** As `ssh-keygen -lf` prints it. */
  get hostKeyFingerprint(): string {
    return `SHA256:${digest(this.hostKey.key.getPublicSSH()).toString('base64').replace(/=+$/, '')}`;
  }

  put(name: string, bytes: Buffer): void {
    this.files.set(name, { bytes, modifiedAt: Math.floor(Date.now() / 1000) });
  }

  setOutage(outage: 'none' | 'refuse' | 'hang'): void {
    this.outage = outage;
    // A client that hangs stays hanging on its old connection: only a new connection is answered.
    if (outage !== 'hang') this.dropConnections();
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>(resolve => this.tcp.close(() => resolve()));
    this.dropConnections();
    await closed;
  }

  private dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(socket: Socket): void {
    if (this.outage === 'refuse') return void socket.resetAndDestroy();
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    this.ssh.injectSocket(socket);
  }

  private authenticate(context: AuthContext): void {
    if (this.outage === 'hang') return;
    const right = context.username === this.user && this.proves(context);
    if (right) context.accept();
    else context.reject(['publickey', 'password']);
  }

  private proves(context: AuthContext): boolean {
    const { key: publicKey } = this.loginKey;
    if (context.method === 'password') return same(Buffer.from(context.password), Buffer.from(this.password));
    if (context.method !== 'publickey' || !same(context.key.data, publicKey.getPublicSSH())) return false;
    // Without a signature the client only asks whether the key would do.
    const { blob, signature, hashAlgo } = context;
    return !signature || !blob || publicKey.verify(blob, signature, hashAlgo) === true;
  }

  private serve(sftp: SFTPWrapper): void {
    const opened = new Map<number, Opened>();
    let handles = 0;
    const open = (id: number, what: Opened) => {
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(++handles);
      opened.set(handles, what);
      sftp.handle(id, handle);
    };
    const get = (handle: Buffer) => opened.get(handle.length === 4 ? handle.readUInt32BE() : 0);
    const refuse = (id: number, code: number) => sftp.status(id, code);
    const answer = <A extends readonly unknown[]>(event: string, reply: (id: number, ...given: A) => void) =>
      sftp.on(event, (id: number, ...given: A) => {
        if (this.outage !== 'hang') reply(id, ...given);
      });

    answer('OPENDIR', (id, path: string) => {
      if (path !== this.folder) return refuse(id, STATUS_CODE.NO_SUCH_FILE);
      open(id, { entries: [...this.files.keys()] });
    });
    answer('READDIR', (id, handle: Buffer) => {
      const folder = get(handle);
      if (!folder || !('entries' in folder)) return refuse(id, STATUS_CODE.FAILURE);
      if (!folder.entries?.length) return refuse(id, STATUS_CODE.EOF);
      sftp.name(
        id,
        folder.entries.slice(0, 100).flatMap(name => this.entry(name)),
      );
      folder.entries = folder.entries.slice(100);
    });
    answer('OPEN', (id, path: string, flags: number) => {
      const name = this.nameOf(path);
      const file = this.files.get(name);
      if (flags & ~OPEN_MODE.READ) return refuse(id, STATUS_CODE.PERMISSION_DENIED);
      if (!file) return refuse(id, STATUS_CODE.NO_SUCH_FILE);
      open(id, { name, file, readToEnd: false });
    });
    answer('READ', (id, handle: Buffer, offset: number, length: number) => {
      const reading = get(handle);
      if (!reading || !('file' in reading)) return refuse(id, STATUS_CODE.FAILURE);
      const { bytes } = reading.file;
      if (offset + length >= bytes.length) reading.readToEnd = true;
      if (offset >= bytes.length) return refuse(id, STATUS_CODE.EOF);
      const part = bytes.subarray(offset, offset + length);
      this.sentBytes += part.length;
      sftp.data(id, part);
    });
    answer('CLOSE', (id, handle: Buffer) => {
      const closing = get(handle);
      opened.delete(handle.readUInt32BE());
      refuse(id, STATUS_CODE.OK);
      if (closing && 'file' in closing && closing.readToEnd) this.onFetched(closing.name);
    });
    answer('FSTAT', (id, handle: Buffer) => {
      const reading = get(handle);
      if (reading && 'file' in reading) sftp.attrs(id, attributes(reading.file));
      else refuse(id, STATUS_CODE.FAILURE);
    });
    const stat = (id: number, path: string) => {
      const file = this.files.get(this.nameOf(path));
      if (path === this.folder) sftp.attrs(id, { mode: FOLDER_MODE, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 });
      else if (file) sftp.attrs(id, attributes(file));
      else refuse(id, STATUS_CODE.NO_SUCH_FILE);
    };
    answer('STAT', stat);
    answer('LSTAT', stat);
    answer('REALPATH', (id, path: string) => {
      const filename = path === '.' ? this.folder : path;
      sftp.name(id, [{ filename, longname: filename, attrs: {} as Attributes }]);
    });
  }

  private nameOf(path: string): string {
    return path.startsWith(`${this.folder}/`) ? path.slice(this.folder.length + 1) : '';
  }

  private entry(filename: string) {
    const file = this.files.get(filename);
    if (!file) return [];
    const attrs = attributes(file);
    return [{ filename, longname: `-r--r--r-- 1 hr hr ${attrs.size} Nov 23 00:00 ${filename}`, attrs }];
  }
}

const attributes = ({ bytes, modifiedAt }: StoredFile): Attributes => ({
  mode: FILE_MODE,
  uid: 0,
  gid: 0,
  size: bytes.length,
  atime: modifiedAt,
  mtime: modifiedAt,
});

const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
const same = (a: Buffer, b: Buffer): boolean => timingSafeEqual(digest(a), digest(b));

function makeKey(): { pem: string; key: ParsedKey } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  const key = ssh2.utils.parseKey(pem);
  if (key instanceof Error) throw key;
  return { pem, key };
}
