/** Reads the audit log from disk: what was added is read immediately, without waiting for anything. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Entry } from '../../../src/audit/entry.ts';

export class LogTail {
  readonly entries: Entry[] = [];
  private readonly read = new Map<string, number>();

  constructor(private readonly dir: string) {}

  /** Reads what was added; returns how many entries there are now. */
  look(): number {
    const files = readdirSync(this.dir).filter(name => /^entries-\d+\.jsonl$/.test(name));
    for (const name of files.sort()) this.readOn(path.join(this.dir, name));
    return this.entries.length;
  }

  private readOn(file: string): void {
    const from = this.read.get(file) ?? 0;
    const { size } = statSync(file);
    if (size === from) return;
    const bytes = Buffer.alloc(size - from);
    const handle = openSync(file, 'r');
    const length = readSync(handle, bytes, 0, bytes.length, from);
    closeSync(handle);
    const end = bytes.subarray(0, length).lastIndexOf(10) + 1;
    this.read.set(file, from + end);
    const lines = bytes.toString('utf8', 0, end).split('\n').filter(Boolean);
    this.entries.push(...lines.map(line => JSON.parse(line) as Entry));
  }

  /** The entries about a reader between two reads. */
  of(subject: string | null, from: number, to: number): Entry[] {
    return this.entries
      .slice(from, to)
      .filter(({ who, others = [] }) =>
        [who, ...others.map(other => other.who)].some(each => each.subject === subject),
      );
  }
}

/** Everybody whom the entries name. */
export const named = (entries: readonly Entry[]): ReadonlySet<string> =>
  new Set(entries.flatMap(({ subjects }) => subjects.ids));
