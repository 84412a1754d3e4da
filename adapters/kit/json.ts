/** JSON from outside. Parsing brackets in brackets costs far more than their bytes, so they are counted first. */

/** The text is nested deeper than its reader allows; the message says how deep it may be. */
export class NestingError extends Error {
  override readonly name = 'NestingError';
  constructor(deepest: number) {
    super(`The JSON is nested deeper than ${deepest} levels`);
  }
}

/** @throws NestingError beyond `deepest` brackets in brackets; SyntaxError, whose message quotes the text */
export function parseJson(text: string, deepest: number): unknown {
  if (nestsDeeper(text, deepest)) throw new NestingError(deepest);
  return JSON.parse(text);
}

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
