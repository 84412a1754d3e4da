/** Measures a document before it is parsed, without recursion; the parser and the validator are recursive. */
import { Lexer, Source, type Token, TokenKind } from 'graphql';

export interface TextMeasure {
  readonly tokens: number;
  /** Brackets of any kind that are open at the same time. */
  readonly nesting: number;
  readonly directives: number;
}

const opening = new Set<string>([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const closing = new Set<string>([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/** Reads no further than one token more than allowed. Throws graphql-js's syntax error for text that has no tokens. */
export function measureText(text: string, maxTokens: number): TextMeasure {
  const lexer = new Lexer(new Source(text));
  let tokens = 0;
  let open = 0;
  let nesting = 0;
  let directives = 0;
  for (let token: Token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    if (token.kind === TokenKind.AT) directives += 1;
    if (opening.has(token.kind)) nesting = Math.max(nesting, ++open);
    if (closing.has(token.kind)) open -= 1;
    if (++tokens > maxTokens) break;
  }
  return { tokens, nesting, directives };
}

export interface InputMeasure {
  readonly inputs: number;
  readonly depth: number;
  /** Whether a value holds U+0000, which PostgreSQL cannot store and no real input contains. */
  readonly holdsNul: boolean;
}

export const holdsNul = (value: unknown): boolean => typeof value === 'string' && value.includes('\0');

/** Counts members, elements and levels of a request's variables without recursion. Stops when they exceed the limit. */
export function measureInputs(value: unknown, most: number): InputMeasure {
  let level: unknown[] = [value];
  let inputs = 0;
  let depth = 0;
  let nul = false;
  while (level.length && inputs <= most) {
    const next: unknown[] = [];
    for (const each of level) {
      nul ||= holdsNul(each);
      if (typeof each !== 'object' || each === null) continue;
      for (const inner of Object.values(each)) next.push(inner);
    }
    inputs += next.length;
    if (next.length) depth += 1;
    level = next;
  }
  return { inputs, depth, holdsNul: nul };
}
