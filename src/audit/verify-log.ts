/** Verifies the log from its lines and the roots alone: without the database, a private key, or the running hub. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Entry, firstLink, leafHash, parseEntry } from './entry.ts';
import { MerkleTree } from './merkle-tree.ts';
import { onOneFileSystem } from './one-file-system.ts';
import { type Opening, readOpening } from './opening.ts';
import { TrustedKeys } from './root-signing.ts';
import type { LogRoot } from './roots.ts';
import { listSegments, readSegment, type SegmentContent, type SegmentName } from './segments.ts';
import { SubjectIndex } from './subject-index.ts';
import { checkSignatures, range, readBothPlaces, readLastRooted, rootTakesMs } from './verify-roots.ts';

export interface Verdict {
  /** Each names the entry, or the batch, that it is about. Empty: the log is as it was written. */
  readonly faults: readonly string[];
  /** Facts that are no faults but should be known. */
  readonly remarks: readonly string[];
  /** The first entry that is there, and since when. */
  readonly first: { readonly seq: number; readonly at: string } | null;
  readonly last: number;
  readonly roots: number;
  /** The last root, which whoever verifies can write down and expect the next time. */
  readonly lastRoot: LogRoot | null;
}

/** What whoever verifies knows beside the log. */
export interface Demands {
  /** Whose signatures of roots are believed; nobody's without it. */
  readonly trusted?: TrustedKeys;
  /** A root that was in the log at an earlier time. */
  readonly expect?: string;
  /** Both places have to be apart, unless the log says that its operator allowed one file system. */
  readonly apart?: boolean;
  /** The interval of roots, in case the log records none. */
  readonly rootsEveryMs?: number;
  /** The clock of tests; without it, the machine's. */
  readonly now?: Date;
}

/** Nobody may remove entries earlier: 网络安全法 demands six months. */
export const minMonthsKept = 6;
const monthLengthsDifferMs = 4 * 86_400_000;
/** The setting of a hub whose log records none. */
const usualRootsEveryMs = 5_000;
/** Timers of a loaded machine are late. */
const timersAreLateMs = 60_000;
/** Longer than a signer is away before somebody mends it. */
const lateSignatureMs = 86_400_000;

/** @param roots the second place: a directory, or a file of a syslog server */
export async function verifyLog(dir: string, roots: string, demands: Demands = {}): Promise<Verdict> {
  return new Verification(dir, roots, demands).run();
}

class Verification {
  readonly faults: string[] = [];
  readonly remarks: string[] = [];
  private first: Entry | null = null;
  private last: Entry | null = null;
  private lastLeaf = firstLink;
  /** The end of the previous segment, when its last line is cut off. */
  private tail: Buffer | null = null;
  private pruned: Entry | null = null;
  private opening: Opening | null = null;
  /** The first entry that records that roots are signed. */
  private signedFrom: number | null = null;
  /** Batches whose entries are being read, in order. */
  private batches: LogRoot[] = [];
  private tree = new MerkleTree();
  /** The first entry of the batch that is being read. */
  private batchBegin: Entry | null = null;
  /** The batch before this entry, when it was signed long after its last entry. */
  private late: LogRoot | null = null;
  private through = 0;
  /** The first entry that no root covers, and whether its file was closed, so that it should have one. */
  private open: { readonly entry: Entry; readonly isClosed: boolean } | null = null;

  constructor(
    private readonly dir: string,
    private readonly place: string,
    private readonly demands: Demands,
  ) {}

  /** The hub's own interval, where it recorded one that is longer. */
  private get everyMs(): number {
    return Math.max(this.opening?.rootsEveryMs ?? 0, this.demands.rootsEveryMs ?? usualRootsEveryMs);
  }

