/** An administrator has ended one session, or whatever somebody (a person, a system) had been given until then. */
export interface SessionEnding {
  readonly about: 'session' | 'subject';
  /** The session's id (sid), or the subject (sub), as in tokens. */
  readonly name: string;
  readonly endedAtMs: number;
  /** From then on no token can be valid that it concerns. */
  readonly untilMs: number;
}
