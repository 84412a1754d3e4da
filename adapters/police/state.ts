/** Puts or removes a stored record, as its row says. */
import {
  put,
  type RecordKind,
  type RecordOf,
  Rejection,
  readText,
  remove,
  type Source,
  type Statement,
} from '../kit/index.ts';
import type { PoliceRow } from './services.ts';

/** CZBZ says insert, update or delete. A removal is accepted whatever the rest of its row looks like. */
export function state<K extends RecordKind>(
  kind: K,
  source: Source,
  row: PoliceRow['row'],
  read: () => RecordOf<K>,
): Statement {
  const operation = readText(row.CZBZ)?.toUpperCase();
  if (operation !== 'I' && operation !== 'U' && operation !== 'D') {
    throw new Rejection('CZBZ', 'is not I, U or D', source.sourceId);
  }
  try {
    return operation === 'D' ? remove(kind, source, read()) : put(kind, source, read());
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    if (operation === 'D') return remove(kind, source);
    throw new Rejection(error.field, error.reason, source.sourceId);
  }
}
