/** JSON that is written already: an answer's data goes to the client as it is. */
import type { FormattedExecutionResult } from 'graphql';

export class JsonText {
  constructor(readonly text: string) {}
  /** For whoever needs the data as objects. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** As `JSON.stringify`, but data that is text already is not read again. */
export function stringifyResult(result: FormattedExecutionResult): string {
  const { data, ...rest } = result as { data?: unknown };
  if (!(data instanceof JsonText)) return JSON.stringify(result);
  const { errors, ...others } = rest as FormattedExecutionResult;
  const head = errors?.length ? `"errors":${JSON.stringify(errors)},` : '';
  const tail = JSON.stringify(others).slice(1, -1);
  return `{${head}"data":${data.text}${tail && `,${tail}`}}`;
}
