/**
 * How far the exchange log has been read. Positions are transaction numbers and snapshots of PostgreSQL, so that a row
 * which was written early and committed late is read after its commit. Holds no value of any row.
 */
import { z } from 'zod';
import { SourceError } from '../kit/index.ts';

const digits = z.string().regex(/^\d{1,20}$/);
/** `pg_snapshot` as text: first open transaction, first unused one, the open ones between. */
const snapshot = z.string().regex(/^\d+:\d+:[\d,]*$/);

const position = z.object({
  /** Place of the table in `exchangeTables`. */
  table: z.number().int().min(0),
  /** The last row read of it: its transaction, its place in the log. */
  transaction: digits,
  place: digits,
});
const shape = z.object({
  /** Which database this is about: a replaced one is read from its beginning. */
  database: z.string(),
  /** Everything that was committed at this snapshot has been read. */
  since: snapshot,
  /** A round under way: it reads what is committed in `upto` and was not in `since`; the set of rows is fixed by that. */
  round: z.object({ upto: snapshot, position }).nullable(),
});
export type Cursor = z.output<typeof shape>;
export type Round = NonNullable<Cursor['round']>;

/** The snapshot in which nothing is committed. */
const NOTHING = '1:1:';
export const fromTheBeginning = (database: string): Cursor => ({ database, since: NOTHING, round: null });
export const startOfTable = (table: number): Round['position'] => ({ table, transaction: '0', place: '0' });

/** Throws SourceError MALFORMED for text that this adapter did not write. */
export function parseCursor(text: string): Cursor {
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw new SourceError('MALFORMED', 'the stored cursor of the exchange database cannot be read', { cause });
  }
}
