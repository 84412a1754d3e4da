/**
 * Text that a client wrote freely may contain a number that identifies somebody: such numbers are kept out of the log,
 * however they are spelled. Names cannot be recognised.
 */
import { creditCode } from '../../adapters/kit/identifiers/credit-code.ts';
import { residentId } from '../../adapters/kit/identifiers/resident-id.ts';

/** The shortest number that identifies somebody is a landline of ten digits; a trader's code has eight at least. */
const fewestDigits = 8;
const chinese = new Map(
  ['〇零○', '一壹幺', '二贰两', '三叁', '四肆', '五伍', '六陆', '七柒', '八捌', '九玖'].flatMap((all, digit) =>
    [...all].map(each => [each, String(digit)] as const),
  ),
);
const digitLike = /[\p{N}〇零○一壹幺二贰两三叁四肆五伍六陆七柒八捌九玖]/gu;
/** Ids of the hub are pseudonyms, and may look like a number that is written with hyphens. */
const uuid = /[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}/gi;

/**
 * Case numbers are long runs of digits too, so of those only a valid identity number is hidden, and only where it stands
 * alone between letters or blanks.
 */
export function hideIdentifiers(text: string): string {
  if ((text.match(digitLike)?.length ?? 0) < fewestDigits) return text;
  const shielded = text.replace(uuid, id => '?'.repeat(id.length));
  const points = [...text];
  const plain = [...shielded].map(plainCharacter).join('');
  const spans = [...codesIn(plain), ...numbersIn(plain)];
  for (const [from, to] of spans) points.fill('', from, to).splice(from, 1, '…');
  return points.join('');
}

type Span = readonly [from: number, to: number];

/** One character for each: a digit, a Latin letter, `*` for what may stand for an X, a blank, or `?` for the rest. */
function plainCharacter(given: string): string {
  if (given <= '\x7f') return given === '*' || /[\dA-Za-z]/.test(given) ? given : ' ';
  const digit = chinese.get(given);
  if (digit) return digit;
  const [first = '?'] = given.normalize('NFKC');
  if (/^[\dA-Za-z]$/.test(first)) return first;
  if (/^\p{Nd}$/u.test(first)) return digitOf(first);
  if (/^[×✕✖*хХχΧ]$/u.test(first)) return '*';
  return /^[\p{P}\p{Z}\p{S}\p{C}\p{M}]$/u.test(first) ? ' ' : '?';
}

/** Digits of every script stand in order, beginning with its zero. */
function digitOf(digit: string): string {
  let value = 0;
  for (let point = digit.codePointAt(0)! - 1; /^\p{Nd}$/u.test(String.fromCodePoint(point)); point--) value += 1;
  return String(value % 10);
}

/** Credit codes of sole traders, which name a person. */
function* codesIn(plain: string): Generator<Span> {
  for (const { 1: found = '', index } of plain.matchAll(/(?<!\d)(?=(9 {0,3}2(?: {0,3}[\dA-Za-z]){16})(?!\d))/g))
    if (!creditCode.faults(found.replaceAll(' ', '').toUpperCase()).length) yield [index, index + found.length];
}

/** Numbers in groups of digits with at most three characters between them; each begins and ends with a whole group. */
function* numbersIn(plain: string): Generator<Span> {
  for (const { 0: chain, index } of plain.matchAll(/\d(?: {0,3}[\d*Xx])*/g)) {
    const groups = [...chain.matchAll(/\d+|[*Xx]/g)].map(group => ({
      digits: group[0],
      from: index + group.index,
      to: index + group.index + group[0].length,
    }));
    for (let first = 0; first < groups.length; first++) {
      const last = longestFrom(groups.map(({ digits }) => digits).slice(first, first + longestNumber));
      if (last < 0) continue;
      yield [groups[first]!.from, groups[first + last]!.to];
      first += last;
    }
  }
}

/** An identity number of 18 characters, or a mobile number behind 0086; each of them may be a group of its own. */
const longestNumber = 18;

/** The index of the group with which the longest number ends that begins with the first one; -1: none does. */
function longestFrom(groups: readonly string[]): number {
  let [digits, found] = ['', -1];
  for (const [i, group] of groups.entries()) {
    digits += /\d/.test(group) ? group : 'X';
    if (namesSomebody(digits) || (i < mostOfLandline && landline.test(digits))) found = i;
    // A multiplication sign or an asterisk also separates; an X does not.
    if (group === '*') digits = digits.slice(0, -1);
    if (digits.endsWith('X') || digits.length > longestNumber) break;
  }
  return found;
}

/** With the country's code or a zero before it. */
const mobile = /^(?:0{0,2}86|0)?1[3-9]\d{9}$/;
/** With its area. */
const landline = /^(?:0{0,2}860?|0)(?:10\d{8}|2\d{9}|[3-9]\d{2}[2-8]\d{6,7})$/;
/** The country, the area and the number in two groups; more groups are mostly a time and a date. */
const mostOfLandline = 4;

function namesSomebody(digits: string): boolean {
  if (mobile.test(digits)) return true;
  if (!/^(?:\d{15}|\d{17}[\dX])$/.test(digits)) return false;
  return residentId.faults(residentId.normalise(digits)).every(fault => fault === 'AMBIGUOUS');
}
