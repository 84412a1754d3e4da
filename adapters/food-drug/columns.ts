/** A row's cells, read by type. Every reader returns null for an empty cell and names the column when it rejects. */
import { regionCode } from '../kit/identifiers/region-code.ts';
import { type CodeTable, Rejection, readCode, readDate, readInstant, readText, required } from '../kit/index.ts';

export class Columns {
  constructor(private readonly row: Readonly<Record<string, unknown>>) {}

  /** Names and prose: as written, without padding. */
  text(column: string): string | null {
    return readText(this.row[column]);
  }

  /** Codes, numbers and times: half width, without padding. */
  word(column: string): string | null {
    const raw = this.row[column];
    return raw === null || raw === undefined ? null : readText(String(raw).normalize('NFKC'));
  }

  demandText(column: string): string {
    return required(column, this.text(column));
  }

  demandWord(column: string): string {
    return required(column, this.word(column));
  }

  /** The original spelling: the hub normalises identifiers and keeps the raw text. */
  identifier(column: string): string | null {
    return this.text(column) === null ? null : String(this.row[column]);
  }

  instant(column: string): string | null {
    return readInstant(column, this.word(column));
  }

  demandInstant(column: string): string {
    return required(column, this.instant(column));
  }

  date(column: string): string | null {
    return readDate(column, this.word(column));
  }

  demandDate(column: string): string {
    return required(column, this.date(column));
  }

  /** A count from 0. */
  count(column: string): number | null {
    const word = this.word(column);
    if (word === null) return null;
    if (!/^\d{1,9}$/.test(word)) throw new Rejection(column, 'is not a whole number');
    return Number(word);
  }

  demandCount(column: string): number {
    return required(column, this.count(column));
  }

  code<V extends string>(column: string, table: CodeTable<V>, edition: string): V | null {
    return readCode(column, table, edition, this.word(column));
  }

  demandCode<V extends string>(column: string, table: CodeTable<V>, edition: string): V {
    return required(column, this.code(column, table, edition));
  }

  /** 12 digits, whether 6, 9 or 12 were written; null for what is no region code. */
  region(column: string): string | null {
    const code = regionCode.normalise(this.word(column) ?? '');
    return regionCode.faults(code).length ? null : code;
  }
}
