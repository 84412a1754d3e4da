/** JSON that is already written as bytes: an answer's data is sent to the client as it is. */
import type { FormattedExecutionResult } from 'graphql';

export class JsonBytes {
  constructor(readonly pieces: readonly Buffer[]) {}
  /** For whoever needs the data as objects. */
  toJSON(): unknown {
    return JSON.parse(Buffer.concat(this.pieces).toString());
  }
}

/**
 * Like `JSON.stringify`, but data that is already bytes is not parsed again, and the answer is then bytes too. Apollo
 * Server hands the result on to the HTTP stack, which sends either.
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
