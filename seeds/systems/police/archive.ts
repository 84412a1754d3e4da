/** All stored rows of the police's system, with the faults in them, and the count of what must follow from them. */
import type { Random } from '../../township/model.ts';
import type { Ledger } from '../pretend-system.ts';
import { stampOf } from './clock.ts';
import type { Fault, Faults } from './faults.ts';
import { Feed } from './feed.ts';
import type { Scribe } from './scribe.ts';

export type StoredKind = 'ResidentCount' | 'HouseholdChange' | 'CaseReport' | 'Approval' | 'CaseClosing';
export type Values = Record<string, string>;

/** One statement about one record. */
export interface Telling {
  readonly kind: StoredKind;
  /** The record's own number. */
  readonly id: string;
  /** SJBB: counts the versions of the record. */
  readonly edition: number;
  /** Local time with offset. */
  readonly at: string;
  readonly values: Values;
  /** What was different in the version before, where it is reported too. */
  readonly earlier?: Values;
  readonly deleted?: boolean;
}

interface Damage {
  readonly fault: Fault;
  readonly kinds: readonly StoredKind[];
  apply(values: Values): Values;
}
/** The id may be written in full width, and the check character must be wrong then too. */
const wrongCheck = (id: string): string => id.slice(0, 17) + (id.normalize('NFKC').endsWith('5') ? '6' : '5');
const damages: readonly Damage[] = [
  { fault: 'wrongCheckDigit', kinds: ['HouseholdChange'], apply: v => ({ ...v, GMSFHM: wrongCheck(v.GMSFHM!) }) },
  { fault: 'unknownCode', kinds: ['HouseholdChange'], apply: v => ({ ...v, BDLB: '77' }) },
  { fault: 'unknownCode', kinds: ['CaseClosing'], apply: v => ({ ...v, BJJG: '9' }) },
  { fault: 'impossibleDate', kinds: ['HouseholdChange'], apply: v => ({ ...v, DJRQ: '20260231' }) },
  { fault: 'impossibleDate', kinds: ['Approval'], apply: v => ({ ...v, KSSJ: '20260431093000' }) },
  { fault: 'missingCount', kinds: ['ResidentCount'], apply: v => ({ ...v, CZRKS: '' }) },
];

const DAY_S = 86_400;

export class Archive {
  readonly feeds: Readonly<Record<StoredKind, Feed>> = {
    ResidentCount: new Feed(),
    HouseholdChange: new Feed(),
    CaseReport: new Feed(),
    Approval: new Feed(),
    CaseClosing: new Feed(),
  };
  private readonly standing = new Map<StoredKind, Set<string>>();
  private readonly gone = new Map<StoredKind, Set<string>>();
  private parked = 0;
  private serial = 0;

  constructor(
    private readonly random: Random,
    private readonly faults: Faults,
    private readonly scribe: Scribe,
    /** Nothing of the past is committed on or after this day. */
    private readonly today: string,
  ) {}

  /** Reports a row of the past with all its faults. False when the row is unreadable. */
  tell(telling: Telling): boolean {
    const damage = damages.find(({ fault, kinds }) => kinds.includes(telling.kind) && this.faults.commits(fault));
    const short = !damage && this.faults.commits('shortRow');
    if (damage || short) {
      this.parked++;
      this.add(telling, damage ? damage.apply(telling.values) : telling.values, short);
      return false;
    }
    this.tellCleanly({ ...telling, values: this.scribe.pad(telling.values) });
    this.tellAgain(telling);
    return true;
  }

  private tellAgain(telling: Telling): void {
    if (this.faults.commits('duplicate')) this.add({ ...telling, at: this.later(telling.at) }, telling.values);
    if (!telling.earlier || telling.edition < 2) return;
    const earlier = { ...telling, edition: telling.edition - 1 };
    const values = { ...telling.values, ...telling.earlier };
    if (this.faults.commits('reReport')) this.add(earlier, values);
    else if (this.faults.commits('lateRow')) this.add({ ...earlier, at: this.later(telling.at) }, values);
  }

  /** Some days after a given time, but before the town's day. */
  private later(at: string): string {
    const end = Date.parse(`${this.today}T00:00:00+08:00`);
    const time = Math.min(Date.parse(at) + this.random.below(20 * DAY_S) * 1000, end - 1000);
    return `${new Date(time + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
  }

  /** Reports a row without a fault; the record then exists, or is removed. */
  tellCleanly(telling: Telling): void {
    this.add(telling, telling.values);
    const { kind, id, deleted = false } = telling;
    this.setOf(this.standing, kind)[deleted ? 'delete' : 'add'](id);
    this.setOf(this.gone, kind)[deleted ? 'add' : 'delete'](id);
  }

  private setOf(sets: Map<StoredKind, Set<string>>, kind: StoredKind): Set<string> {
    const set = sets.get(kind) ?? new Set();
    sets.set(kind, set);
    return set;
  }

  private add({ kind, edition, at, deleted }: Telling, values: Values, short = false): void {
    // Row numbers do not follow the order of commits, as where several stations write.
    const xh = `R${String((++this.serial * 7_368_787) % 99_999_989).padStart(8, '0')}`;
    const gxsj = stampOf(at);
    const operation = deleted ? 'D' : edition > 1 ? 'U' : 'I';
    const row = { XH: xh, GXSJ: gxsj, CZBZ: operation, SJBB: String(edition), ...values };
    this.feeds[kind].add({ xh, gxsj, values: row, short });
  }

  stands(kind: StoredKind, id: string): boolean {
    return this.setOf(this.standing, kind).has(id);
  }

  ledger(): Ledger {
    const count = (sets: Map<StoredKind, Set<string>>) =>
      Object.fromEntries([...sets].filter(([, set]) => set.size > 0).map(([kind, set]) => [kind, set.size]));
    return {
      records: count(this.standing),
      deleted: count(this.gone),
      parked: this.parked,
      faults: this.faults.committed(),
    };
  }
}
