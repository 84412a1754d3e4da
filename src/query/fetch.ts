/**
 * What a plan reads. A level is one statement; a fetch is a branch of it: the rows of one noun for the keys that the level
 * before has given. Every row comes as text: the number of its branch, its key, its cells.
 */
import type { Policy } from '../access/policy.ts';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';
import { sqlTypes } from '../store/tables.ts';
import { type Scope, tableSql, Values, visibleSql, wholeSql } from './scope.ts';

export type Row = readonly (string | null)[];
const keyPlace = 1;
/** Where the cells of a row begin. */
const firstCell = 2;
/** Key of the rows of a fetch that has no keys. */
export const unkeyed = '';

/** Where a fetch takes its keys from: rows of the level before, the keys of another one, or (null) the request. */
export type KeySource =
  | { readonly fetch: Fetch; readonly keyOf: (row: Row) => string | null }
  | { readonly sameAs: Fetch };

/** Makes a branch, always the same: `select` is the list of its columns, given what the key of a row is; `keys` is bound to all of them. */
export type Branch = (select: (key: string) => string, keys: string) => string;

export class Fetch {
  private readonly cells: string[] = [];
  private readonly places = new Map<string, number>();
  private branch: Branch | null = null;
  private keys = '';

  constructor(
    /** In the whole plan. */
    readonly index: number,
    readonly level: Level,
    readonly source: KeySource | null,
  ) {
    this.ordinal = level.fetches.push(this) - 1;
  }
  private readonly ordinal: number;

  /** `keys` is bound to an array of this type; none: the fetch needs no keys. */
  reads(keyType: string | null, branch: Branch): this {
    if (keyType) this.keys = `${this.level.values.add(this)}::${keyType}[]`;
    this.branch = branch;
    return this;
  }
  /** The key of a row is this cell of it. */
  keyIs(name: string): this {
    this.places.set(name, keyPlace);
    return this;
  }
  get isKeyed(): boolean {
    return this.keys !== '';
  }
  get width(): number {
    return this.cells.length;
  }

  /** Where in a row the cell of this name stands; its expression is asked for once. */
  cell(name: string, sql: () => string): number {
    const known = this.places.get(name);
    if (known !== undefined) return known;
    const place = firstCell + this.cells.push(sql()) - 1;
    this.places.set(name, place);
    return place;
  }

  /** A row as this fetch would give it, of cells by their names. */
  rowOf(cells: Readonly<Record<string, string | null>>): Row {
    const row: (string | null)[] = [String(this.ordinal), null];
    for (const [name, place] of this.places) row[place] = cells[name] ?? null;
    return row;
  }

  /** Every branch of a statement has the same number of columns. */
  sql(width: number): string {
    const padding = Array.from({ length: width - this.width }, () => 'null');
    const select = (key: string) => [`'${this.ordinal}'`, key, ...this.cells, ...padding].join(', ');
    return this.branch!(select, this.keys);
  }
}

/** Fetches whose keys are known at the same time. */
export class Level {
  /** Looks at so many rows that PostgreSQL had better know the values before it decides how. */
  isWeighed = false;
  readonly values = new Values();
  readonly fetches: Fetch[] = [];

  /** Undoes what was planned since a mark: the part turned out to be one that cannot be read. */
  mark(): { readonly values: number; readonly fetches: number } {
    return { values: this.values.list.length, fetches: this.fetches.length };
  }
  restore(mark: { readonly values: number; readonly fetches: number } = { values: 0, fetches: 0 }): void {
    this.values.list.length = mark.values;
    this.fetches.length = mark.fetches;
  }

  sql(): string {
    const width = Math.max(...this.fetches.map(fetch => fetch.width));
    if (this.fetches.length === 1) return this.fetches[0]!.sql(width);
    return this.fetches.map(fetch => `(${fetch.sql(width)})`).join('\nunion all\n');
  }
}

/** A fetch of a noun's rows, called `t` in its branch, and what its cells are. */
export class NounFetch extends Fetch {
  constructor(
    index: number,
    level: Level,
    source: KeySource | null,
    readonly noun: StoredNoun,
    private readonly policy: Policy,
    private readonly catalog: Catalog,
    /** The moment as of which its rows are read, and all that hangs on them; null: now. */
    readonly asOf: string | null,
  ) {
    super(index, level, source);
  }

  private idsAreGiven = false;
  /** Ids of its rows are what it is asked by: what hangs on them is read by the same statement. */
  givenIds(): this {
    this.idsAreGiven = true;
    return this;
  }
  /** Where fetches by the ids of its rows stand, and where they take them from. */
  below(depth: number): number {
    return this.idsAreGiven ? depth : depth + 1;
  }
  ids(): KeySource {
    if (this.idsAreGiven) return { sameAs: this };
    const id = this.column('id');
    return { fetch: this, keyOf: row => row[id]! };
  }

  get scope(): Scope {
    const { catalog, policy, asOf } = this;
    return { catalog, policy, values: this.level.values, asOf };
  }
  /** What stands behind `from`, and the rows that the reader may see. Asked for once each: they bind values. */
  from(): string {
    return `${tableSql(this.noun, this.asOf, this.level.values)} t`;
  }
  visible(): string {
    return visibleSql(this.scope, this.noun);
  }

  /** A column of the table, as text. */
  column(name: string): number {
    return this.cell(name, () => (textColumns(this.noun).has(name) ? `t."${name}"` : `t."${name}"::text`));
  }

  /** Whether some rows may be shown whole. */
  get mayBeWhole(): boolean {
    return this.policy.whole(this.noun) !== 'none';
  }
  /** Where a row names no person, this stands for whom it is about. */
  subject(): number {
    return this.column('id');
  }
  /** Whether the row is shown whole, by this reader's policy. */
  whole(): (row: Row) => boolean {
    const rows = this.policy.whole(this.noun);
    if (rows === 'all' || rows === 'none') return () => rows === 'all';
    const sql = () => `(${wholeSql(this.scope, this.noun)})::text`;
    const at = this.cell('$whole', sql);
    return row => row[at] === 'true';
  }
}

/** Rows of a live kind: an agency gives them, no statement. */
export class LiveFetch extends NounFetch {
  override column(name: string): number {
    return this.cell(name, () => '');
  }
  override get mayBeWhole(): boolean {
    return true;
  }
  override subject(): number {
    return this.column('$subject');
  }
  override whole(): (row: Row) => boolean {
    const at = this.column('$whole');
    return row => row[at] === 'true';
  }
}

const texts = new WeakMap<StoredNoun, ReadonlySet<string>>();
/** Columns of a table that are text in PostgreSQL already. */
function textColumns(noun: StoredNoun): ReadonlySet<string> {
  const known = texts.get(noun);
  if (known) return known;
  const fields = [...noun.columns.values()].filter(({ field }) => sqlTypes[field.scalar] === 'text');
  const names = new Set(['agency', 'source_id', 'version', ...fields.map(({ column }) => column)]);
  texts.set(noun, names);
  return names;
}
