/** Writes rows as this agency does: mostly correct, some odd, a few unreadable. */
import type { Random } from '../../township/model.ts';
import type { FaultName, Faults } from './faults.ts';
import { columns, type WireRow } from './rows.ts';

/** Stands for a byte that is no character of GB18030; replaced when the file is encoded. */
export const BROKEN_BYTE = '\u0001';
/** Characters of four bytes in GB18030. */
const RARE = ['𬭎', '㛃', '𫍯', '𠅤'];
/** Characters whose second byte is that of a pipe. */
const PIPE_BYTE = ['瑋', '鋦', '脇', '詜'];
const WIDTH = 0xfee0;

export interface Written {
  readonly text: string;
  readonly parked: boolean;
}
/** A code that was valid only in the edition before 2014, in rows that were handled after it. */
const OLD_RURAL_SCHEME = '160';

export class RowSpoiler {
  constructor(
    private readonly random: Random,
    private readonly faults: Faults,
  ) {}

  /** The line without its end, and whether it can be read. */
  write(row: WireRow): Written {
    const cells = [...row.cells];
    const fatal = this.ruin(row, cells);
    if (!fatal) this.disguise(row, cells);
    return { text: cells.join('|'), parked: fatal !== null };
  }

  private ruin(row: WireRow, cells: string[]): FaultName | null {
    const { faults } = this;
    const at = columns[row.table];
    if (faults.commits('wrongCheckDigit')) {
      const id = cells[at.id]!;
      cells[at.id] = id.slice(0, 17) + (id.endsWith('0') ? '1' : '0');
      return 'wrongCheckDigit';
    }
    if (faults.commits('impossibleDate')) {
      cells[at.date] = row.table === 'AC43' ? '20260230101500' : '20100231';
      return 'impossibleDate';
    }
    if (faults.commits('unknownCode')) {
      if (row.table === 'AC02' && cells[columns.AC02.insurance] === '170')
        cells[columns.AC02.insurance] = OLD_RURAL_SCHEME;
      else cells[at.status] = '7';
      return 'unknownCode';
    }
    if (faults.commits('missingName')) {
      cells[at.name] = '';
      return 'missingName';
    }
    if (faults.commits('wrongColumns')) {
      cells.splice(at.name, 0, '');
      return 'wrongColumns';
    }
    if (faults.commits('undecodable')) {
      cells[at.name] = `${cells[at.name]?.slice(0, 1)}${BROKEN_BYTE}`;
      return 'undecodable';
    }
    return null;
  }

  private disguise(row: WireRow, cells: string[]): void {
    const { faults, random } = this;
    const { id: idAt, name: nameAt } = columns[row.table];
    const id = cells[idAt]!;
    if (id.slice(6, 8) === '19' && faults.commits('legacyId')) cells[idAt] = id.slice(0, 6) + id.slice(8, 17);
    else if (id.endsWith('X') && faults.commits('lowerCaseX')) cells[idAt] = id.toLowerCase();
    else if (faults.commits('fullWidthId'))
      cells[idAt] = id.replaceAll(/./g, c => String.fromCharCode(c.charCodeAt(0) + WIDTH));
    if (faults.commits('rareCharacter')) cells[nameAt] = cells[nameAt]!.slice(0, 1) + random.pick(RARE);
    else if (faults.commits('pipeByteCharacter')) cells[nameAt] = cells[nameAt]!.slice(0, 1) + random.pick(PIPE_BYTE);
    if (row.table === 'AC02') this.disguiseInsured(cells);
    if (faults.commits('paddedColumns')) {
      for (const [index, cell] of cells.entries())
        if (cell !== '') cells[index] = cell + random.pick([' ', '   ', '\u3000', '']);
    }
  }

  private disguiseInsured(cells: string[]): void {
    const { faults, random } = this;
    const { birth, sex, region } = columns.AC02;
    if (faults.commits('birthDateDisagrees'))
      cells[birth] = `${cells[birth]?.slice(0, 6)}${cells[birth]?.endsWith('11') ? '12' : '11'}`;
    if (faults.commits('sexDisagrees')) cells[sex] = cells[sex] === '1' ? '2' : '1';
    if (faults.commits('sexAsText')) cells[sex] = cells[sex] === '1' ? '男' : '女';
    if (faults.commits('shortRegion')) cells[region] = cells[region]!.slice(0, random.pick([6, 9]));
    if (faults.commits('oddDate')) {
      const [, year, month, day] = /^(.{4})(..)(..)$/.exec(cells[birth]!) ?? [];
      cells[birth] = random.pick([
        `${year}-${month}-${day}`,
        `${year}/${Number(month)}/${Number(day)}`,
        `${year}年${Number(month)}月${Number(day)}日`,
        `${year}-${month}-${day} 00:00:00.000000000`,
      ]);
    }
  }
}
