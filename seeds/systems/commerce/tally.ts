/** Counts what the hub must hold once it has read everything. */
import type { Ledger } from '../pretend-system.ts';

/** The effect of one row at the exchange on the hub. */
export interface Effect {
  /** Records that it states, as `Kind id`. */
  readonly stands?: readonly string[];
  readonly gone?: readonly string[];
  /** The row cannot be read. */
  readonly parked?: true;
}

export class Tally {
  private readonly standing = new Set<string>();
  private readonly gone = new Set<string>();
  private parked = 0;

  count({ stands = [], gone = [], parked }: Effect): void {
    for (const name of stands) if (!this.gone.has(name)) this.standing.add(name);
    for (const name of gone) {
      this.standing.delete(name);
      this.gone.add(name);
    }
    if (parked) this.parked++;
  }

  ledger(faults: Readonly<Record<string, number>>): Ledger {
    return { records: byKind(this.standing), deleted: byKind(this.gone), parked: this.parked, faults: { ...faults } };
  }
}

function byKind(names: ReadonlySet<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) {
    const kind = name.slice(0, name.indexOf(' '));
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
