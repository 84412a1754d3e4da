/** Decides when a fault is made, and counts it. */
import type { Random } from '../../township/model.ts';
import type { FaultRates } from '../pretend-system.ts';

/** Share of the values, rows or records that get the fault. */
export const USUAL_FAULTS = {
  /** Spellings that mean the same. */
  padded: 0.03,
  fullWidth: 0.02,
  lowerCase: 0.03,
  legacyResidentId: 0.02,
  oddDate: 0.3,
  numberAsText: 0.3,
  stateInWords: 0.35,
  capitalInYuan: 0.25,
  openEndSpelled: 0.5,
  shortRegion: 0.1,
  /** Rows that come twice, late, or behind newer ones. */
  duplicate: 0.02,
  outOfOrder: 0.03,
  lateCommit: 0.1,
  earlierTelling: 0.2,
  /** Contradictions that are kept and shown. */
  twoPripids: 0.02,
  noCreditCode: 0.1,
  wrongCreditCode: 0.004,
  industryMismatch: 0.01,
  deletedAsError: 0.008,
  /** Rows that cannot be read. */
  unknownState: 0.003,
  impossibleDate: 0.003,
  missingName: 0.002,
  unknownReason: 0.01,
  unreadableCase: 0.008,
  /** Answers, per request. */
  repeatedPage: 0.05,
  busyAnswer: 0,
} as const;
export type Fault = keyof typeof USUAL_FAULTS;

export class FaultDice {
  readonly counts: Record<string, number> = {};
  private readonly rates: FaultRates;

  constructor(
    private readonly random: Random,
    overrides: FaultRates = {},
    faultless = false,
  ) {
    const usual = faultless ? {} : USUAL_FAULTS;
    this.rates = { ...usual, ...overrides };
  }

  /** True when the fault is to be made now; a rate above 1 is a number of first times. */
  commits(fault: Fault): boolean {
    const rate = this.rates[fault] ?? 0;
    const happens = rate > 1 ? (this.counts[fault] ?? 0) < rate : rate > 0 && this.random.chance(rate);
    if (happens) this.counts[fault] = (this.counts[fault] ?? 0) + 1;
    return happens;
  }
}
