/** Sessions that an administrator has ended: what every process of the hub knows of them, in memory. */
import type { SessionEnding } from '../domain/session-ending.ts';
import type { Principal } from './principal.ts';

type Holder = Pick<Principal, 'session' | 'subject' | 'token'>;

export class EndedSessions {
  private readonly endings = new Map<string, SessionEnding>();
  private readonly listeners = new Set<() => void>();

  /** @param skewMs by how much the issuer's clock may be ahead: what it issued just afterwards may be from before */
  constructor(private readonly skewMs: number) {}

  /** Whether the reader's session was ended, or everything that he had been given until then. */
  refuses({ session, subject, token }: Holder): boolean {
    if (!token) return false;
    if (session !== null && this.endings.has(key('session', session))) return true;
    const ending = subject === null ? undefined : this.endings.get(key('subject', subject));
    // Who signs in again afterwards is welcome: only a session stays ended.
    return ending !== undefined && token.issuedAtMs <= ending.endedAtMs + this.skewMs;
  }

  /** Takes what is not known yet, and drops what has run out. */
  learn(endings: readonly SessionEnding[], nowMs: number = Date.now()): void {
    const fresh = endings.filter(({ about, name, endedAtMs, untilMs }) => {
      const known = this.endings.get(key(about, name));
      return untilMs > nowMs && (!known || known.endedAtMs < endedAtMs || known.untilMs < untilMs);
    });
    for (const ending of fresh) this.endings.set(key(ending.about, ending.name), ending);
    for (const [name, { untilMs }] of this.endings) if (untilMs <= nowMs) this.endings.delete(name);
    if (fresh.length) for (const listener of [...this.listeners]) listener();
  }

  /** Calls back whenever something has been ended; returns how to stop that. */
  onEnding(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  get size(): number {
    return this.endings.size;
  }
}

const key = (about: SessionEnding['about'], name: string) => `${about} ${name}`;
