/** What one request, or one event of a subscription, has shown of persons: collected on the way, noted once at the end. */
import { hash } from 'node:crypto';
import type { AuditLog } from './audit-log.ts';
import { type Channel, type Draft, isSealed, type OtherReader, type StatedPurpose, type Who } from './entry.ts';

/** Where a trail is noted, and under which rules it was made. */
export interface AuditDesk {
  readonly log: AuditLog;
  readonly policy: string;
}
/** A line of the log stays below some 100 KB. */
const readersOfEntry = 500;

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

  /**
   * One answer for many readers: one entry for all who see it, but for those under seal. Resolves when everything is on
   * disk, and throws as `note`.
   */
  async noteAll(desk: AuditDesk, readers: readonly Reader[], channel: Channel, answer: string): Promise<void> {
    const all = distinct(readers);
    const [sealed, open] = [all.filter(isSealed), all.filter(reader => !isSealed(reader))];
    const groups = sealed.map(reader => [reader]);
    for (let from = 0; from < open.length; from += readersOfEntry) groups.push(open.slice(from, from + readersOfEntry));
    const drafts = groups.map(([first, ...others]) => ({ ...this.draft(desk, first!, channel, answer), others }));
    await Promise.all(drafts.map(draft => desk.log.append(draft)));
  }

  /** Resolves when the entry is on disk. Throws AUDIT_UNAVAILABLE: then the answer must not leave. */
  note(desk: AuditDesk, reader: Reader, channel: Channel, answer: string | Buffer | null): Promise<number> {
    const { subject, role, agency, session, purpose } = reader;
    return desk.log.append(this.draft(desk, { who: { subject, role, agency, session }, purpose }, channel, answer));
  }

  private draft(
    desk: AuditDesk,
    { who, purpose }: Pick<Draft, 'who' | 'purpose'>,
    channel: Channel,
    answer: string | Buffer | null,
  ): Draft {
    return {
      act: this.act,
      who,
      purpose,
      operation: this.operation,
      channel,
      subjects: this.subjects,
      result: answer === null ? null : hash('sha256', answer, 'hex'),
      policy: desk.policy,
      counts: { rows: this.rows },
    };
  }
}
/** What is noted of a reader, found once: the same ones are told event after event. */
const notable = new WeakMap<Reader, { readonly key: string; readonly who: Who }>();
function notableOf(reader: Reader) {
  const known = notable.get(reader);
  if (known) return known;
  const { subject, role, agency, session, purpose } = reader;
  const who = { subject, role, agency, session };
  const made = { key: JSON.stringify([who, purpose]), who };
  notable.set(reader, made);
  return made;
}

function distinct(readers: readonly Reader[]): OtherReader[] {
  const found = new Map<string, { who: Who; purpose: StatedPurpose | null; times: number }>();
  for (const reader of readers) {
    const { key, who } = notableOf(reader);
    const known = found.get(key);
    if (known) known.times += 1;
    else found.set(key, { who, purpose: reader.purpose, times: 1 });
  }
  return [...found.values()];
}

export interface Reader extends Who {
  readonly purpose: StatedPurpose | null;
}

export const operationOf = (name: string | null | undefined, document: string): Operation => ({
  name: name ?? null,
  sha256: hash('sha256', document, 'hex'),
});