  async run(): Promise<Verdict> {
    const { dir, place, demands, faults, remarks } = this;
    // Entries that come while the log is read are younger than this.
    const now = demands.now ?? new Date();
    const both = await readBothPlaces(dir, place, this, { now, everyMs: this.everyMs });
    const { roots } = both;
    this.batches = [...roots];
    this.through = roots.at(-1)?.to ?? 0;
    const segments = await listSegments(dir);
    for (const name of segments) {
      const content = await readSegment(name.file);
      await this.checkSegment(content, name, name === segments.at(-1));
    }
    if (this.tail) remarks.push('The last line is incomplete, as after a crash: it was never acknowledged');
    this.endBatches();
    this.checkBeginning(roots);
    await this.checkOpenEnd(now);
    checkSignatures(both, demands.trusted ?? new TrustedKeys([]), this.signedFrom, this);
    this.checkDemands(roots);
    const { first, last } = this;
    return {
      faults: [...new Set(faults)],
      remarks,
      first: first && { seq: first.seq, at: first.at },
      last: last?.seq ?? 0,
      roots: roots.length,
      lastRoot: roots.at(-1) ?? null,
    };
  }

  private checkDemands(roots: readonly LogRoot[]): void {
    const { expect, apart } = this.demands;
    // Everybody who opens a log writes that into it.
    if (!this.last) this.faults.push('There are no entries: a log that was begun has at least one, so it was removed');
    if (expect !== undefined && !roots.some(({ root }) => root === expect))
      this.faults.push(`The expected root ${expect} is not there: the log was cut off or replaced since it was noted`);
    if (apart && !this.opening?.oneFileSystemAllowed && onOneFileSystem(this.dir, this.place))
      this.faults.push(
        'Both places are on one file system, so that whoever can change one can change the other, and nobody allowed it ' +
          '(HUB_AUDIT_ONE_FILE_SYSTEM)',
      );
  }

  private async checkSegment(content: SegmentContent, { index }: SegmentName, isLast: boolean): Promise<void> {
    const known = new SubjectIndex();
    const stored = await readFile(index).catch(() => null);
    for (const { text, offset, length } of content.lines) {
      const entry = parseEntry(text);
      if (!entry) {
        this.faults.push(
          `The line behind ${this.last ? range(this.last.seq, this.last.seq) : 'the beginning'} is no entry`,
        );
        continue;
      }
      this.checkLink(entry);
      known.add(entry.subjects.ids, offset, length);
      this.lastLeaf = leafHash(text);
      this.last = entry;
      this.first ??= entry;
      this.readFacts(entry);
      this.putUnderRoot(entry, this.lastLeaf);
      // A file is closed, and its index written, when its last batch has a root.
      if (entry.seq > this.through) this.open ??= { entry, isClosed: !isLast || stored !== null };
    }
    if (content.tail.length) this.tail = content.tail;
    if (stored && !stored.equals(known.bytes())) {
      this.faults.push(
        `The index behind ${this.last ? range(this.last.seq, this.last.seq) : 'the beginning'} was edited`,
      );
    }
  }

  private readFacts(entry: Entry): void {
    if (entry.act === 'prune') this.pruned = entry;
    this.opening = readOpening(entry) ?? this.opening;
    if (this.opening?.key) this.signedFrom ??= this.opening.seq;
    // What a crash left without a root gets one at the next start, whenever that is: then this is what follows.
    if (this.late && entry.act !== 'open' && entry.act !== 'repair')
      this.faults.push(
        `${range(this.late.from, this.late.to)}: signed more than a day after they were written, without a start of the hub`,
      );
    this.late = null;
  }

  private checkLink(entry: Entry): void {
    const { seq } = entry;
    const due = this.last ? this.last.seq + 1 : seq;
    if (seq > due) this.faults.push(`${range(due, seq - 1)}: removed`);
    else if (seq < due) this.faults.push(`entry ${seq}: inserted or reordered, it stands behind entry ${due - 1}`);
    else if (this.last && entry.prev !== this.lastLeaf) {
      this.faults.push(`entry ${seq - 1}: edited, entry ${seq} was written behind another one`);
    } else if (seq === 1 && entry.prev !== firstLink) this.faults.push('entry 1: edited');
    if (!this.tail) return;
    const repaired = entry.act === 'repair' && entry.result === hash('sha256', this.tail, 'hex');
    if (!repaired) this.faults.push(`entry ${seq}: what stands before it is incomplete, and no repair was noted`);
    else this.remarks.push(`entry ${seq}: a line before it was cut off by a crash; it was never acknowledged`);
    this.tail = null;
  }

