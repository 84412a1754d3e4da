/** JSON that is written already: an answer's data goes to the client as it is. */
import type { FormattedExecutionResult } from 'graphql';

export class JsonBytes {
  constructor(readonly pieces: readonly Buffer[]) {}
  /** For whoever needs the data as objects. */
  toJSON(): unknown {
    return JSON.parse(Buffer.concat(this.pieces).toString());
  }
}

/**
 * As `JSON.stringify`, but data that is bytes already is not read again: then the answer is bytes too. Apollo Server hands
 * on to the HTTP stack what it is given here, and the stack sends either.
 */
export function jsonOf(result: FormattedExecutionResult): string {
  const { data, ...rest } = result as { data?: unknown };
  if (!(data instanceof JsonBytes)) return JSON.stringify(result);
  const { errors, ...others } = rest as FormattedExecutionResult;
  const head = errors?.length ? `"errors":${JSON.stringify(errors)},` : '';
  const tail = JSON.stringify(others).slice(1, -1);
  const pieces = [Buffer.from(`{${head}"data":`), ...data.pieces, Buffer.from(`${tail && `,${tail}`}}`)];
  return Buffer.concat(pieces) as unknown as string;
}
