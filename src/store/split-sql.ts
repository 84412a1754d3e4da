/** Splits SQL text into its statements and comments, each with its line. Quotes of every kind may hold semicolons. */

export interface SqlComment {
  readonly line: number;
  readonly text: string;
}
export interface SqlStatement extends SqlComment {
  readonly lastLine: number;
}
export interface SplitSql {
  /** Without the semicolon, and without comments in front. */
  readonly statements: readonly SqlStatement[];
  /** Those that begin with two dashes, wherever they stand. */
  readonly comments: readonly SqlComment[];
  /** Where the text ends within a quote, a comment or a statement. */
  readonly unfinished: { readonly line: number; readonly why: string } | null;
}

const token = new RegExp(
  [
    /(?<line>--[^\n]*)/,
    /(?<block>\/\*[\s\S]*?\*\/)/,
    // With a backslash before a quote only in strings that begin with E.
    /(?<quoted>(?<![\w"])[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?<tag>(?:[A-Za-z_]\w*)?)\$[\s\S]*?\$\k<tag>\$)/,
    /(?<end>;)/,
    /(?<open>'|"|\/\*)/,
    /(?<other>[^\s;'"/$-]+(?!')|\S)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

export function splitSql(text: string): SplitSql {
  const statements: SqlStatement[] = [];
  const comments: SqlComment[] = [];
  let start = -1;
  let [line, counted] = [1, 0];
  const lineAt = (index: number) => {
    for (; counted < index; counted++) if (text[counted] === '\n') line += 1;
    return line;
  };
  let startLine = 0;
  for (const match of text.matchAll(token)) {
    const at = lineAt(match.index);
    const { line: comment, block, end, open } = match.groups!;
    if (comment !== undefined) comments.push({ line: at, text: comment.trim() });
    else if (open !== undefined)
      return { statements, comments, unfinished: { line: at, why: `${open} is not closed` } };
    else if (end !== undefined && start >= 0) {
      statements.push({ line: startLine, lastLine: at, text: text.slice(start, match.index).trim() });
      start = -1;
    } else if (block === undefined && end === undefined && start < 0) [start, startLine] = [match.index, at];
  }
  const unfinished = start < 0 ? null : { line: startLine, why: 'the statement should end with a semicolon' };
  return { statements, comments, unfinished };
}