  /** Entries come in order; one out of order is a fault already and makes its batch fail too. */
  private putUnderRoot(entry: Entry, leaf: string): void {
    const { seq } = entry;
    while (this.batches[0] && this.batches[0].to < seq) this.endBatch();
    const batch = this.batches[0];
    if (!batch || seq < batch.from) return;
    this.batchBegin ??= entry;
    this.tree.add(leaf);
    if (seq === batch.to) this.endBatch();
  }

  private endBatch(): void {
    const batch = this.batches.shift()!;
    const { tree, batchBegin } = this;
    this.tree = new MerkleTree();
    this.batchBegin = null;
    const before = this.first && batch.to < this.first.seq;
    if (before && !tree.size) return;
    if (tree.root() !== batch.root) {
      this.faults.push(`${range(batch.from, batch.to)}: not as they were when batch ${batch.batch} was closed`);
    } else this.checkTimes(batch, Date.parse(batchBegin!.at), Date.parse(this.last!.at));
  }

  /** Who removes roots and lets a hub make new ones gets one root over what took much longer than the interval. */
  private checkTimes(batch: LogRoot, began: number, ended: number): void {
    const which = range(batch.from, batch.to);
    if (ended - began > this.everyMs + timersAreLateMs)
      this.faults.push(`${which}: written over ${inWords(ended - began)} and under one root, so others were removed`);
    const madeAt = Math.max(Date.parse(batch.at), ...(batch.signatures ?? []).map(({ at }) => Date.parse(at)));
    const lateMs = madeAt - ended;
    if (lateMs <= this.everyMs + timersAreLateMs) return;
    this.remarks.push(`${which}: under a root only ${inWords(lateMs)} after they were written`);
    if (batch.signatures && lateMs > lateSignatureMs) this.late = batch;
  }

  /** The last entries may be younger than the interval; then their root is still to come. */
  private async checkOpenEnd(now: Date): Promise<void> {
    if (!this.open || !this.last) return;
    const { entry } = this.open;
    // A file that was closed while this one read has its root since then.
    const isClosed = this.open.isClosed && (await readLastRooted(this.dir, this.place)) < entry.seq;
    const which = range(entry.seq, this.last.seq);
    const ageMs = now.getTime() - Date.parse(entry.at);
    if (isClosed) this.faults.push(`${which}: their roots were removed, for their file was closed under one`);
    else if (ageMs > this.everyMs + rootTakesMs)
      this.faults.push(
        `${which}: without a root for ${inWords(ageMs)}, and roots come every ${inWords(this.everyMs)}. If the hub was ` +
          'killed, its next start makes the root; otherwise roots were removed, or cannot be made',
      );
    else this.remarks.push(`${which}: not yet under a root`);
  }

  private endBatches(): void {
    const last = this.last?.seq ?? 0;
    const through = this.batches.at(-1)?.to ?? 0;
    if (through > last) this.faults.push(`${range(last + 1, through)}: cut off, their roots are still there`);
    while (this.batches.length) this.endBatch();
  }

  /** A log may begin later than with entry 1 if the entries before it were old enough and their removal was noted. */
  private checkBeginning(roots: readonly LogRoot[]): void {
    if (!this.first || this.first.seq === 1) return;
    const gone = this.first.seq - 1;
    const noted = (this.pruned?.of?.through ?? 0) >= gone;
    const closed = roots.find(root => root.to >= gone);
    const whole = closed?.to === gone;
    if (!noted || !whole) {
      this.faults.push(`${range(1, gone)}: removed`);
      return;
    }
    const allowed = new Date(this.pruned!.at);
    allowed.setUTCMonth(allowed.getUTCMonth() - minMonthsKept);
    if (Date.parse(closed!.at) > allowed.getTime() + monthLengthsDifferMs)
      this.faults.push(`${range(1, gone)}: removed before their time`);
    else
      this.remarks.push(`The log goes back to entry ${this.first.seq} of ${this.first.at}; what was older is pruned`);
  }
}

const inWords = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
};
