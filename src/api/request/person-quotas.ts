/**
 * Quotas: how many persons each reader may see, seek and unmask in a day. What an answer shows is counted before it is
 * sent.
 */
import { type PersonLimits, personLimits } from '../../access/limits.ts';
import type { Role } from '../../access/principal.ts';
import type { AuditBook, Quotas, Reader } from '../../audit/trail.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { ReaderDays } from '../../store/reader-days.ts';

type Numbers = Partial<Record<Role, number>>;
/** Numbers by role with which settings replace those of the table. */
export type QuotaSettings = Readonly<Record<keyof PersonLimits, Numbers>>;

const words: Readonly<Record<keyof PersonLimits, string>> = {
  persons: 'You have been shown as many persons whole today as your role may see',
  unmasked: 'You have unmasked as many records today as your role may',
  misses: 'You have looked for persons who are not there as often today as your role may',
};

export class PersonQuotas implements Quotas {
  constructor(
    private readonly book: AuditBook,
    private readonly days: Pick<ReaderDays, 'count' | 'today'>,
    private readonly settings: QuotaSettings,
  ) {}

  limitsOf(role: string): PersonLimits {
    const own = personLimits[role as Role];
    const set = (of: keyof PersonLimits) => this.settings[of][role as Role] ?? own[of];
    return { persons: set('persons'), unmasked: set('unmasked'), misses: set('misses') };
  }

  /** How much of each limit the reader has used today, over all processes. */
  async usedToday(reader: Pick<Reader, 'role' | 'subject'>): Promise<PersonLimits> {
    return reader.subject === null ? { persons: 0, unmasked: 0, misses: 0 } : this.days.today(readerKey(reader));
  }

  async demand(reader: Reader, shown: { readonly persons: readonly string[]; readonly misses: number }): Promise<void> {
    if (!shown.persons.length && !shown.misses) return;
    const limits = this.limitsOf(reader.role);
    const exceeded = await this.days.count(readerKey(reader), shown, limits);
    if (exceeded) throw await this.refusal(reader, exceeded, shown.persons.length);
  }

  /** Reaching a quota is a security event: it is in the log before the reader receives the refusal. */
  async refusal(reader: Reader, what: keyof PersonLimits, persons: number): Promise<HubError> {
    const { subject, role, agency, session, purpose } = reader;
    const most = this.limitsOf(role)[what];
    await this.book.log.append({
      act: 'quota',
      who: { subject, role, agency, session },
      purpose,
      operation: null,
      channel: 'hub',
      subjects: [],
      result: null,
      policy: this.book.policy,
      counts: { most, asked: persons },
    });
    const way = 'ask your security administrator, or go on tomorrow';
    return new HubError('QUOTA_REACHED', `${words[what]} (${most}): ${way}`, { what, most });
  }
}

export const readerKey = ({ role, subject }: Pick<Reader, 'role' | 'subject'>): string => `${role} ${subject ?? ''}`;
