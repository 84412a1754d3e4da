/**
 * The append-only log. An entry is on disk when `append` resolves; all entries that are appended during a write go into
 * the next one. A write is on disk when it returns (O_DSYNC): one call, on one thread-pool turn. Closed segments and
 * batches are written between writes.
 */

import { hash } from 'node:crypto';
import { constants, mkdirSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HubError } from '../domain/error-codes.ts';
import { lockDirectory } from './directory-lock.ts';
import { type Draft, firstLink, inParts, leafHash, makeEntry, ofTheHub } from './entry.ts';
import { MerkleTree } from './merkle-tree.ts';
import { RootLedger } from './root-ledger.ts';
import type { RootSigner } from './root-signing.ts';
import { openRootPlace } from './roots.ts';
import { entriesOf, listSegments, readSegment, type SegmentName, segmentName } from './segments.ts';
import { SubjectIndex } from './subject-index.ts';

export interface AuditSettings {
  readonly dir: string;
  /** The second place: a directory, `syslog://host:port` or `syslog+tcp://host:port`. */
  readonly roots: string;
  readonly batchMs: number;
  readonly batchEntries: number;
  /** A segment is closed after the write that makes it longer than this, and at midnight UTC. */
  readonly segmentBytes: number;
  /** Subjects that one entry may name; a longer list is spread over several entries. */
  readonly subjectCap: number;
  /** Who signs roots; without one they are not signed. */
  readonly signer?: RootSigner;
  /** Whether the operator allowed that both places are on one file system. */
  readonly oneFileSystemAllowed?: boolean;
  /** The clock of tests; without it, the machine's. */
  readonly now?: () => Date;
}

interface Waiting {
  readonly draft: Draft;
  readonly resolve: (seq: number) => void;
  readonly reject: (error: HubError) => void;
}
interface OpenSegment {
  readonly name: SegmentName;
  readonly handle: FileHandle;
  readonly inode: number;
  readonly day: string;
  readonly index: SubjectIndex;
  bytes: number;
}

/** Requests that wait for one write; more means that the disk has stopped. */
const maxQueue = 20_000;
/** Roots that have not reached the second place; with more, the log would promise what it cannot prove. */
const maxRootsBehind = 10_000;

export class AuditLog {
  private readonly ledger: RootLedger;
  private readonly waiting: Waiting[] = [];
  private segment: OpenSegment | null = null;
  private lastOrdinal = 0;
  private seq = 0;
  private prev = firstLink;
  private tree = new MerkleTree();
  private batchTimer: NodeJS.Timeout | null = null;
  /** When the batch got its first entry, in milliseconds. */
  private batchBegan = 0;
  private batchDue = false;
  private pumping: Promise<void> | null = null;
  private closed = false;
  /** The last segment was closed properly: nothing on disk has to be read before the next one. */
  private isInOrder = false;

  private constructor(
    readonly settings: AuditSettings,
    private readonly lock: { release(): void },
    private readonly onError: (error: unknown) => void,
  ) {
    const { dir, roots, signer = null } = settings;
    this.ledger = new RootLedger({ dir, place: openRootPlace(roots), signer, now: () => this.now(), onError });
  }

  /**
   * Null when another process writes there. Throws when the directory cannot be made or read, and a BrokenProof when its
   * roots say that it must not be continued.
   */
  static async open(settings: AuditSettings, onError: (error: unknown) => void): Promise<AuditLog | null> {
    mkdirSync(settings.dir, { recursive: true, mode: 0o700 });
    const lock = lockDirectory(settings.dir);
    if (!lock) return null;
    const log = new AuditLog(settings, lock, onError);
    try {
      await log.ledger.open();
      log.seq = log.ledger.through;
      await log.takeUp();
      return log;
    } catch (error) {
      await log.ledger.close();
      lock.release();
      throw error;
    }
  }

  /**
   * The number of the entry, once it is on disk; where more persons are named than one entry may hold, the number of
   * the first of several. Throws AUDIT_UNAVAILABLE when it cannot be written.
   */
  async append(draft: Draft): Promise<number> {
    const numbers = await Promise.all(inParts(draft, this.settings.subjectCap).map(part => this.enqueue(part)));
    return numbers[0]!;
  }

