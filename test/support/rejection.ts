import { Rejection } from '../../adapters/kit/statement.ts';

/** The field and the reason of a rejection; fails when nothing is rejected. */
export function rejection(read: () => unknown): { field: string; reason: string } {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { field: error.field, reason: error.reason };
  }
  throw new Error('nothing was rejected');
}
