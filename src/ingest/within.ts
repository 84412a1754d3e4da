/** Waits for an adapter no longer than the hub's deadline, whether it heeds the signal or not. */
import { SourceError } from '../../adapters/kit/contract.ts';

/**
 * What `work` gives, if it gives it in time. Afterwards nobody waits for it any more: what it gives late is dropped.
 *
 * @param stop ends the wait too, with its reason
 * @throws SourceError TIMEOUT after the deadline, whatever `work` makes of its signal
 */
export async function within<T>(
  deadlineMs: number,
  work: (signal: AbortSignal) => Promise<T> | T,
  stop?: AbortSignal,
): Promise<T> {
  const ending = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  ended.catch(() => {});
  const end = (reason: unknown) => {
    reject(reason);
    ending.abort(reason);
  };
  const onStop = () => end(stop!.reason);
  const timer = setTimeout(() => end(new SourceError('TIMEOUT', 'did not answer in time')), deadlineMs);
  stop?.addEventListener('abort', onStop);
  if (stop?.aborted) onStop();
  try {
    const working = Promise.resolve(work(ending.signal));
    working.catch(() => {}); // a failure that comes late is nobody's
    return await Promise.race([ended, working]);
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener('abort', onStop);
  }
}
