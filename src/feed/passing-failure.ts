/** Failures that pass by themselves, so that what failed is tried again. */
import { HubError } from '../domain/error-codes.ts';

/** What the database may say of itself, and not of a question: it is gone, restarts, is full, or two waited for each other. */
export function isPassing(error: unknown): boolean {
  if (error instanceof HubError) return false;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return /connection|timeout/i.test(String((error as Error | null)?.message));
  return /^(?!57014)(08|53|57|40|58)...$|^E[A-Z]+$/.test(code);
}
