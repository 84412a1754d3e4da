/**
 * The entry with which everybody begins who opens the log: how roots are made from here on. It records the change from
 * roots without signatures to signed ones.
 */
import type { AuditSettings } from './audit-log.ts';
import { type Draft, type Entry, ofTheHub } from './entry.ts';

export const openingOf = ({ batchMs, signer, oneFileSystemAllowed }: AuditSettings): Draft =>
  ofTheHub('open', '', {
    result: signer?.key ?? null,
    of: { rootsEveryMs: batchMs, oneFileSystemAllowed: Number(oneFileSystemAllowed ?? false) },
  });

export interface Opening {
  readonly seq: number;
  /** The key that signs roots from here on; null: none does. */
  readonly key: string | null;
  readonly rootsEveryMs: number;
  readonly oneFileSystemAllowed: boolean;
}

/** Null for an entry of another kind. */
export function readOpening({ act, seq, result, of }: Entry): Opening | null {
  if (act !== 'open') return null;
  const { rootsEveryMs = 0, oneFileSystemAllowed } = of ?? {};
  return { seq, key: result, rootsEveryMs, oneFileSystemAllowed: oneFileSystemAllowed === 1 };
}
