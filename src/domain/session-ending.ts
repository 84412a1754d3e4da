/**
 * An administrator has ended one session, or everything that was issued to a subject (a person, a system) until then.
 */
export interface SessionEnding {
  readonly about: 'session' | 'subject';
  /** The session's id (sid), or the subject (sub), as in tokens. */
  readonly name: string;
  readonly endedAtMs: number;
  /** After this time no token that it concerns can be valid. */
  readonly untilMs: number;
}