  /** Since when roots wait for the signer or the second place, and how many; null when none does. */
  get rootsBehind(): { readonly count: number; readonly since: string } | null {
    const since = this.ledger.behindSince;
    return since === null ? null : { count: this.ledger.behind, since };
  }

  private enqueue(draft: Draft): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.closed || this.waiting.length >= maxQueue || this.ledger.behind > maxRootsBehind) {
        return reject(unavailable());
      }
      this.waiting.push({ draft, resolve, reject });
      this.pump();
    });
  }

  /** Writes what waits, closes the batch and the segment, and sends the last root to the second place. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    while (this.pumping) await this.pumping;
    try {
      await this.closeSegment();
    } catch (error) {
      this.onError(error);
    } finally {
      if (this.batchTimer) clearTimeout(this.batchTimer);
      await this.ledger.close();
      this.lock.release();
    }
  }

  private pump(): void {
    this.pumping ??= this.work().finally(() => {
      this.pumping = null;
      if (this.waiting.length) this.pump();
    });
  }
  private async work(): Promise<void> {
    // Answers that become ready in one turn of the event loop share a write.
    while (this.waiting.length) {
      await nextTurn();
      await this.writeGroup(this.waiting.splice(0));
    }
    if (!this.batchDue) return;
    this.batchDue = false;
    await this.closeBatch().catch(this.onError);
  }

  private async writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      await this.write(group.map(({ draft }) => draft));
      group.forEach(({ resolve }, i) => {
        resolve(this.seq - group.length + 1 + i);
      });
    } catch (cause) {
      this.onError(cause);
      await this.abandonSegment();
      for (const { reject } of group) reject(unavailable(cause));
      return;
    }
    await this.closeWhatIsFull().catch(this.onError);
  }

  private async write(drafts: readonly Draft[]): Promise<void> {
    const now = this.now();
    const today = now.toISOString().slice(0, 10);
    if (this.segment && this.segment.day !== today) await this.closeSegment();
    // Timers stand still while a machine sleeps; the entries under one root must not be further apart all the same.
    else if (this.tree.size && now.getTime() - this.batchBegan > this.settings.batchMs)
      await this.closeBatch().catch(this.onError);
    const repair = this.segment || this.isInOrder ? null : await this.takeUp();
    const segment = this.segment ?? (await this.beginSegment(today));
    const { text, lines, leaves } = this.chain(repair ? [repair, ...drafts] : drafts);
    await writeWhole(segment.handle, Buffer.from(text));
    // Writes to a file that was removed or moved away succeed without an error, so its inode is checked.
    if (statSync(segment.name.file, { throwIfNoEntry: false })?.ino !== segment.inode) {
      throw new Error('The segment of the audit log is gone');
    }
    for (const { subjects, length } of lines) {
      segment.index.add(subjects, segment.bytes, length);
      segment.bytes += length + 1;
    }
    this.advance(leaves);
  }

  private chain(drafts: readonly Draft[]) {
    const at = this.time();
    let prev = this.prev;
    let text = '';
    const lines: { subjects: readonly string[]; length: number }[] = [];
    const leaves = drafts.map((draft, i) => {
      const entry = makeEntry(draft, { seq: this.seq + 1 + i, at, prev });
      const line = JSON.stringify(entry);
      text += `${line}\n`;
      lines.push({ subjects: entry.subjects.ids, length: Buffer.byteLength(line) });
      prev = leafHash(line);
      return prev;
    });
    return { text, lines, leaves };
  }

  private now(): Date {
    return this.settings.now?.() ?? new Date();
  }
  private time(): string {
    return this.now().toISOString();
  }

  private advance(leaves: readonly string[]): void {
    if (!this.tree.size) this.batchBegan = this.now().getTime();
    for (const leaf of leaves) this.tree.add(leaf);
    this.seq += leaves.length;
    this.prev = leaves.at(-1) ?? this.prev;
    this.batchTimer ??= setTimeout(() => {
      this.batchTimer = null;
      this.batchDue = true;
      this.pump();
    }, this.settings.batchMs).unref();
  }

  private async closeWhatIsFull(): Promise<void> {
    if (this.segment && this.segment.bytes >= this.settings.segmentBytes) await this.closeSegment();
    else if (this.tree.size >= this.settings.batchEntries) await this.closeBatch();
  }

  private async closeBatch(): Promise<void> {
    if (!this.tree.size) return;
    const root = this.tree.root();
    await this.ledger.seal({ from: this.seq - this.tree.size + 1, to: this.seq, at: this.time(), root });
    this.tree = new MerkleTree();
    if (this.batchTimer) clearTimeout(this.batchTimer);
    this.batchTimer = null;
  }

  /** A segment ends with its batch, so that it can be pruned and its roots still cover what is left. */
  private async closeSegment(): Promise<void> {
    await this.closeBatch();
    if (!this.segment) return;
    const { name, handle, index } = this.segment;
    this.segment = null;
    await handle.close();
    await index.write(name.index);
    this.isInOrder = true;
  }

  /** The file's content is read again before the next write. */
  private async abandonSegment(): Promise<void> {
    const { segment } = this;
    this.segment = null;
    this.isInOrder = false;
    await segment?.handle.close().catch(this.onError);
  }

  private async beginSegment(day: string): Promise<OpenSegment> {
    const name = segmentName(this.settings.dir, this.lastOrdinal + 1);
    const handle = await open(name.file, newAndDurable, 0o600);
    this.lastOrdinal += 1;
    const { ino } = await handle.stat();
    await syncDirectory(this.settings.dir);
    this.segment = { name, handle, inode: ino, day, index: new SubjectIndex(), bytes: 0 };
    this.isInOrder = false;
    return this.segment;
  }

  /**
   * Continues after what is on disk: after a start, a crash or a failed write. Entries that were written but never
   * acknowledged are kept. If the last line was cut off, returns the entry that the next segment begins with.
   */
  private async takeUp(): Promise<Draft | null> {
    const segments = await listSegments(this.settings.dir);
    const read: { name: SegmentName; content: Awaited<ReturnType<typeof readSegment>> }[] = [];
    for (const name of segments.toReversed()) {
      const content = await readSegment(name.file);
      read.unshift({ name, content });
      const first = entriesOf(content)[0];
      if (first && first.entry.seq <= Math.max(1, this.seq)) break;
    }
    for (const { name, content } of read) {
      const index = new SubjectIndex();
      for (const { entry, leaf, line } of entriesOf(content)) {
        index.add(entry.subjects.ids, line.offset, line.length);
        if (entry.seq === this.seq) this.prev = leaf;
        if (entry.seq <= this.seq) continue;
        this.tree.add(leaf);
        this.seq = entry.seq;
        this.prev = leaf;
      }
      await index.write(name.index);
    }
    this.lastOrdinal = Math.max(this.lastOrdinal, segments.at(-1)?.ordinal ?? 0);
    if (this.seq && this.prev === firstLink) this.onError(new Error('The audit log ends before its last root'));
    // A segment ends with its batch, even when it ended by a failure.
    await this.closeBatch();
    const tail = read.findLast(({ content }) => content.lines.length || content.tail.length)?.content.tail;
    return tail?.length ? repairOf(tail) : null;
  }
}

const unavailable = (cause?: unknown) =>
  new HubError(
    'AUDIT_UNAVAILABLE',
    'It could not be noted in the audit log, so no personal data is given and nothing is done',
    {},
    { cause },
  );

/** Records what the previous segment ends with, so that nobody can add anything there later. */
const repairOf = (tail: Buffer): Draft =>
  ofTheHub('repair', '', { result: hash('sha256', tail, 'hex'), of: { bytes: tail.length } });

const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_DSYNC } = constants;
const newAndDurable = O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_DSYNC;

async function writeWhole(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length; ) from += (await handle.write(bytes, from)).bytesWritten;
}

/** A new file survives a crash only once its directory is on disk too. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  await handle.sync().finally(() => handle.close());
}
