/** A reader may see one record whole for a while, although their purpose does not show it (揭敏). */
export interface UnmaskGrant {
  readonly id: string;
  /** Whose it is: role, subject and session (null for systems) as their tokens name them. */
  readonly role: string;
  readonly subject: string;
  readonly session: string | null;
  /** The record: its noun, and its id. */
  readonly noun: string;
  readonly recordId: string;
  /** By the monotonic clock of this process (performance.now). */
  readonly endsAtMs: number;
}
