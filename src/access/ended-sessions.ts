/** Sessions that an administrator has ended, as every process of the hub keeps them in memory. */
import type { SessionEnding } from '../domain/session-ending.ts';
import type { Principal } from './principal.ts';

type Holder = Pick<Principal, 'session' | 'subject' | 'token'>;

export class EndedSessions {
  private readonly endings = new Map<string, SessionEnding>();
  private readonly listeners = new Set<() => void>();

  /**
   * @param skewMs by how much the issuer's clock may be ahead: a token that seems issued just afterwards may be from
   *   before
   */
  constructor(private readonly skewMs: number) {}

  /** Whether the reader's session was ended, or everything that had been issued to them until then. */
  refuses({ session, subject, token }: Holder): boolean {
    if (!token) return false;
    if (session !== null && this.endings.has(key('session', session))) return true;
    const ending = subject === null ? undefined : this.endings.get(key('subject', subject));
    // A subject may sign in again afterwards: only a session stays ended.
    return ending !== undefined && token.issuedAtMs <= ending.endedAtMs + this.skewMs;
  }

  /** Adds endings that are not known yet, and drops those that have expired. */
  learn(endings: readonly SessionEnding[], nowMs: number = Date.now()): void {
    const fresh = endings.filter(({ about, name, endedAtMs, untilMs }) => {
      const known = this.endings.get(key(about, name));
      return untilMs > nowMs && (!known || known.endedAtMs < endedAtMs || known.untilMs < untilMs);
    });
    for (const ending of fresh) this.endings.set(key(ending.about, ending.name), ending);
    for (const [name, { untilMs }] of this.endings) if (untilMs <= nowMs) this.endings.delete(name);
    if (fresh.length) for (const listener of [...this.listeners]) listener();
  }

  /** Calls the listener whenever something has been ended; returns a function that stops this. */
  onEnding(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  get size(): number {
    return this.endings.size;
  }
}

const key = (about: SessionEnding['about'], name: string) => `${about} ${name}`;
