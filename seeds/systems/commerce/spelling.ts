/** The many ways in which the outpost's windows write the same value. */
import type { Random } from '../../township/model.ts';
import type { Fault, FaultDice } from './fault-dice.ts';

export type WireRow = Record<string, unknown>;

const digits = (iso: string) => iso.replace(/\D/g, '');
const wide = (text: string) =>
  text.replace(/[!-~]/g, character => String.fromCharCode(character.charCodeAt(0) + 0xfee0));

export class Speller {
  constructor(
    private readonly random: Random,
    readonly dice: FaultDice,
  ) {}

  /** A day, `2026-11-23`. */
  day(iso: string): string | number {
    if (!this.dice.commits('oddDate')) return iso;
    const [year, month, day] = iso.split('-').map(Number);
    const atMidnight = Date.parse(`${iso}T00:00:00+08:00`);
    return this.random.pick<() => string | number>([
      () => digits(iso),
      () => `${year}/${month}/${day}`,
      () => `${year}年${month}月${day}日`,
      () => `${iso} 00:00:00.000000000`,
      () => `${digits(iso)}000000`,
      () => atMidnight,
      () => String(atMidnight),
    ])();
  }

  /** A time, `2026-11-23T09:30:00+08:00`. */
  moment(iso: string): string | number {
    const local = iso.slice(0, 19).replace('T', ' ');
    if (!this.dice.commits('oddDate')) return local;
    return this.random.pick<() => string | number>([
      () => digits(local),
      () => `${local}.000000000`,
      () => Date.parse(iso),
      () => String(Date.parse(iso)),
      () => iso,
    ])();
  }

  number(value: number): string | number {
    return this.dice.commits('numberAsText') ? String(value) : value;
  }

  /** How the end of a term without end is written. */
  openEnd(): string | null {
    if (!this.dice.commits('openEndSpelled')) return null;
    return this.random.pick(['长期', '9999-12-31', '99991231', '99999999999999', '9999-12-31 00:00:00', '']);
  }

  /** The id with 15 digits, as on the first identity cards. */
  residentId(id: string): string {
    const convertible = id.slice(6, 8) === '19' && !/^99[6-9]/.test(id.slice(14, 17));
    return convertible && this.dice.commits('legacyResidentId') ? id.slice(0, 6) + id.slice(8, 17) : id;
  }

  /** Registered capital: the specification wants 万元. */
  capital(yuan: number): WireRow {
    if (!this.dice.commits('capitalInYuan')) return { REGCAP: this.number(yuan / 10_000), REGCAPUNIT: '' };
    return this.random.pick<WireRow>([
      { REGCAP: String(yuan), REGCAPUNIT: '元' },
      { REGCAP: `${yuan}.00元`, REGCAPUNIT: '' },
      { REGCAP: `${(yuan / 10_000).toFixed(6)}`, REGCAPUNIT: '万元' },
      { REGCAP: yuan.toLocaleString('en-US'), REGCAPUNIT: '元' },
    ]);
  }

  /** Pads some of the named fields, makes some full-width and some lower-case, in place. */
  disfigure(row: WireRow, padded: readonly string[], widened: readonly string[], lowered: readonly string[]): void {
    this.change('padded', row, padded, text => text + this.random.pick([' ', '   ', '\u3000', '\u00a0']));
    this.change('fullWidth', row, widened, wide);
    this.change('lowerCase', row, lowered, text => text.toLowerCase());
  }

  private change(fault: Fault, row: WireRow, fields: readonly string[], respell: (text: string) => string): void {
    const [field] = fields.length > 0 ? [this.random.pick(fields)] : [];
    const value = field === undefined ? null : row[field];
    if (field === undefined || typeof value !== 'string' || value === '' || respell(value) === value) return;
    if (this.dice.commits(fault)) row[field] = respell(value);
  }
}
