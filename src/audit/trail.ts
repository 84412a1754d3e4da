/**
 * What one request, or one event of a subscription, has shown of persons: collected on the way, noted once at the end.
 */
import { hash } from 'node:crypto';
import type { AuditAct } from '../domain/audit-acts.ts';
import { HubError } from '../domain/error-codes.ts';
import type { AuditLog } from './audit-log.ts';
import { type Channel, type Draft, isSealed, type OtherReader, type StatedPurpose, type Who } from './entry.ts';
import type { Refusals } from './refusals.ts';

/** The log, and the version of the rules that decide. */
export interface AuditBook {
  readonly log: AuditLog;
  readonly policy: string;
}
/** The log, and what counts refusals for it. */
export interface AuditDesk extends AuditBook {
  readonly refusals: Pick<Refusals, 'note'>;
}
/** Whom a reader looks for, and how many of them are not there. */
export interface Sought {
  readonly persons: readonly string[];
  readonly misses: number;
  readonly reads: boolean;
}
/** Where a trail is noted, once its reader's quotas allow it. */
export interface AuditTarget extends AuditBook {
  readonly quotas: Quotas;
}
/** How many persons a reader may see in a day. */
export interface Quotas {
  /** Counts what an answer is about to show. Throws QUOTA_REACHED: then the answer must not leave. */
  demand(reader: Reader, shown: { readonly persons: readonly string[]; readonly misses: number }): Promise<void>;
}
/** Readers of an answer who may not have it, and why. */
export type Refused = ReadonlyMap<Reader, HubError>;
/** So a line of the log stays below some 100 KB. */
const readersOfEntry = 500;

export type Operation = NonNullable<Draft['operation']>;

export class Trail {
  operation: Operation | null = null;
  /** `write` once a mutation runs. */
  act: 'read' | 'write' = 'read';
  /** What has been done and is noted. */
  readonly acts: { readonly act: AuditAct; readonly entry: number }[] = [];
  /** How the query came in. */
  channel: Channel = 'http';
  /** Persons of whom something is shown whole. */
  private readonly shown = new Set<string>();
  /** Persons who were looked for, whatever is shown of them. */
  private readonly wanted = new Set<string>();
  /** Persons who match a test: the test reads them. */
  private readonly tested = new Set<string>();
  private rows = 0;
  private lookUps = 0;
  private misses = 0;

  /**
   * Notes a row that is shown whole.
   *
   * @param subjects ids of the persons that the row is about
   */
  saw(subjects: readonly string[]): void {
    this.rows += 1;
    for (const subject of subjects) this.shown.add(subject);
  }

  /**
   * Notes a search for somebody by something personal.
   *
   * @param reads whether the answer reveals about them what only readers learn who see them whole
   */
  sought({ persons, misses, reads }: Sought): void {
    this.lookUps += 1;
    this.misses += misses;
    for (const person of persons) (reads ? this.tested : this.wanted).add(person);
  }

  get isEmpty(): boolean {
    return this.rows === 0 && this.lookUps === 0;
  }

  /**
   * Notes one answer for many readers: one entry for all who see it, except for those under seal. Resolves when
   * everything is on disk, with the readers who may not have it, and throws as `note` does.
   */
  async noteAll(target: AuditTarget, readers: readonly Reader[], channel: Channel, answer: string): Promise<Refused> {
    const refused = await this.refusedOf(target, readers);
    const all = distinct(readers.filter(reader => !refused.has(reader)));
    const [sealed, open] = [all.filter(isSealed), all.filter(reader => !isSealed(reader))];
    const groups = sealed.map(reader => [reader]);
    for (let from = 0; from < open.length; from += readersOfEntry) groups.push(open.slice(from, from + readersOfEntry));
    const drafts = groups.map(([first, ...others]) => ({ ...this.draft(target, first!, channel, answer), others }));
    await Promise.all(drafts.map(draft => target.log.append(draft)));
    return refused;
  }

  private async refusedOf(target: AuditTarget, readers: readonly Reader[]): Promise<Refused> {
    const refused = new Map<Reader, HubError>();
    const byReader = [...Map.groupBy(readers, reader => notableOf(reader).key).values()];
    const demanded = byReader.map(async same => {
      try {
        await target.quotas.demand(same[0]!, this.counted);
      } catch (error) {
        if (!(error instanceof HubError)) throw error;
        for (const reader of same) refused.set(reader, error);
      }
    });
    await Promise.all(demanded);
    return refused;
  }

  private get counted() {
    return {
      persons: this.tested.size ? [...new Set([...this.shown, ...this.tested])] : [...this.shown],
      misses: this.misses,
    };
  }

  /** Resolves when the entry is on disk. Throws QUOTA_REACHED or AUDIT_UNAVAILABLE: then the answer must not leave. */
  async note(target: AuditTarget, reader: Reader, channel: Channel, answer: string | Buffer | null): Promise<number> {
    const { subject, role, agency, session, purpose } = reader;
    await target.quotas.demand(reader, this.counted);
    return target.log.append(this.draft(target, { who: { subject, role, agency, session }, purpose }, channel, answer));
  }

  private draft(
    target: AuditBook,
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
      subjects: this.lookUps ? new Set([...this.shown, ...this.tested, ...this.wanted]) : this.shown,
      result: answer === null ? null : hash('sha256', answer, 'hex'),
      policy: target.policy,
      counts: {
        rows: this.rows,
        ...(this.lookUps && { sought: this.lookUps }),
        ...(this.misses && { missed: this.misses }),
      },
    };
  }
}
/** What is noted of a reader, computed once: the same readers get event after event. */
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
