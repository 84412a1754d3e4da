/** Somebody may see one record whole for a while, although his purpose does not show it (揭敏). */
export interface UnmaskGrant {
  readonly id: string;
  /** Whose it is: role, subject and session (null for systems) as his tokens name them. */
  readonly role: string;
  readonly subject: string;
  readonly session: string | null;
  /** The record: its noun, and its id. */
  readonly noun: string;
  readonly recordId: string;
  /** By the clock of this process that nobody sets (performance.now). */
  readonly endsAtMs: number;
}
