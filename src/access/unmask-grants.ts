/** Grants in force by which somebody sees one record whole for a while: what this process knows of them, in memory. */
import type { UnmaskGrant } from '../domain/unmask-grant.ts';
import type { Principal } from './principal.ts';

const pollMs = 1_000;

/** They are read again every second; each ends by this process's own clock, whether or not the database answers. */
export class UnmaskGrants {
  private known: readonly UnmaskGrant[] = [];
  private reading: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly read: () => Promise<readonly UnmaskGrant[]>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Those of a reader. A grant belongs to a session, so it goes with it. */
  of({ role, subject, session }: Pick<Principal, 'role' | 'subject' | 'session'>): readonly UnmaskGrant[] {
    if (!this.known.length || subject === null) return [];
    const now = performance.now();
    return this.known.filter(
      grant => grant.subject === subject && grant.role === role && grant.session === session && grant.endsAtMs > now,
    );
  }

  async start(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => {
      this.refresh().catch(error => {
        // Without an answer everything stays masked: a grant that was taken back must not live on.
        this.known = [];
        this.onError(error);
      });
    }, pollMs);
  }
  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.reading.catch(() => {});
  }

  /** One look after the other, so that an older one never replaces what a newer one has seen. */
  refresh(): Promise<void> {
    this.reading = this.reading
      .catch(() => {})
      .then(async () => {
        this.known = await this.read();
      });
    return this.reading;
  }
}
