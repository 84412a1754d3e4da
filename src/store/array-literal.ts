/**
 * An array of texts as a PostgreSQL literal. Much cheaper than the driver's own, which has to handle every kind of
 * value.
 */
export function arrayLiteral(values: readonly (string | null)[]): string {
  let text = '{';
  for (const value of values) {
    if (text !== '{') text += ',';
    if (value === null) text += 'NULL';
    else text += special.test(value) ? `"${value.replaceAll(everySpecial, '\\$&')}"` : `"${value}"`;
  }
  return `${text}}`;
}
const special = /["\\]/;
const everySpecial = /["\\]/g;
