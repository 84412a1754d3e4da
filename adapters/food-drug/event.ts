/** One line of a delivery: a row of a table with what was done to it. */
import { type Item, NestingError, parseJson } from '../kit/index.ts';

/** `{"TABLE":"EA_JC_STEP_PROC","CD_OPERATION":"I","ROW":{"PROJID":"…","DATAVER":1,…}}`; look-ups return only rows. */
export interface EaEvent {
  readonly table: string;
  /** As it was written: I inserted, U updated, D deleted. */
  readonly operation: unknown;
  readonly row: Readonly<Record<string, unknown>>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A row holds plain values only; a nested value would be misread. */
export const isRow = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && Object.values(value).every(cell => typeof cell !== 'object' || cell === null);

/** A line is an object with a row in it; what is deeper is no event. */
export const DEEPEST = 8;

const unreadable = (raw: string, field: string, reason: string): Item<EaEvent> => ({
  raw,
  unreadable: { field, reason },
});

/** Never throws: a line that is no event is an item that the hub parks. */
export function parseLine(raw: string): Item<EaEvent> {
  let line: unknown;
  try {
    line = parseJson(raw, DEEPEST);
  } catch (error) {
    const isDeep = error instanceof NestingError;
    return unreadable(raw, 'line', isDeep ? `is nested deeper than ${DEEPEST} levels` : 'is not JSON');
  }
  if (!isObject(line)) return unreadable(raw, 'line', 'is not a JSON object');
  if (typeof line.TABLE !== 'string') return unreadable(raw, 'TABLE', 'is missing');
  if (!isRow(line.ROW)) return unreadable(raw, 'ROW', 'is not an object of plain values');
  return { raw, native: { table: line.TABLE, operation: line.CD_OPERATION ?? null, row: line.ROW } };
}
