/**
 * The hub in a few lines: what the tables must hold after any pages in any order. It refuses what the hub refuses, by
 * the hub's own code, and shares the digest with it. The adapters' tests count with it, and the ingest tests compare the
 * database with it.
 */
import { isUtf8 } from 'node:buffer';
import type { Adapter, AgencySource, Item, WholeSet } from '../../adapters/kit/contract.ts';
import type { Statement } from '../../adapters/kit/statement.ts';
import { demandPage } from '../../src/ingest/page-envelope.ts';
import { kindsOf, Restater } from '../../src/ingest/restate.ts';
import { digestOfRecord, type ValidRecord } from '../../src/store/rows.ts';

const bounds = { items: 50_000, bytes: 128_000_000 };

export class ReferenceHub {
  /** Keyed by `Kind sourceId`. */
  readonly records = new Map<string, Statement>();
  /** Distinct parked items: why, by their raw text. */
  readonly parked = new Map<string, string>();
  private readonly kinds;
  private readonly restaters;

  constructor(
    private readonly adapter: Adapter,
    private readonly strict = true,
  ) {
    this.kinds = kindsOf(adapter);
    this.restaters = { 'to store': new Restater(adapter), 'to show': new Restater(adapter, 'to show') };
  }

  /**
   * What the hub would park is parked here, by the same code. Answers of look-ups may be given too: they are `to show`. An
   * error in `map` is thrown, so that its test fails.
   */
  take(items: readonly Item<unknown>[], use: 'to store' | 'to show' = 'to show', set?: WholeSet): void {
    const { records, parked, present } = this.restaters[use].restate(items, set);
    for (const record of records) this.store(record);
    for (const { raw, kind, field, reason } of parked) {
      if (this.strict && reason.startsWith('could not be restated'))
        throw new Error(`${this.adapter.agency.code}: ${reason}`);
      const text = Buffer.from(raw).toString(isUtf8(raw) ? 'utf8' : 'latin1');
      this.parked.set(text, `${kind ? `${kind}.` : ''}${field} ${reason}`.trim());
    }
    if (!set) return;
    const seen = this.seen.get(set.name) ?? new Set();
    this.seen.set(set.name, seen);
    for (const { kind, sourceId } of present) seen.add(`${kind} ${sourceId}`);
  }

  /**
   * The higher version wins; between different contents of one version the digest decides, so the order does not
   * matter.
   */
  private store(record: ValidRecord): void {
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
      const given = await source.changes!(after, sizes[page % sizes.length]!, { signal });
      const { items, next, done, set } = demandPage(given, new Set(this.kinds.keys()), bounds);
      this.take(items, 'to store', set);
      after = next;
      if (set?.complete) this.removeAbsent(set);
      if (done) return after;
    }
  }

  private readonly seen = new Map<string, Set<string>>();
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
