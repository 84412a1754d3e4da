/**
 * What was refused: noted without holding anybody up. The first refusal of a kind is an entry at once; more of the same
 * kind within the minute are counted and become one entry at its end, so that a flood cannot fill the log.
 */
import type { AuditAct } from '../domain/audit-acts.ts';
import type { AuditLog } from './audit-log.ts';
import type { Channel, Draft, StatedPurpose, Who } from './entry.ts';

export interface NotedRefusal {
  readonly act: AuditAct;
  readonly who: Who;
  readonly channel: Channel;
  readonly purpose?: StatedPurpose | null;
  readonly operation?: Draft['operation'];
  /** Why, and of which field: words of the hub from closed lists, never a client's. */
  readonly about: Readonly<Record<string, string>>;
}
export interface RefusalSettings {
  /** Time over which refusals of one kind are counted. */
  readonly windowMs: number;
  /** Kinds that are told apart in that time: act, reader and reason. Further ones are counted together by act. */
  readonly kinds: number;
}
interface Counted {
  readonly refusal: NotedRefusal;
  times: number;
}

/** A thousand kinds are at most two thousand entries a minute, of some 400 bytes. */
const usual: RefusalSettings = { windowMs: 60_000, kinds: 1_000 };
const anybody: Who = { subject: null, role: 'several', agency: null, session: null };

export class Refusals {
  private kinds = new Map<string, Counted>();
  private readonly writing = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly log: Pick<AuditLog, 'append'>,
    private readonly policy: string,
    private readonly onError: (error: unknown) => void,
    private readonly settings: RefusalSettings = usual,
  ) {
    this.timer = setInterval(() => this.closeWindow(), settings.windowMs).unref();
  }

  /** Never throws, and never waits. */
  note(refusal: NotedRefusal): void {
    const known = this.find(refusal);
    if (known) known.times += 1;
  }

  /** Notes what was counted and is not noted yet. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.closeWindow();
    await Promise.all(this.writing);
  }

  /** The kind with which this one is counted; null when it has its own entry, being the first. */
  private find(refusal: NotedRefusal): Counted | null {
    const { act, who, about } = refusal;
    const key = JSON.stringify([act, who.role, who.subject, who.agency, about]);
    const known = this.kinds.get(key);
    if (known) return known;
    if (this.kinds.size < this.settings.kinds) {
      this.kinds.set(key, { refusal, times: 0 });
      this.write(refusal, 1, {});
      return null;
    }
    return this.together(act);
  }

  /** Those of an act that are not told apart. */
  private together(act: AuditAct): Counted {
    const together = this.kinds.get(act) ?? { refusal: { act, who: anybody, channel: 'hub', about: {} }, times: 0 };
    this.kinds.set(act, together);
    return together;
  }

  private closeWindow(): void {
    const counted = [...this.kinds.values()];
    this.kinds = new Map();
    const seconds = Math.round(this.settings.windowMs / 1_000);
    for (const { refusal, times } of counted) if (times) this.write(refusal, times, { seconds });
  }

  private write(refusal: NotedRefusal, times: number, over: { readonly seconds?: number }): void {
    const { act, who, channel, purpose = null, operation = null, about } = refusal;
    const written = this.log
      .append({
        ...{ act, who, purpose, operation, channel, about },
        outcome: 'refused',
        subjects: [],
        result: null,
        policy: this.policy,
        counts: { times, ...over },
      })
      .then(
        () => {},
        (error: unknown) => this.keep(refusal, times, error),
      )
      .finally(() => this.writing.delete(written));
    this.writing.add(written);
  }

  /** While the log cannot be written the number is kept for the next window. */
  private keep(refusal: NotedRefusal, times: number, error: unknown): void {
    const kept = this.together(refusal.act);
    if (!kept.times) this.onError(error);
    kept.times += times;
  }
}
