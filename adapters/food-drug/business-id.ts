/** Whom a column 统一社会信用代码 really names: sole traders without a credit code are entered with their own id. */
import { creditCode } from '../kit/identifiers/credit-code.ts';

export interface BusinessId {
  /** As written. */
  readonly creditCode: string | null;
  /** As written, when the column holds a person's id. */
  readonly personId: string | null;
}

/**
 * A resident id has the day of birth at 7 to 14, where a credit code has the end of its region and an organisation's
 * code. Decided by shape alone: an id with a wrong check digit is personal data all the same. 15 digits are not taken
 * for an old id, since registration numbers (注册号) have 15 digits too.
 */
const PERSON = /^\d{6}(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX×*]$/;

export const readBusinessId = (raw: string | null): BusinessId =>
  raw !== null && PERSON.test(creditCode.normalise(raw))
    ? { creditCode: null, personId: raw }
    : { creditCode: raw, personId: null };
