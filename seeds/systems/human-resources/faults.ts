/** The faults that this agency's files are known for, each made at its own seeded rate and counted. */
import type { Random } from '../../township/model.ts';
import type { FaultRates } from '../pretend-system.ts';

/** Share of the rows that get the fault; the files at the end are present (1) or not (0). */
const usual = {
  // The reader must correct these.
  paddedColumns: 0.02,
  legacyId: 0.01,
  lowerCaseX: 0.2,
  fullWidthId: 0.003,
  oddDate: 0.02,
  sexAsText: 0.1,
  shortRegion: 0.01,
  duplicatedLine: 0.005,
  oldInsuranceCode: 0.05,
  rareCharacter: 0.0005,
  pipeByteCharacter: 0.0005,
  // The reader must keep these as they are.
  birthDateDisagrees: 0.003,
  sexDisagrees: 0.002,
  taxDisagrees: 0.005,
  reversal: 0.004,
  deadDrawing: 0.5,
  // These cannot be read.
  wrongCheckDigit: 0.002,
  impossibleDate: 0.001,
  unknownCode: 0.001,
  missingName: 0.001,
  wrongColumns: 0.001,
  undecodable: 0.0005,
  // Faults of whole files.
  lateDelta: 1,
  controlMismatch: 1,
  awaitingControl: 1,
  shrunkenSet: 0,
} as const;
export type FaultName = keyof typeof usual;

export class Faults {
  readonly committed: Partial<Record<FaultName, number>> = {};
  private readonly rates: Readonly<Record<FaultName, number>>;

  constructor(
    private readonly random: Random,
    { faults = {}, faultless = false }: { faults?: FaultRates; faultless?: boolean },
  ) {
    const none = Object.fromEntries(Object.keys(usual).map(name => [name, 0]));
    this.rates = { ...usual, ...(faultless ? none : {}), ...faults };
  }

  /** Decides whether the fault is made now; if so, it is counted. */
  commits(name: FaultName): boolean {
    if (!this.random.chance(this.rates[name])) return false;
    this.count(name);
    return true;
  }

  count(name: FaultName): void {
    this.committed[name] = (this.committed[name] ?? 0) + 1;
  }
}
