/**
 * JSON from outside. Parsing brackets in brackets costs far more than their bytes, so they are counted first. Numbers
 * keep their digits: agencies write ids of 18 digits as numbers, and a double has 15 for certain.
 */

/** The text is nested deeper than its reader allows; the message says how deep it may be. */
export class NestingError extends Error {
  override readonly name = 'NestingError';
  constructor(deepest: number) {
    super(`The JSON is nested deeper than ${deepest} levels`);
  }
}

/**
 * A number that a double does not hold is the text that was sent.
 *
 * @throws NestingError beyond `deepest` brackets in brackets; SyntaxError, whose message quotes the text
 */
export function parseJson(text: string, deepest: number): unknown {
  if (nestsDeeper(text, deepest)) throw new NestingError(deepest);
  return longNumber.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

/** Where a number of sixteen digits or with an exponent may stand; only then every value has to be looked at. */
const longNumber = /(?:^|[:[,])\s*-?(?:[\d.]{16}|[\d.]+[eE])/;

/** JSON.parse hands the text of each number to its reviver. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  return Number.isFinite(value) && (digitsOf(source) <= 15 || String(value) === source) ? value : source;
}
/** Those that count: not the zeros in front, nor the exponent. */
const digitsOf = (number: string): number =>
  number
    .replace(/[eE].*$/, '')
    .replaceAll(/[-.]/g, '')
    .replace(/^0+/, '').length;

const [quote, backslash] = [0x22, 0x5c];

/** Looks at every character once, and calls nothing for each level. */
export function nestsDeeper(text: string, deepest: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = endOfString(text, i);
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > deepest) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}

/** The place of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) return i;
    if (code === backslash) i++;
  }
  return text.length;
}
