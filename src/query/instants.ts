/** Instants as PostgreSQL writes them, and as readers get them. */

/** Turns `2026-11-23 01:30:00.5+00` into ISO 8601; a text that is already in ISO 8601 stays as it is. */
export const isoInstant = (text: string): string =>
  text[10] === 'T' ? text : `${text.slice(0, 10)}T${text.slice(11, text.indexOf('+', 19))}Z`;

/** Sorts the earlier instant first. Fractions have no trailing zeros, so the `Z` after them must not be compared. */
export function compareInstants(a: string, b: string): number {
  const [one, other] = [a.slice(0, -1), b.slice(0, -1)];
  return one < other ? -1 : one > other ? 1 : 0;
}
