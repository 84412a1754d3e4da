/**
 * How far the stored services have been read. Rows are read by (GXSJ, XH), neither of which changes, so nothing is
 * skipped when rows share a time stamp. Rows committed late, with a time stamp already passed, are found by the next
 * sweep: it begins an overlap before the moment at which the last one began.
 */
import { z } from 'zod';
import { SourceError } from '../kit/index.ts';
import { type StoredKind, storedKinds } from './services.ts';

/** How late a row may be committed after its time stamp. */
const OVERLAP_MS = 120_000;
export const FIRST_STAMP = '00000000000000';

export const stampPattern = /^\d{14}$/;
/** Row numbers go into the next condition, so they must not contain anything that could end a quotation. */
export const rowNoPattern = /^[A-Z0-9]{1,32}$/;

const stamp = z.string().regex(stampPattern);
const schema = z.strictObject({
  /** The start of each service's next sweep. */
  marks: z.partialRecord(z.enum(storedKinds), stamp),
  kind: z.enum(storedKinds),
  /** The sweep in progress: when it began by the source's clock, and its last row so far. */
  sweep: z.strictObject({ began: stamp, last: z.tuple([stamp, z.string().regex(rowNoPattern)]) }).nullable(),
});
export type Position = z.output<typeof schema>;

export const start: Position = { marks: {}, kind: storedKinds[0], sweep: null };

export function readPosition(cursor: string | null): Position {
  if (cursor === null) return start;
  try {
    return schema.parse(JSON.parse(cursor));
  } catch (cause) {
    throw new SourceError('MALFORMED', 'the stored cursor is not one of this adapter', { cause });
  }
}
export const writePosition = (position: Position): string => JSON.stringify(position);

export function conditionOf({ marks, kind, sweep }: Position): string {
  if (!sweep) return `GXSJ>='${marks[kind] ?? FIRST_STAMP}'`;
  const [gxsj, xh] = sweep.last;
  return `GXSJ>'${gxsj}' OR (GXSJ='${gxsj}' AND XH>'${xh}')`;
}

export const afterRow = (position: Position, last: [string, string], timeStamp: string): Position => ({
  ...position,
  sweep: { began: position.sweep?.began ?? timeStamp, last },
});

/** The position after a service's last row: the next service, or null when all have been swept. */
export function afterSweep({ marks, kind, sweep }: Position, timeStamp: string): Position & { last: boolean } {
  const from = earlier(sweep?.began ?? timeStamp);
  const mark = marks[kind] && marks[kind] > from ? marks[kind] : from;
  const at = storedKinds.indexOf(kind) + 1;
  const next: StoredKind = storedKinds[at] ?? storedKinds[0];
  return { marks: { ...marks, [kind]: mark }, kind: next, sweep: null, last: at === storedKinds.length };
}

/** The stamp that lies an overlap before another; time stamps are computed as if they were UTC. */
function earlier(timeStamp: string): string {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(..)(..)(..)(..)(..)$/.exec(timeStamp)!.map(Number);
  const moment = new Date(Date.UTC(y!, mo! - 1, d, h, mi, s) - OVERLAP_MS);
  return moment.toISOString().replace(/\D/g, '').slice(0, 14);
}
