/** The faults that the police's system makes, how often, and how many it has made. */
import type { Random } from '../../township/model.ts';
import type { FaultRates } from '../pretend-system.ts';

/** Shares of the values or rows that could have the fault. */
const usual = {
  // Spellings.
  padding: 0.04,
  fullWidthId: 0.02,
  lowerCaseX: 0.4,
  legacyId: 0.02,
  dateSpelling: 0.1,
  middleDot: 0.7,
  shortRegion: 0.1,
  monthSpelling: 0.1,
  // Rows that repeat a version, or report an older one.
  duplicate: 0.02,
  reReport: 0.05,
  lateRow: 0.02,
  // Events that are late or repeated.
  lateDeath: 0.15,
  withdrawnChange: 0.03,
  registeredAgain: 0.5,
  deletedCase: 0.006,
  olderEdition: 0.3,
  // Faults that cannot be corrected.
  wrongCheckDigit: 0.012,
  impossibleDate: 0.004,
  unknownCode: 0.008,
  missingCount: 0.005,
  shortRow: 0.003,
  // In answers about people; counted over all of them, whether or not anybody asked.
  formerEntry: 0.06,
  swappedPeriod: 0.05,
  nationAsWord: 0.4,
  secondPermit: 0.1,
} as const;
export type Fault = keyof typeof usual;

export class Faults {
  private readonly counts: Partial<Record<Fault, number>> = {};
  private readonly rates: Readonly<Record<string, number>>;

  constructor(
    private readonly random: Random,
    overrides: FaultRates = {},
    faultless = false,
  ) {
    const none = Object.fromEntries(Object.keys(usual).map(name => [name, 0]));
    this.rates = { ...(faultless ? none : usual), ...overrides };
  }

  /** Decides for one chance to make a fault, and counts it. A rate above 1 is a number of times. */
  commits(fault: Fault, random = this.random): boolean {
    const rate = this.rates[fault] ?? 0;
    const does = rate > 1 ? this.count(fault) < rate : random.chance(rate);
    if (does) this.counts[fault] = this.count(fault) + 1;
    return does;
  }

  /** Like `commits`, but for decisions that are made again at each query and so are not counted. */
  wouldCommit(fault: Fault, random: Random): boolean {
    return random.chance(Math.min(1, this.rates[fault] ?? 0));
  }

  private count(fault: Fault): number {
    return this.counts[fault] ?? 0;
  }

  committed(): Record<string, number> {
    return { ...this.counts } as Record<string, number>;
  }
}
