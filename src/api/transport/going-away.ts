/** How streams end when this process stops: one after the other, so that their clients do not all reconnect at once. */
import { HubError } from '../../domain/error-codes.ts';

const maxReconnectMs = 1_000;

/** The refusal of an operation that comes while the process is stopping. */
export const goingAway = () => new HubError('GOING_AWAY', 'This process of the hub is stopping: connect again');

/** The end of a stream that is open when the process stops. */
export const streamGoesAway = (spreadMs: number) =>
  new HubError('GOING_AWAY', 'This process of the hub is stopping: go on at the cursor', {
    reconnectAfterMs: Math.round(Math.random() * Math.min(spreadMs, maxReconnectMs)),
  });

export interface Leaving {
  /** Ends what is open. */
  leave(spreadMs: number): void;
  /** Resolves when its client is gone. */
  readonly gone: Promise<void>;
}

/** Ends all within `spreadMs`, and resolves when every client is gone. */
export async function closeGradually(all: readonly Leaving[], spreadMs: number): Promise<void> {
  const closings = all.map(async (each, i) => {
    const timer = setTimeout(() => each.leave(spreadMs), (i / all.length) * spreadMs);
    await each.gone;
    clearTimeout(timer);
  });
  await Promise.all(closings);
}
