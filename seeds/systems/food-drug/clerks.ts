/** The clerks' errors: what happens to a correct row that people type in and old programs write. */

import { addDays } from '../../township/days.ts';
import type { Random } from '../../township/model.ts';
import type { FaultRates } from '../pretend-system.ts';
import { type Cells, localTime, type Row, type Table } from './row.ts';
import { fullWidth, legacyId, oddMoment } from './spellings.ts';

/** Share of the rows that get the error, where it is possible. */
export const usualFaults: FaultRates = {
  // These can still be read correctly:
  duplicate: 0.03,
  shuffled: 0.05,
  reReport: 0.08,
  lateReport: 0.3,
  lateEntered: 0.05,
  fullWidth: 0.04,
  padding: 0.05,
  oddDate: 0.08,
  lowerCaseX: 0.5,
  legacyId: 0.06,
  regionEmpty: 0.1,
  regionShort: 0.2,
  personIdForCreditCode: 0.08,
  oldLicenceNumber: 0.3,
  addressDiffers: 0.06,
  wordForCode: 0.15,
  olderEdition: 0.25,
  deleted: 0.01,
  // These are kept, but linked to nobody:
  wrongCreditCode: 0.008,
  // These cannot be read, so they are parked:
  brokenLine: 0.001,
  impossibleDate: 0.002,
  unknownCode: 0.002,
  missingValue: 0.002,
  unknownEdition: 0.006,
  wrongCheckDigit: 0.01,
};

interface Typed {
  readonly cells: Cells;
  /** The hub must park it. */
  readonly parked: boolean;
}

const IDENTIFIERS = ['PROJID', 'XKZBH', 'TYSHXYDM', 'APPLICANTCODE', 'RWBH', 'CYDBH', 'CONTACTMOBILE', 'DATAVER'];
const PROSE = ['PROJECTNAME', 'NODENAME', 'APPLICANT', 'JYZMC', 'BJCDWMC', 'YPMC', 'NODESTATE', 'SUBMIT', 'ZT', 'JCJG'];
const MOMENTS = ['APPLYTIME', 'ACCEPTTIME', 'NODESTARTTIME', 'NODEENDTIME', 'DONETIME', 'MAKETIME', 'OCCURTIME'];
const DAYS = ['PROMISEDATE', 'FZRQ', 'YXQZ', 'JCRQ', 'ZGQX', 'CYRQ'];
const PERSON_IDS = ['APPLICANTCODE', 'FZRSFZH', 'TYSHXYDM'];
const REGIONS = ['REGION_ID', 'XZQH'];

/** What makes a row of each table unreadable. */
const BREAKS: Record<Table, Readonly<Record<string, Cells>>> = {
  EA_JC_STEP_BASICINFO: {
    impossibleDate: { APPLYTIME: '2025-02-30 09:00:00' },
    unknownCode: { SUBMIT: '7' },
    missingValue: { ITEMNO: null },
  },
  EA_JC_STEP_PROC: {
    impossibleDate: { NODESTARTTIME: '2025-06-31 09:00:00' },
    unknownCode: { NODESTATE: '09' },
    missingValue: { NODENAME: ' ' },
  },
  EA_JC_STEP_SPECIALNODE: { unknownCode: { NODERESULT: '9' }, missingValue: { NODESTARTTIME: '' } },
  EA_JC_STEP_DONE: {
    impossibleDate: { DONETIME: '2025-13-01 09:00:00' },
    unknownCode: { DONERESULT: '9' },
    unknownEdition: { STDVER: '2031' },
  },
  SPYP_XKZ: { impossibleDate: { FZRQ: '2024-02-31' }, unknownCode: { ZT: '8' }, missingValue: { XKZLX: null } },
  SPYP_RCJC: { impossibleDate: { JCRQ: '20250631' }, unknownCode: { JCJG: '待定' }, missingValue: { JCRY: '' } },
  SPYP_CJ: { impossibleDate: { CYRQ: '2025-02-29' }, unknownCode: { JYJG: '7' }, missingValue: { YPMC: null } },
};

export class Clerks {
  readonly committed: Record<string, number> = {};

