/**
 * Text that a client wrote freely may contain a number that identifies somebody: such numbers are kept out of the log.
 */
import { residentId } from '../../adapters/kit/identifiers/resident-id.ts';

const long = /(?<!\d)(\d{17}[\dXx]|\d{15})(?!\d)/g;
const mobile = /(?<!\d)1[3-9]\d{9}(?!\d)/g;

/** Case numbers are long runs of digits too, so only a valid identity number is hidden. */
export const hideIdentifiers = (text: string): string =>
  /\d{11}/.test(text) ? text.replace(long, run => (namesSomebody(run) ? '…' : run)).replace(mobile, '…') : text;

const namesSomebody = (run: string) => !residentId.faults(residentId.normalise(run)).length;
