/** What a page will write, prepared without a database, so that it can be done while the previous page is written. */
import type { StoredNoun } from '../catalog/catalog.ts';
import { derivedTarget } from './affected.ts';
import { arrayLiteral } from './array-literal.ts';
import { CopyLines } from './copy-lines.ts';
import { type Identity, keyOf } from './identity.ts';
import { type EncodedRecord, encodeRecord, type StatedRow, supersedes, type ValidRecord } from './rows.ts';

/** The records of a noun. */
export class PreparedRecords {
  /** By id; of several statements of one record the one that supersedes the others. */
  readonly winners = new Map<string, EncodedRecord>();
  readonly lines = new CopyLines();
  private asked: readonly string[] | null = null;

  /** The values for `standingSql`. Made once, when all records are here. */
  standingValues(): readonly string[] {
    this.asked ??= this.askFor([...this.winners.values()].map(({ row }) => row));
    return this.asked;
  }
  private askFor(rows: readonly StatedRow[]): readonly string[] {
    return [
      arrayLiteral(rows.map(row => row.id)),
      arrayLiteral(rows.map(row => row.version)),
      arrayLiteral(rows.map(row => row.digest)),
      arrayLiteral(rows.map(row => row.asOf)),
    ];
  }
}

export class PreparedPage {
  readonly records = new Map<StoredNoun, PreparedRecords>();
  /** Keys by id, by derived noun: whatever a record mentions exists, even if the record is superseded. */
  readonly mentioned = new Map<StoredNoun, Map<string, string>>();

  constructor(
    private readonly agency: string,
    private readonly identity: Identity,
  ) {}

  add(noun: StoredNoun, record: ValidRecord): void {
    const { winners, lines } = this.recordsOf(noun);
    const told = encodeRecord(noun, this.agency, record, this.identity, lines);
    const { row } = told;
    const other = winners.get(row.id);
    if (!other || supersedes(row, other.row)) winners.set(row.id, told);
    noun.links.forEach((link, n) => {
      const [target, id] = [derivedTarget(link), row.links[n]];
      if (!target || !id) return;
      const mentioned = this.mentionedOf(target);
      if (!mentioned.has(id)) mentioned.set(id, keyOf(link.from, record.values)!);
    });
  }

  /** Ends the preparation: nothing is added afterwards. */
  close(): this {
    for (const records of this.records.values()) records.standingValues();
    return this;
  }

  private recordsOf(noun: StoredNoun): PreparedRecords {
    const known = this.records.get(noun);
    if (known) return known;
    const records = new PreparedRecords();
    this.records.set(noun, records);
    return records;
  }

  private mentionedOf(noun: StoredNoun): Map<string, string> {
    const known = this.mentioned.get(noun) ?? new Map<string, string>();
    if (!known.size) this.mentioned.set(noun, known);
    return known;
  }
}