  constructor(
    private readonly random: Random,
    private readonly rates: FaultRates,
    private readonly today: string,
  ) {}

  /** Decides whether this error is made now, and counts it. A rate above 1 is a count: the first so many chances. */
  commit(fault: string): boolean {
    const rate = this.rates[fault] ?? 0;
    const done = this.committed[fault] ?? 0;
    if (rate > 1 ? done >= rate : !this.random.chance(rate)) return false;
    this.committed[fault] = done + 1;
    return true;
  }

  type(row: Row): Typed {
    let cells: Cells = { VALIDITY_FLAG: '1', ...row.cells, ...this.times(row) };
    for (const [error, written] of Object.entries(row.instead ?? {})) {
      if (this.commit(error)) cells = { ...cells, ...written };
    }
    cells = this.misspell(this.shorten(cells));
    const broken = this.breakRow(row, cells);
    return { cells: broken ?? cells, parked: broken !== null };
  }

  /** OCCURTIME is when it happened, MAKETIME when it was typed in: for late entries, long after. */
  private times({ occurredAt }: Row): Cells {
    const day = occurredAt.slice(0, 10);
    const late = this.commit('lateEntered') ? addDays(day, 20 + this.random.below(100)) : day;
    const made = late > day && late < this.today ? `${late}T17:${occurredAt.slice(14)}` : occurredAt;
    return { OCCURTIME: localTime(occurredAt), MAKETIME: localTime(made) };
  }

  private shorten(cells: Cells): Cells {
    const column = REGIONS.find(name => cells[name]);
    if (!column) return cells;
    if (this.commit('regionEmpty')) return { ...cells, [column]: '' };
    if (!this.commit('regionShort')) return cells;
    return { ...cells, [column]: String(cells[column]).slice(0, this.random.pick([6, 9])) };
  }

  private misspell(given: Cells): Cells {
    const cells = { ...given };
    this.spoilPersonIds(cells);
    if (cells.TYSHXYDM && !/^\d{17}[\dXx]$/.test(String(cells.TYSHXYDM)) && this.commit('wrongCreditCode')) {
      cells.TYSHXYDM = `${String(cells.TYSHXYDM).slice(0, 17)}I`;
    }
    this.respell(cells, 'oddDate', MOMENTS, value => oddMoment(this.random, value));
    this.respell(cells, 'oddDate', DAYS, value => oddMoment(this.random, value));
    this.respell(cells, 'padding', PROSE, value => this.random.pick([`${value}  `, `\u3000${value}`, ` ${value} `]));
    this.respell(cells, 'fullWidth', IDENTIFIERS, fullWidth);
    return cells;
  }

  private spoilPersonIds(cells: Record<string, string | number | null>): void {
    for (const column of PERSON_IDS) {
      const id = String(cells[column] ?? '');
      if (/^\d{17}X$/.test(id) && this.commit('lowerCaseX')) cells[column] = id.toLowerCase();
    }
    const column = cells.APPLICANTTYPE === '1' ? 'APPLICANTCODE' : 'FZRSFZH';
    const legacy = legacyId(String(cells[column] ?? ''));
    if (legacy && this.commit('legacyId')) cells[column] = legacy;
  }

  private respell(
    cells: Record<string, string | number | null>,
    fault: string,
    columns: readonly string[],
    spell: (value: string) => string,
  ): void {
    const filled = columns.filter(column => cells[column] !== null && cells[column] !== undefined);
    if (filled.length === 0 || !this.commit(fault)) return;
    const column = this.random.pick(filled);
    cells[column] = spell(String(cells[column]));
  }

  private breakRow({ table, cells: right }: Row, cells: Cells): Cells | null {
    for (const [fault, written] of Object.entries(BREAKS[table])) {
      if (this.commit(fault)) return { ...cells, ...written };
    }
    const number = String(right.XKZBH ?? '');
    if (table !== 'SPYP_XKZ' || !number.startsWith('JY') || !this.commit('wrongCheckDigit')) return null;
    return { ...cells, XKZBH: number.slice(0, -1) + ((Number(number.at(-1)) + 1) % 10) };
  }
}
