/**
 * One statement whose rows are taken as they come from the wire: text by position. It asks for no description of
 * columns, parses no value and copies no row; rows beyond the size limit are not kept.
 */
import type { Writable } from 'node:stream';
import type pg from 'pg';
import { arrayLiteral } from './array-literal.ts';
import type { TextRows } from './database.ts';

/** The part of pg's connection that a statement needs; pg-cursor and pg-copy-streams rely on the same. */
interface Wire {
  readonly stream: Writable;
  readonly parsedStatements: Record<string, string>;
  readonly submittedNamedStatements: Record<string, string>;
  parse(message: { text: string; name: string }): void;
  bind(message: { statement: string; values: readonly unknown[]; valueMapper: (value: unknown) => unknown }): void;
  execute(message: object): void;
  sync(): void;
  sendCopyFail(reason: string): void;
}

/** An answer that is larger than the limit. */
export class TooManyBytes extends Error {}

export class TextQuery implements pg.Submittable {
  /** pg puts it into its list of prepared statements. */
  readonly name: string;
  private readonly rows: TextRows = [];
  private bytes = 0;

  private constructor(
    readonly text: string,
    private readonly values: readonly unknown[],
    name: string | undefined,
    private readonly maxBytes: number,
    readonly callback: (error: Error | null, rows: TextRows) => void,
  ) {
    this.name = name ?? '';
  }

  static run(
    client: pg.PoolClient,
    { text, values, name }: { text: string; values: readonly unknown[]; name: string | undefined },
    maxBytes: number,
  ): Promise<TextRows> {
    return new Promise((resolve, reject) => {
      client.query(
        new TextQuery(text, values, name, maxBytes, (error, rows) => (error ? reject(error) : resolve(rows))),
      );
    });
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    wire.stream.cork();
    if (!this.name || !(wire.parsedStatements[this.name] || wire.submittedNamedStatements[this.name])) {
      wire.parse({ text: this.text, name: this.name });
      if (this.name) wire.submittedNamedStatements[this.name] = this.text;
    }
    wire.bind({ statement: this.name, values: this.values, valueMapper: wireValue });
    wire.execute({});
    wire.sync();
    wire.stream.uncork();
  }

  handleDataRow({ fields, length }: { readonly fields: (string | null)[]; readonly length: number }): void {
    this.bytes += length;
    if (this.bytes <= this.maxBytes) this.rows.push(fields);
    else this.rows.length = 0;
  }
  handleReadyForQuery(): void {
    this.callback(this.bytes > this.maxBytes ? new TooManyBytes('The rows are too large') : null, this.rows);
  }
  handleError(error: Error): void {
    this.callback(error, this.rows);
  }
  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('Nothing is copied here');
  }
  handleCopyData(): void {}
}

function wireValue(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return Array.isArray(value) ? arrayLiteral(value.map(wireValue)) : String(value);
}
