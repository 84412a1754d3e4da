/** GraphQL types are named after kinds and code tables, so two of them must not need the same name. */
import type { CodeTable, RecordKind } from '../../adapters/kit/record.ts';

/** What derives from a kind called Well: Well, WellWhere, WellOrder, ... */
const ofKinds = [
  ...[
    '',
    'Where',
    'Related',
    'Comparison',
    'Order',
    'Edge',
    'Connection',
    'Field',
    'Number',
    'Time',
    'Span',
    'Measured',
    'MeasuredTime',
  ],
  ...['Group', 'Groups', 'Key'],
];
const ofTables = ['', 'Filter'];

export class TypeNames {
  private readonly owners = new Map<string, string>();
  private readonly tables = new Map<CodeTable, string>();

  /** Throws where another kind or code table has one of the names already; the message names both. */
  take(kind: RecordKind): void {
    for (const suffix of ofKinds) this.own(kind.name + suffix, kind.name);
    for (const [name, { table }] of Object.entries(kind.fields)) {
      if (!table || this.tables.has(table)) continue;
      this.tables.set(table, kind.name);
      for (const suffix of ofTables) this.own(table.name + suffix, `the codes of ${kind.name}.${name}`);
    }
  }

  private own(type: string, owner: string): void {
    const other = this.owners.get(type);
    if (other) throw new Error(`${other} and ${owner} would both have a type called ${type}`);
    this.owners.set(type, owner);
  }
}
