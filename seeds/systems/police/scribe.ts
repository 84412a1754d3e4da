/** Writes values as the police's clerks and machines do: correctly, or in a spelling that must be read too. */
import type { Random } from '../../township/model.ts';
import type { Faults } from './faults.ts';

const fullWidth = (text: string): string =>
  text.replace(/[0-9A-Z]/g, character => String.fromCharCode(character.charCodeAt(0) + 0xfee0));

export class Scribe {
  constructor(
    private readonly random: Random,
    private readonly faults: Faults,
  ) {}

  id(residentId: string): string {
    if (residentId.endsWith('X') && this.faults.commits('lowerCaseX')) return residentId.toLowerCase();
    if (this.faults.commits('fullWidthId')) return fullWidth(residentId);
    const upgradable = residentId.slice(6, 8) === '19' && Number(residentId.slice(14, 17)) < 996;
    if (upgradable && this.faults.commits('legacyId')) return residentId.slice(0, 6) + residentId.slice(8, 17);
    return residentId;
  }

  name(name: string): string {
    if (!name.includes('·') || !this.faults.commits('middleDot')) return name;
    return name.replace('·', this.random.pick(['•', '．']));
  }

  day(day: string | null): string {
    if (day === null) return '';
    if (!this.faults.commits('dateSpelling')) return day.replaceAll('-', '');
    const [year, month, date] = day.split('-').map(Number);
    return this.random.pick([
      day,
      `${year}/${month}/${date}`,
      `${year}年${month}月${date}日`,
      `${day} 00:00:00.000000000`,
    ]);
  }

  moment(moment: string | null): string {
    if (moment === null) return '';
    if (!this.faults.commits('dateSpelling')) return moment.replace(/\D/g, '').slice(0, 14);
    return this.random.pick([moment.slice(0, 19).replace('T', ' '), String(Date.parse(moment))]);
  }

  month(day: string): string {
    if (!this.faults.commits('monthSpelling')) return day.slice(0, 7).replace('-', '');
    return `${day.slice(0, 4)}年${Number(day.slice(5, 7))}月`;
  }

  region(code: string): string {
    return this.faults.commits('shortRegion') ? code.slice(0, 9) : code;
  }

  /** Pads one value of a row as a column of fixed width would. */
  pad(values: Record<string, string>): Record<string, string> {
    if (!this.faults.commits('padding')) return values;
    const name = this.random.pick(Object.keys(values).filter(key => values[key] !== ''));
    return { ...values, [name]: `${values[name]}${this.random.pick([' ', '   ', '\u3000'])}` };
  }
}
