/** Why somebody does what others must be able to understand later: a reason is written by a person for a person. */
import { HubError } from './error-codes.ts';

/** Without line breaks, so that it stays one line of a report. */
const form = /^[^\s\p{C}][^\p{C}]{8,198}[^\s\p{C}]$/u;
const fewestDifferent = 5;
/** How a reason should be, in words. */
export const reasonForm = 'in 10 to 200 characters on one line, with at least five different letters';

/** Only letters count: blanks, punctuation and digits give no reason. */
export const isReason = (text: string): boolean =>
  form.test(text) && new Set(text.toLowerCase().match(/\p{L}/gu)).size >= fewestDifferent;

/** Throws BAD_USER_INPUT. */
export function demandReason(text: string): void {
  if (!isReason(text)) throw new HubError('BAD_USER_INPUT', `\`reason\` should say why ${reasonForm}`);
}
