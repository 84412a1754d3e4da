/** The agency's rows in its own form: one list of cells for each line of its tables. */
import { addDays } from '../../township/days.ts';
import type { Business, Random, Resident } from '../../township/model.ts';

export type Table = 'AC02' | 'AC43' | 'AC61' | 'CC03';
/** The hub's kind of record for each table: the ledger counts by it. */
export const kinds = {
  AC02: 'InsuredPerson',
  AC43: 'Payment',
  AC61: 'Benefit',
  CC03: 'EmploymentRegistration',
} as const;

export interface WireRow {
  readonly table: Table;
  /** The permanent id of the record. */
  readonly sourceId: string;
  readonly cells: readonly string[];
}
/** A resident with the agency's own number. */
export interface Member {
  readonly personNo: string;
  readonly resident: Resident;
}
export interface Registration extends Member {
  readonly insurance: '110' | '170' | '310' | '390';
  readonly unit: Business | null;
}

/** Columns by position, where faults and changes need them. */
export const columns = {
  AC02: { id: 1, name: 2, sex: 3, birth: 4, region: 8, insurance: 9, status: 10, date: 4, since: 11, handled: 12 },
  AC43: { id: 2, name: 3, insurance: 4, status: 8, date: 10, amount: 6, channel: 8, reversed: 9, handled: 10 },
  AC61: { id: 2, name: 3, insurance: 4, status: 9, date: 6, qualified: 8, handled: 10 },
  CC03: { id: 2, name: 3, status: 4, date: 6, region: 10, note: 11, handled: 12 },
} as const;

export const compact = (day: string): string => day.replaceAll('-', '');
const two = (number: number): string => String(number).padStart(2, '0');

export class RowMaker {
  private serial = 0;
  constructor(
    private readonly random: Random,
    private readonly today: string,
  ) {}

  insured({ personNo, resident, insurance, unit }: Registration, since: string, handledOn: string): WireRow {
    const status = resident.diedOn !== null && this.random.chance(0.6) ? '3' : this.random.chance(0.04) ? '2' : '1';
    const cells = [
      ...[personNo, resident.residentId, resident.name, resident.sex === 'MALE' ? '1' : '2', compact(resident.born)],
      ...(unit ? [`DW${unit.creditCode.slice(8, 16)}`, unit.creditCode, unit.name] : ['', '', '']),
      ...[resident.villageCode, insurance, status, compact(since), this.moment(handledOn)],
    ];
    return { table: 'AC02', sourceId: `${personNo}-${insurance}`, cells };
  }

  payment({ personNo, resident, insurance }: Registration, month: string, handledOn: string): WireRow {
    const tier = this.random.pick(['100', '300', '500', '800', '1000', '3000', '5000']);
    const medical = insurance === '390' || insurance === '310';
    const receiptNo = this.number('JF');
    const cells = [
      ...[receiptNo, personNo, resident.residentId, resident.name, insurance, month],
      ...[medical ? '400.00' : `${tier}.00`, medical ? '' : tier, '2', '', this.moment(handledOn)],
    ];
    return { table: 'AC43', sourceId: receiptNo, cells };
  }

  /** Another receipt for the same person and month, with other cells. */
  paymentAgain(row: WireRow, changed: Readonly<Record<number, string>>): WireRow {
    const receiptNo = this.number('JF');
    const cells = row.cells.map((cell, index) => changed[index] ?? cell);
    return { ...row, sourceId: receiptNo, cells: [receiptNo, ...cells.slice(1)] };
  }

  benefit({ personNo, resident }: Member, status: string, handledOn: string): WireRow {
    const benefitNo = this.number('DY');
    const from = addDays(resident.born, Math.ceil(60 * 365.25));
    const account = `6223${String(this.random.below(1e9)).padStart(9, '0')}${String(this.random.below(1e6)).padStart(6, '0')}`;
    const amount = `${this.random.chance(0.1) ? '1,' : ''}${150 + this.random.below(700)}.${two(this.random.below(100))}`;
    const qualified = compact(addDays(resident.diedOn ?? this.today, -1 - this.random.below(360)));
    const cells = [
      ...[benefitNo, personNo, resident.residentId, resident.name, '170', amount, compact(from)],
      ...[account, qualified, status, this.moment(handledOn)],
    ];
    return { table: 'AC61', sourceId: benefitNo, cells };
  }

  employment({ personNo, resident }: Member, unit: Business | null, handledOn: string): WireRow {
    const registrationNo = this.number('JY');
    const note = this.random.chance(0.2) ? this.random.pick(['返乡创业', '灵活就业，社保自缴', '招聘会登记', '']) : '';
    const cells = [
      ...[registrationNo, personNo, resident.residentId, resident.name, unit ? '1' : this.random.pick(['1', '2'])],
      ...[unit ? '1' : this.random.pick(['2', '3', '']), compact(handledOn), `3714${personNo}`],
      ...(unit ? [unit.creditCode, unit.name] : ['', '']),
      ...[resident.villageCode, note, this.moment(handledOn)],
    ];
    return { table: 'CC03', sourceId: registrationNo, cells };
  }

  /** The row after a change on a day. */
  changed(row: WireRow, cells: Readonly<Record<number, string>>, handledOn: string): WireRow {
    const all: Readonly<Record<number, string>> = { ...cells, [columns[row.table].handled]: this.moment(handledOn) };
    return { ...row, cells: row.cells.map((cell, index) => all[index] ?? cell) };
  }

  /** A random time in the office's day, `20261103153012`. */
  private moment(day: string): string {
    const { random } = this;
    return `${compact(day)}${two(9 + random.below(8))}${two(random.below(60))}${two(random.below(60))}`;
  }

  private number(prefix: string): string {
    return `${prefix}371482${String(++this.serial).padStart(9, '0')}`;
  }
}
