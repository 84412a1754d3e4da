/** Check characters of ISO 7064 (GB/T 17710). Each of these systems detects every single changed character. */

const DIGITS = '0123456789';
const DIGITS_AND_LETTERS = `${DIGITS}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;

const indexIn = (alphabet: string, character: string): number => {
  const index = alphabet.indexOf(character);
  if (index < 0) throw new RangeError('a character outside the alphabet of the check');
  return index;
};

/** The hybrid systems MOD M+1,M: one check character out of the M that the text itself uses. */
const hybridCheck =
  (alphabet: string) =>
  (text: string): string => {
    const size = alphabet.length;
    let product = size;
    for (const character of text) {
      const sum = (product + indexIn(alphabet, character)) % size || size;
      product = (sum * 2) % (size + 1);
    }
    return alphabet.charAt((size + 1 - product) % size);
  };

/** MOD 11,10: digits, check 0-9. Throws a RangeError for anything but digits. */
export const checkMod11_10 = hybridCheck(DIGITS);

/** MOD 37,36: digits and capital letters, check the same. Throws a RangeError for other characters. */
export const checkMod37_36 = hybridCheck(DIGITS_AND_LETTERS);

/** MOD 11-2: digits, check 0-9 or X. Throws a RangeError for anything but digits. */
export const checkMod11_2 = (digits: string): string => {
  let product = 0;
  for (const digit of digits) product = ((product + indexIn(DIGITS, digit)) * 2) % 11;
  return `${DIGITS}X`.charAt((12 - product) % 11);
};
