/** Transient failures, after which the failed work is tried again. */
import { HubError } from '../domain/error-codes.ts';

/**
 * Whether an error concerns the database and not the query: it is gone, restarts or is full, or a deadlock was
 * resolved; or that too much waits for the database at the moment.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof HubError) return error.code === 'BUSY';
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return /connection|timeout/i.test(String((error as Error | null)?.message));
  return /^(?!57014)(08|53|57|40|58)...$|^E[A-Z]+$/.test(code);
}
