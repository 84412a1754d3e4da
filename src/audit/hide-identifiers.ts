/** What a client wrote in its own words may name somebody by a number: such numbers do not get into the log. */
import { residentId } from '../../adapters/kit/identifiers/resident-id.ts';

const long = /(?<!\d)(\d{17}[\dXx]|\d{15})(?!\d)/g;
const mobile = /(?<!\d)1[3-9]\d{9}(?!\d)/g;

/** Case numbers are long runs of digits too, so only what is valid as an identity number is taken for one. */
export const hideIdentifiers = (text: string): string =>
  /\d{11}/.test(text) ? text.replace(long, run => (namesSomebody(run) ? '…' : run)).replace(mobile, '…') : text;

const namesSomebody = (run: string) => !residentId.faults(residentId.normalise(run)).length;
