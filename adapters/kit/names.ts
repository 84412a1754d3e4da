/** Names of persons in the spellings that agencies use. */

/**
 * The characters that serve as the middle dot between the parts of a name (阿卜杜拉·买买提), beside `·` itself: W3C clreq
 * 3.1.7 and what keyboards and conversions make of it.
 */
const dots = '\u0387\u1427\u16eb\u2022\u2024\u2027\u2219\u22c5\u2e31\u2e33\u30fb\u318d\uff0e\uff65';
const dot = new RegExp(`\\s*[${dots}]\\s*|\\s+·\\s*|·\\s+|(?<=\\p{Script=Han})\\s*\\.\\s*(?=\\p{Script=Han})`, 'gu');
/** Nearly all names are Chinese characters only. */
const plain = /^[\u4e00-\u9fff]*$/;

/** Whether the character stands between the parts of a name. */
export const isNameDot = (character: string): boolean => character === '·' || dots.includes(character);

/** The name with its middle dots as `·` without blanks around them; a full stop counts as one between Chinese characters. */
export const foldDots = (name: string): string => (plain.test(name) ? name : name.replace(dot, '·'));
