/** What one request, or one event of a subscription, has shown of persons: collected on the way, noted once at the end. */
import { hash } from 'node:crypto';
import type { AuditLog } from './audit-log.ts';
import type { Channel, Draft, StatedPurpose, Who } from './entry.ts';

/** Where a trail is noted, and under which rules it was made. */
export interface AuditDesk {
  readonly log: AuditLog;
  readonly policy: string;
}
export type Operation = NonNullable<Draft['operation']>;

export class Trail {
  operation: Operation | null = null;
  /** `write` once a mutation runs. */
  act: 'read' | 'write' = 'read';
  /** Where the question came in. */
  channel: Channel = 'http';
  private readonly subjects = new Set<string>();
  private rows = 0;

  /** @param subjects ids of the persons that the row is about */
  saw(subjects: readonly string[]): void {
    this.rows += 1;
    for (const subject of subjects) this.subjects.add(subject);
  }

  get isEmpty(): boolean {
    return this.rows === 0;
  }

  /** Resolves when the entry is on disk. Throws AUDIT_UNAVAILABLE: then the answer must not leave. */
  note(desk: AuditDesk, reader: Reader, channel: Channel, answer: string | Buffer | null): Promise<number> {
    const { subject, role, agency, session, purpose } = reader;
    return desk.log.append({
      act: this.act,
      who: { subject, role, agency, session },
      purpose,
      operation: this.operation,
      channel,
      subjects: this.subjects,
      result: answer === null ? null : hash('sha256', answer, 'hex'),
      policy: desk.policy,
      counts: { rows: this.rows },
    });
  }
}
export interface Reader extends Who {
  readonly purpose: StatedPurpose | null;
}

export const operationOf = (name: string | null | undefined, document: string): Operation => ({
  name: name ?? null,
  sha256: hash('sha256', document, 'hex'),
});
