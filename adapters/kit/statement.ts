/** What an adapter states: "this record now has this content", or "it is gone". The hub decides what follows. */
import type { RecordKind, RecordOf } from './record.ts';

/** The position of a statement among the others about the same record. */
export interface Source {
  /** The record's own id in the agency's system; with kind and agency it names the record for ever. */
  readonly sourceId: string;
  /**
   * Orders the statements about one record: text that compares like the source's own versions. A statement with a lower
   * version than the stored one changes nothing, whenever it arrives. Make it with `versionOf`.
   */
  readonly version: string;
  /** When this was true at the source, ISO 8601 with offset. */
  readonly asOf?: string | null;
}

export interface Statement extends Source {
  readonly kind: string;
  readonly deleted: boolean;
  /** Null only in a removal that gives nothing but the id. */
  readonly data: Readonly<Record<string, unknown>> | null;
}

export const put = <K extends RecordKind>(kind: K, source: Source, data: RecordOf<K>): Statement => ({
  ...source,
  kind: kind.name,
  deleted: false,
  data: data as Record<string, unknown>,
});

/** The source flags the record as deleted. Nothing is ever erased: the history keeps earlier content. */
export const remove = <K extends RecordKind>(kind: K, source: Source, data: RecordOf<K> | null = null): Statement => ({
  ...source,
  kind: kind.name,
  deleted: true,
  data: data as Record<string, unknown> | null,
});

/**
 * A version from its parts, most significant first. Whole numbers are padded so that text order is number order; dates
 * and ISO instants compare as they are (all of one source must have the same offset and precision).
 *
 * Numbers of more than 12 digits, such as milliseconds, are in order among those of as many digits.
 *
 * @throws Rejection for a negative number, a fraction, and one that JavaScript cannot hold exactly
 */
export const versionOf = (...parts: readonly (number | string)[]): string =>
  parts.map(part => (typeof part === 'number' ? padded(part) : part)).join('.');
function padded(part: number): string {
  if (!Number.isSafeInteger(part) || part < 0)
    throw new Rejection('version', 'has a part that is no whole number, or too large a one');
  return String(part).padStart(12, '0');
}

/** Thrown by `map` when an item cannot be restated: it is parked under this field and reason, and the page goes on. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  constructor(
    /** The source's own name of the field: `REGSTATE`. */
    readonly field: string,
    /** What is wrong, in words that follow the field's name and do not hold its value: `is not a known code`. */
    readonly reason: string,
    /** The record's id at the source, where it could be read: keeps the order per record when items are replayed. */
    readonly sourceId?: string,
  ) {
    super(`${field} ${reason}`);
  }
}
