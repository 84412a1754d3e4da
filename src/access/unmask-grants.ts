/** Grants in force by which a reader sees one record whole for a while: what this process keeps of them in memory. */
import type { UnmaskGrant } from '../domain/unmask-grant.ts';
import { PolledState } from './polled-state.ts';
import type { Principal } from './principal.ts';

/** They are read again every second; each ends by this process's own clock, whether or not the database answers. */
export class UnmaskGrants extends PolledState<readonly UnmaskGrant[]> {
  constructor(read: () => Promise<readonly UnmaskGrant[]>, onError: (error: unknown) => void) {
    super([], read, onError);
  }

  /** The grants of a reader. A grant belongs to a session, so it ends with it. */
  of({ role, subject, session }: Pick<Principal, 'role' | 'subject' | 'session'>): readonly UnmaskGrant[] {
    if (!this.known.length || subject === null) return [];
    const now = performance.now();
    return this.known.filter(
      grant => grant.subject === subject && grant.role === role && grant.session === session && grant.endsAtMs > now,
    );
  }
}
