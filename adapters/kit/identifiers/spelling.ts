/** What all identifiers share in spelling and in shape. */
import type { Fault } from '../format.ts';

/** White space (with U+3000 and NBSP), dashes, the minus sign, and the invisible marks that copying a page adds. */
const FILLERS = /[\s\p{Pd}\p{Cf}\u2212]/gu;

/** Nearly all identifiers already look like this. */
const PLAIN = /^[\dA-Z]*$/;

/**
 * Half width, upper case, no spaces, no dashes: `３７１４８２ １０１－a` becomes `371482101A`.
 * Never throws; applying it twice changes nothing.
 */
export const plainSpelling = (raw: string): string =>
  PLAIN.test(raw)
    ? raw
    : raw
        .normalize('NFKC')
        .replace(FILLERS, '')
        // Letters outside ASCII belong to no identifier, and changing them to upper case can undo the normal form.
        .replace(/[a-z]/g, letter => letter.toUpperCase())
        // A combining mark that lost the space before it may now join a letter.
        .normalize('NFKC');

export interface Shape {
  /** The lengths that exist, in characters; left out where length is free. */
  readonly lengths?: readonly number[];
  readonly characters: RegExp;
}

/** Checks size and alphabet first, because the later rules make sense only on a value that has both. */
export const faultsBeyondShape =
  (shape: Shape, rules: (value: string) => readonly Fault[]) =>
  (value: string): readonly Fault[] => {
    if (value === '') return ['EMPTY'];
    if (shape.lengths && !shape.lengths.includes(value.length)) return ['LENGTH'];
    if (!shape.characters.test(value)) return ['CHARACTER'];
    return rules(value);
  };

/** Rules by fault: `faultsWhere({ DATE: !exists, CHECK_DIGIT: wrong })`. */
export const faultsWhere = (found: Partial<Record<Fault, boolean>>): readonly Fault[] =>
  (Object.keys(found) as Fault[]).filter(fault => found[fault]);

/** Guards the functions that compute check characters: `pattern` is the form of the body. Throws a RangeError. */
export const demandBody = (body: string, pattern: RegExp, expected: string): void => {
  if (!pattern.test(body)) throw new RangeError(`expected ${expected}`);
};
