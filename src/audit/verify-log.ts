/** Verifies the log from its lines and the roots alone: without the database, a key, or the running hub. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Entry, firstLink, leafHash, parseEntry } from './entry.ts';
import { MerkleTree } from './merkle-tree.ts';
import { ledgerFile } from './root-ledger.ts';
import { type LogRoot, linkAfter, readRoots } from './roots.ts';
import { listSegments, readSegment, type SegmentContent } from './segments.ts';
import { SubjectIndex } from './subject-index.ts';

export interface Verdict {
  /** Each names the entry, or the batch, that it is about. Empty: the log is as it was written. */
  readonly faults: readonly string[];
  /** Facts that are no faults but should be known. */
  readonly remarks: readonly string[];
  /** The first entry that is there, and since when. */
  readonly first: { readonly seq: number; readonly at: string } | null;
  readonly last: number;
  readonly roots: number;
}

/** Nobody may remove entries earlier: 网络安全法 demands six months. */
export const minMonthsKept = 6;
const monthLengthsDifferMs = 4 * 86_400_000;

/** @param roots the second place: a directory, or a file of a syslog server */
export async function verifyLog(dir: string, roots: string): Promise<Verdict> {
  return new Verification().run(dir, roots);
}

const range = (from: number, to: number) => (from === to ? `entry ${from}` : `entries ${from} to ${to}`);

class Verification {
  private readonly faults: string[] = [];
  private readonly remarks: string[] = [];
  private first: Entry | null = null;
  private last: Entry | null = null;
  private lastLeaf = firstLink;
  /** The end of the previous segment, when its last line is cut off. */
  private tail: Buffer | null = null;
  private pruned: Entry | null = null;
  /** Batches whose entries are being read, in order. */
  private batches: LogRoot[] = [];
  private tree = new MerkleTree();

  async run(dir: string, place: string): Promise<Verdict> {
    const roots = await this.readRoots(dir, place);
    this.batches = [...roots];
    for (const name of await listSegments(dir)) {
      const content = await readSegment(name.file);
      await this.checkSegment(content, name.index);
    }
    if (this.tail) this.remarks.push('The last line is incomplete, as after a crash: it was never acknowledged');
    this.endBatches();
    this.checkBeginning(roots);
    const through = roots.at(-1)?.to ?? 0;
    if (this.last && this.last.seq > through) {
      this.remarks.push(`${range(through + 1, this.last.seq)}: not yet under a root`);
    }
    const { first, last, faults, remarks } = this;
    return {
      faults: [...new Set(faults)],
      remarks,
      first: first && { seq: first.seq, at: first.at },
      last: last?.seq ?? 0,
      roots: roots.length,
    };
  }

  /** The second place decides. The roots beside the log may be ahead of it, but must not contradict it. */
  private async readRoots(dir: string, place: string): Promise<LogRoot[]> {
    const kept = (await readRoots(place).catch(whereNothingIs)).sort((a, b) => a.batch - b.batch);
    const beside = await readRoots(ledgerFile(dir)).catch(whereNothingIs);
    const links = new Map(kept.map(root => [root.batch, linkAfter(root)]));
    for (const root of beside) {
      const link = links.get(root.batch);
      if (link && link !== linkAfter(root)) {
        this.faults.push(`The root of batch ${root.batch} differs between its two places`);
      }
    }
    const last = kept.at(-1)?.batch ?? 0;
    const ahead = beside.filter(root => root.batch > last);
    for (const { batch } of ahead) this.remarks.push(`The root of batch ${batch} has not reached the second place`);
    if (!kept.length && ahead.length > 1) this.faults.push('The second place holds none of the roots that were made');
    const roots = [...kept, ...ahead];
    this.checkRootChain(roots);
    return roots;
  }

  private checkRootChain(roots: readonly LogRoot[]): void {
    let before: LogRoot | null = null;
    for (const root of roots) {
      const due: number = (before?.batch ?? 0) + 1;
      if (root.batch > due) this.faults.push(`The roots ${due} to ${root.batch - 1} are missing`);
      else if (root.batch < due) this.faults.push(`There are two different roots of batch ${root.batch}`);
      else if (root.prev !== linkAfter(before)) {
        this.faults.push(`The root of batch ${before?.batch ?? root.batch} was edited`);
      }
      before = root;
    }
  }

  private async checkSegment(content: SegmentContent, index: string): Promise<void> {
    const known = new SubjectIndex();
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
      if (entry.act === 'prune') this.pruned = entry;
      this.putUnderRoot(entry.seq, this.lastLeaf);
    }
    if (content.tail.length) this.tail = content.tail;
    const stored = await readFile(index).catch(() => null);
    if (stored && !stored.equals(known.bytes())) {
      this.faults.push(
        `The index behind ${this.last ? range(this.last.seq, this.last.seq) : 'the beginning'} was edited`,
      );
    }
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
  private putUnderRoot(seq: number, leaf: string): void {
    while (this.batches[0] && this.batches[0].to < seq) this.endBatch();
    const batch = this.batches[0];
    if (!batch || seq < batch.from) return;
    this.tree.add(leaf);
    if (seq === batch.to) this.endBatch();
  }

  private endBatch(): void {
    const batch = this.batches.shift()!;
    const { tree } = this;
    this.tree = new MerkleTree();
    const before = this.first && batch.to < this.first.seq;
    if (before && !tree.size) return;
    if (tree.root() !== batch.root) {
      this.faults.push(`${range(batch.from, batch.to)}: not as they were when batch ${batch.batch} was closed`);
    }
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

/** A log that has just begun has no roots yet. */
const whereNothingIs = (error: NodeJS.ErrnoException): LogRoot[] => {
  if (error.code === 'ENOENT') return [];
  throw error;
};
