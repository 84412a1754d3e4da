/** Text in the characters that people see (graphemes): 𫍯 is one, and so is a letter with its accents. */

/**
 * Text in which every code unit is one character. Nearly all text is like this, and need not be segmented by the rules
 * of Unicode.
 */
const simple = /^[\x20-\x7e·•・．\u3001-\u3011\u4e00-\u9fff\uff01-\uff5e]*$/;
const graphemes = new Intl.Segmenter('zh', { granularity: 'grapheme' });

export const charactersOf = (text: string): readonly string[] =>
  simple.test(text) ? text.split('') : Array.from(graphemes.segment(text), ({ segment }) => segment);

export const visibleLength = (text: string): number => (simple.test(text) ? text.length : charactersOf(text).length);
