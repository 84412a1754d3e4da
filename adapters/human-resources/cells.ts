/** Reads a row's cells by the names of their columns. */
import {
  type CodeTable,
  Rejection,
  readCode,
  readDate,
  readDecimal,
  readInstant,
  readInteger,
  readText,
  required,
} from '../kit/index.ts';
import { columnsOf, type Row, type TableName, tableNames } from './layout.ts';

const indexes = Object.fromEntries(
  tableNames.map(table => [table, Object.fromEntries(columnsOf(table).map((name, index) => [name, index]))]),
) as Record<TableName, Record<string, number>>;

/**
 * Caches readings: files repeat few spellings of codes and days many times. Bounded; holds spellings that were read.
 */
class Memory<T> {
  private readonly known = new Map<string, T>();
  constructor(private readonly bound: number) {}

  of(spelling: string, read: () => T): T {
    const found = this.known.get(spelling);
    if (found !== undefined) return found;
    const value = read();
    if (this.known.size >= this.bound) this.known.clear();
    this.known.set(spelling, value);
    return value;
  }
}
const days = new Memory<string | null>(20_000);
const codes = new Map<CodeTable, Memory<string | null>>();

const isPlain = (code: number): boolean => code > 0x20 && code !== 0xa0 && code < 0x2000;
const isPlainOrHan = (code: number): boolean => isPlain(code) || (code >= 0x4e00 && code <= 0x9fff);

export class Cells {
  private readonly index: Record<string, number>;
  private handled: string | null = null;
  constructor(private readonly row: Row) {
    this.index = indexes[row.file.table];
  }

  /** Without padding; null for an empty cell. */
  text(column: string): string | null {
    const raw = this.row.cells[this.index[column]!]!;
    if (raw === '') return null;
    const plain = isPlainOrHan(raw.charCodeAt(0)) && isPlainOrHan(raw.charCodeAt(raw.length - 1));
    return plain ? raw : readText(raw);
  }
  needed(column: string): string {
    return required(column, this.text(column));
  }
  day(column: string): string | null {
    const text = this.text(column);
    return text === null ? null : days.of(text, () => readDate(column, text));
  }
  neededDay(column: string): string {
    return required(column, this.day(column));
  }
  /** The month of `202611` as `2026-11`. */
  neededMonth(column: string): string {
    const [, year, month] = /^(\d{4})[-年]?(0[1-9]|1[0-2])月?$/.exec(this.needed(column)) ?? [];
    if (!year) throw new Rejection(column, 'is not a month');
    return `${year}-${month}`;
  }
  /** AAE036, the moment at which the row was handled. */
  get handledAt(): string {
    this.handled ??= required('AAE036', readInstant('AAE036', this.text('AAE036')));
    return this.handled;
  }
  neededAmount(column: string): string {
    return required(column, readDecimal(column, this.text(column)));
  }
  integer(column: string): number | null {
    return readInteger(column, this.text(column));
  }
  code<V extends string>(column: string, table: CodeTable<V>, edition: string): V | null {
    const text = this.text(column);
    if (text === null) return null;
    const memory = codes.get(table) ?? new Memory<string | null>(1_000);
    codes.set(table, memory);
    return memory.of(`${edition} ${text}`, () => readCode(column, table, edition, text)) as V | null;
  }
  neededCode<V extends string>(column: string, table: CodeTable<V>, edition: string): V {
    return required(column, this.code(column, table, edition));
  }
}
