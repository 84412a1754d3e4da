/**
 * The hub in a few lines: what the tables must hold after any pages in any order. It shares the validator and the
 * digest with the product. The adapters' tests count with it, and the ingest tests compare the database with it.
 */
import type { Adapter, AgencySource, Item } from '../../adapters/kit/contract.ts';
import { Rejection, type Statement } from '../../adapters/kit/statement.ts';
import { type CheckedRecord, checkStatement } from '../../src/ingest/check.ts';
import { digestOfRecord } from '../../src/store/rows.ts';

export class ReferenceHub {
  /** Keyed by `Kind sourceId`. */
  readonly records = new Map<string, Statement>();
  /** Distinct parked items, keyed by their raw text. */
  readonly parked = new Map<string, string>();
  private readonly kinds;

  constructor(private readonly adapter: Adapter) {
    this.kinds = new Map([...adapter.records, ...adapter.hallRecords].map(kind => [kind.name, kind]));
  }

  take(items: readonly Item<unknown>[]): void {
    for (const item of items) {
      const raw = typeof item.raw === 'string' ? item.raw : Buffer.from(item.raw).toString('latin1');
      const reason = 'unreadable' in item ? item.unreadable.reason : this.state(item.native);
      if (reason) this.parked.set(raw, reason);
    }
  }

  /** An item is either taken as a whole or parked as a whole. */
  private state(native: unknown): string | null {
    try {
      const statements = this.adapter.map(native);
      const outcomes = statements.map(statement => checkStatement(this.kinds.get(statement.kind)!, statement));
      for (const [i, outcome] of outcomes.entries()) {
        if (!('rejects' in outcome)) continue;
        return outcome.rejects.map(r => `${statements[i]!.kind}.${r.field} ${r.reason}`).join('; ');
      }
      for (const outcome of outcomes) if ('record' in outcome) this.store(outcome.record);
      return null;
    } catch (error) {
      if (error instanceof Rejection) return error.message;
      throw error;
    }
  }

  /**
   * The higher version wins; between different contents of one version the digest decides, so the order does not
   * matter.
   */
  private store(record: CheckedRecord): void {
    const { statement } = record;
    const key = `${statement.kind} ${statement.sourceId}`;
    const digest = digestOfRecord(this.kinds.get(statement.kind)!, record);
    const known = this.records.get(key);
    const wins =
      !known ||
      (known.version === statement.version ? digest > this.digests.get(key)! : statement.version > known.version);
    if (!wins) return;
    this.records.set(key, statement);
    this.digests.set(key, digest);
  }
  private readonly digests = new Map<string, string>();

  /** Reads `changes` from a cursor to the end, in pages of the given sizes in turn, and returns the last cursor. */
  async drain(source: AgencySource<unknown>, after: string | null = null, sizes: readonly number[] = [500]) {
    const { signal } = new AbortController();
    for (let page = 0; ; page++) {
      const { items, next, done, set } = await source.changes!(after, sizes[page % sizes.length]!, { signal });
      this.take(items);
      after = next;
      if (set) this.see(items, set.name);
      if (set?.complete) this.removeAbsent(set);
      if (done) return after;
    }
  }

  private readonly seen = new Map<string, Set<string>>();
  private see(items: readonly Item<unknown>[], set: string): void {
    const seen = this.seen.get(set) ?? new Set();
    this.seen.set(set, seen);
    for (const item of items) {
      if ('unreadable' in item) continue;
      try {
        for (const { kind, sourceId } of this.adapter.map(item.native)) seen.add(`${kind} ${sourceId}`);
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        if (error.sourceId) for (const kind of this.kinds.keys()) seen.add(`${kind} ${error.sourceId}`);
      }
    }
  }
  private removeAbsent({ name, kinds, version }: { name: string; kinds: readonly string[]; version: string }): void {
    for (const [key, record] of this.records) {
      if (!kinds.includes(record.kind) || record.deleted || record.version >= version) continue;
      if (!this.seen.get(name)?.has(key)) this.records.set(key, { ...record, deleted: true, version });
    }
  }

  count(deleted: boolean): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const record of this.records.values()) {
      if (record.deleted === deleted) counts[record.kind] = (counts[record.kind] ?? 0) + 1;
    }
    return counts;
  }
}
