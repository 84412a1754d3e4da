/** Reads the agency's folder file by file: whole sets first, then what changed since. */
import type { AgencySource, Call, Page } from '../kit/index.ts';
import { SourceError } from '../kit/index.ts';
import { parseControlFile } from './control-file.ts';
import { DataFileReader } from './data-file-reader.ts';
import { type DataFile, findDataFile } from './file-name.ts';
import type { Row } from './layout.ts';
import { kindOf } from './map.ts';
import { afterFile, formatPosition, isDone, type Place, type Position, parsePosition } from './position.ts';
import { type FolderEntry, type SftpAccess, SftpFolder } from './sftp-folder.ts';

/** A data file with its control file and its entry in the folder. */
interface Waiting {
  readonly file: DataFile;
  readonly data: FolderEntry;
}
/** A file that does not match its control file, until either changes. */
interface SetAside {
  readonly fingerprint: string;
  readonly error: SourceError;
}
const LONGEST_CONTROL_BYTES = 4096;

export class FileSource implements AgencySource<Row> {
  private folder: SftpFolder | null = null;
  private reader: DataFileReader | null = null;
  private readonly setAside = new Map<string, SetAside>();

  constructor(private readonly access: SftpAccess) {}

  async changes(after: string | null, limit: number, { signal }: Call): Promise<Page<Row>> {
    const position = parsePosition(after);
    if (!this.folder?.alive) this.folder = await SftpFolder.open(this.access, signal);
    const { folder } = this;
    const reader = (await this.resume(folder, position.place, signal)) ?? (await this.next(folder, position, signal));
    this.reader = null;
    if (!reader) return { items: [], next: formatPosition({ ...position, place: null }), done: true };
    const place = reader.isAt(position.place) ? position.place : reader.beginning;
    const { items, next: nextPlace } = await reader.page(folder, place, limit, signal);
    this.reader = reader;
    const next = nextPlace ? { ...position, place: nextPlace } : afterFile(position, reader.file);
    const done = nextPlace === null && waitingIn(await folder.list(signal), next).length === 0;
    return { items, next: formatPosition(next), done, ...wholeSetOf(reader, nextPlace === null) };
  }

  async close(): Promise<void> {
    this.folder?.close();
    this.folder = null;
    this.reader = null;
  }

  /** The file that the cursor is in; null when it is gone or another one has the same name. */
  private async resume(folder: SftpFolder, place: Place | null, signal: AbortSignal): Promise<DataFileReader | null> {
    if (!place) return null;
    if (this.reader?.isAt(place)) return this.reader;
    const waiting = waitingIn(await folder.list(signal), null).find(({ file }) => file.name === place.file);
    const reader = waiting ? await this.tryFile(folder, waiting, signal) : null;
    return reader?.isAt(place) ? reader : null;
  }

  /**
   * The first file that is correct. Wrong files are set aside and do not hold up the others; when only wrong ones are
   * left, that is an error, and the next call tries them again.
   */
  private async next(folder: SftpFolder, position: Position, signal: AbortSignal): Promise<DataFileReader | null> {
    for (;;) {
      const waiting = waitingIn(await folder.list(signal), position);
      let looked = false;
      for (const file of waiting) {
        const before = this.setAside.get(file.file.name);
        const reader = await this.tryFile(folder, file, signal);
        if (reader) return reader;
        looked ||= this.setAside.get(file.file.name) !== before;
      }
      if (waiting.length === 0) return null;
      // A file that was just found wrong may be correct by now: perhaps it is still being written.
      if (!looked) throw this.complaint(waiting);
    }
  }

  private async tryFile(
    folder: SftpFolder,
    { file, data }: Waiting,
    signal: AbortSignal,
  ): Promise<DataFileReader | null> {
    const text = (await folder.read(file.control, 0, LONGEST_CONTROL_BYTES, signal)).toString('latin1');
    const fingerprint = `${data.size} ${data.modifiedAt} ${text}`;
    if (this.setAside.get(file.name)?.fingerprint === fingerprint) return null;
    try {
      const reader = await DataFileReader.prove(
        folder,
        { file, control: parseControlFile(file, text), listedBytes: data.size },
        signal,
      );
      this.setAside.delete(file.name);
      return reader;
    } catch (error) {
      if (!(error instanceof SourceError) || error.kind !== 'MALFORMED') throw error;
      this.setAside.set(file.name, { fingerprint, error });
      return null;
    }
  }

  private complaint(waiting: readonly Waiting[]): SourceError {
    const errors = waiting.flatMap(({ file }) => this.setAside.get(file.name)?.error ?? []);
    this.setAside.clear();
    return new SourceError('MALFORMED', errors.map(error => error.message).join('; '));
  }
}

/** Files that are complete and, with a position, not read yet: newest whole sets first, then changes by age. */
function waitingIn(entries: readonly FolderEntry[], position: Position | null): Waiting[] {
  const names = new Set(entries.map(entry => entry.name));
  return entries
    .flatMap(data => {
      const file = findDataFile(data.name);
      return file && names.has(file.control) && !(position && isDone(position, file)) ? [{ file, data }] : [];
    })
    .sort((a, b) => inOrder(a.file, b.file));
}

function inOrder(a: DataFile, b: DataFile): number {
  if (a.whole !== b.whole) return a.whole ? -1 : 1;
  const byAge = a.version < b.version ? -1 : a.version > b.version ? 1 : a.name < b.name ? -1 : 1;
  return a.whole ? -byAge : byAge;
}

const wholeSetOf = ({ file, control }: DataFileReader, complete: boolean): Pick<Page<Row>, 'set'> =>
  file.whole
    ? {
        set: {
          name: `${file.name}@${control.sha256.slice(0, 12)}`,
          kinds: [kindOf(file.table)],
          version: file.version,
          complete,
        },
      }
    : {};
