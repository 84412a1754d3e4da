/** What a page will write, worked out without a database: so it can be done while the page before is written. */
import type { StoredNoun } from '../catalog/catalog.ts';
import { derivedTarget } from './affected.ts';
import { arrayLiteral } from './array-literal.ts';
import { CopyLines } from './copy-lines.ts';
import { type Identity, keyOf } from './identity.ts';
import { beats, type StatedRow, type Told, tell, type ValidRecord } from './rows.ts';

/** Records of a noun. */
export class PreparedRecords {
  /** By id; of several statements of one record the one that wins. */
  readonly winners = new Map<string, Told>();
  readonly lines = new CopyLines();
  private asked: readonly string[] | null = null;

  /** What `standingSql` asks with. Made once, when all records are here. */
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
  /** Keys by id, by derived noun: whatever a record mentions exists, also if the record loses. */
  readonly mentioned = new Map<StoredNoun, Map<string, string>>();

  constructor(
    private readonly agency: string,
    private readonly identity: Identity,
  ) {}

  add(noun: StoredNoun, record: ValidRecord): void {
    const { winners, lines } = this.recordsOf(noun);
    const told = tell(noun, this.agency, record, this.identity, lines);
    const { row } = told;
    const other = winners.get(row.id);
    if (!other || beats(row, other.row)) winners.set(row.id, told);
    noun.links.forEach((link, n) => {
      const [target, id] = [derivedTarget(link), row.links[n]];
      if (!target || !id) return;
      const mentioned = this.mentionedOf(target);
      if (!mentioned.has(id)) mentioned.set(id, keyOf(link.from, record.values)!);
    });
  }

  /** Nothing is added any more. */
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
