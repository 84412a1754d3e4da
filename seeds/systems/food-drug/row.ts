/** A row of the agency's tables before the clerks' errors, with what the errors need. */
import type { Business } from '../../township/model.ts';

export type Cells = Readonly<Record<string, string | number | null>>;

/** The table, and the hub's kind of record that its rows become. */
export const KIND_OF = {
  EA_JC_STEP_BASICINFO: 'CaseReport',
  EA_JC_STEP_PROC: 'Approval',
  EA_JC_STEP_SPECIALNODE: 'Approval',
  EA_JC_STEP_DONE: 'CaseClosing',
  SPYP_XKZ: 'Licence',
  SPYP_RCJC: 'Inspection',
  SPYP_CJ: 'Sample',
} as const;
export type Table = keyof typeof KIND_OF;

export interface Row {
  readonly table: Table;
  /** The key's columns without DATAVER, joined with `/`; special steps have an S before their number. */
  readonly sourceId: string;
  readonly dataVersion: number;
  /** When it happened, `2026-11-23T09:30:00+08:00`. */
  readonly occurredAt: string;
  readonly cells: Cells;
  /** What the clerks may write in place of the correct cells, by the error's name. */
  readonly instead?: Readonly<Record<string, Cells>>;
}

/** `2026-11-23 09:30:00`, the form of times in these tables. */
export const localTime = (moment: string): string => moment.slice(0, 19).replace('T', ' ');

/** For sole traders the clerks may enter the trader's own id. */
export const personInstead = (business: Business): Readonly<Record<string, Cells>> =>
  business.type === 'SOLE_TRADER' ? { personIdForCreditCode: { TYSHXYDM: business.representativeId } } : {};
