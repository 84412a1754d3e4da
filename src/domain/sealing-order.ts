/** An order by which the reads of one reader are sealed: the person concerned learns of them when it has ended. */
export interface SealingOrder {
  /** The number of the written order (批准文号). */
  readonly number: string;
  /** Whose reads it seals, by the token's subject. */
  readonly subject: string;
  /** Last day, `2026-11-23`: on the day after it, what was sealed by it opens by itself. */
  readonly until: string;
}
