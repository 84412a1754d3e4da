/** What a page will write, worked out without a database: so it can be done while the page before is written. */
import type { StoredNoun } from '../catalog/catalog.ts';
import { derivedTarget } from './affected.ts';
import { joinKey } from './identity.ts';
import { beats, type Told } from './rows.ts';

export class PreparedPage {
  /** By noun and id; of several statements of one record the one that wins. */
  readonly winners = new Map<StoredNoun, Map<string, Told>>();
  /** Keys by id, by derived noun: whatever a record mentions exists, also if the record loses. */
  readonly mentioned = new Map<StoredNoun, Map<string, string>>();

  add(noun: StoredNoun, told: Told): void {
    const winners = this.winners.get(noun) ?? new Map<string, Told>();
    if (!winners.size) this.winners.set(noun, winners);
    const { row } = told;
    const other = winners.get(row.id);
    if (!other || beats(row, other.row)) winners.set(row.id, told);
    noun.links.forEach((link, n) => {
      const [target, id] = [derivedTarget(link), row.links[n]];
      if (target && id) this.mention(target, id, () => joinKey(link.from.map(field => told.record.values[field]))!);
    });
  }

  private mention(noun: StoredNoun, id: string, keyOf: () => string): void {
    const known = this.mentioned.get(noun) ?? new Map<string, string>();
    if (!known.size) this.mentioned.set(noun, known);
    if (!known.has(id)) known.set(id, keyOf());
  }
}
