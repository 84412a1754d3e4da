/**
 * What a plan reads. A level is one statement; a fetch is a branch of it: the rows of one noun for the keys that the
 * level before found. Every row comes as text: the number of its branch, its key, its cells.
 */
import type { Policy } from '../access/policy.ts';
import type { Catalog, StoredNoun } from '../catalog/catalog.ts';
import { sqlTypes } from '../store/tables.ts';
import { type Scope, tableSql, Values, visibleSql, wholeSql } from './scope.ts';

export type FetchedRow = readonly (string | null)[];
const keyPlace = 1;
/** Index at which the cells of a row begin. */
const firstCell = 2;
/** Key of the rows of a fetch that has no keys. */
export const unkeyed = '';

/** Where a fetch takes its keys from: rows of the level before, the keys of another fetch, or (null) the request. */
export type KeySource =
  | { readonly fetch: Fetch; readonly keyOf: (row: FetchedRow) => string | null }
  | { readonly sameAs: Fetch };

/**
 * Makes the SQL of a branch, the same at every call. `select` makes the list of its columns from the expression of a
 * row's key; `keys` is the parameter to which all keys are bound.
 */
export type Branch = (select: (key: string) => string, keys: string) => string;

export class Fetch {
  private readonly cells: string[] = [];
  private readonly places = new Map<string, number>();
  private branch: Branch | null = null;
  private keys = '';

  constructor(
    /** The fetch's number in the whole plan. */
    readonly index: number,
    readonly level: Level,
    readonly source: KeySource | null,
  ) {
    this.ordinal = level.fetches.push(this) - 1;
  }
  private readonly ordinal: number;

  /** Sets the branch. Its keys are bound as an array of this type; null if it needs no keys. */
  reads(keyType: string | null, branch: Branch): this {
    if (keyType) this.keys = `${this.level.values.add(this)}::${keyType}[]`;
    this.branch = branch;
    return this;
  }
  /** Declares that the key of a row is this cell of it. */
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

  /** The index of the cell of this name in a row; `sql` is called only once for each name. */
  cell(name: string, sql: () => string): number {
    const known = this.places.get(name);
    if (known !== undefined) return known;
    const place = firstCell + this.cells.push(sql()) - 1;
    this.places.set(name, place);
    return place;
  }

  /** Makes a row as this fetch would return it, from cells by name. */
  rowOf(cells: Readonly<Record<string, string | null>>): FetchedRow {
    const row: (string | null)[] = [String(this.ordinal), null];
    for (const [name, place] of this.places) row[place] = cells[name] ?? null;
    return row;
  }

  /** The SQL of the branch, padded because every branch of a statement has the same number of columns. */
  sql(width: number): string {
    const padding = Array.from({ length: width - this.width }, () => 'null');
    const select = (key: string) => [`'${this.ordinal}'`, key, ...this.cells, ...padding].join(', ');
    return this.branch!(select, this.keys);
  }
}

/** Fetches whose keys are known at the same time. */
export class Level {
  /** Whether it reads so many rows that PostgreSQL should plan it for the actual values. */
  isWeighed = false;
  readonly values = new Values();
  readonly fetches: Fetch[] = [];

  /** Marks the state of the level; `restore` undoes what was planned since, when a part turns out to be unreadable. */
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

/** A fetch of a noun's rows, which are called `t` in its branch, and the SQL of its cells. */
export class NounFetch extends Fetch {
  constructor(
    index: number,
    level: Level,
    source: KeySource | null,
    readonly noun: StoredNoun,
    private readonly policy: Policy,
    private readonly catalog: Catalog,
    /** The moment as of which its rows, and all that is linked to them, are read; null: now. */
    readonly asOf: string | null,
  ) {
    super(index, level, source);
  }

  private idsAreGiven = false;
  /** Declares that its keys are the ids of its rows, so rows linked to them are read by the same statement. */
  givenIds(): this {
    this.idsAreGiven = true;
    return this;
  }
  /** The depth of fetches by the ids of its rows. */
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
  /** The `from` expression. It and `visible` must be called only once for each fetch, because they bind values. */
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
  /** The cell that stands for the person concerned where a row is linked to no person. */
  subject(): number {
    return this.column('id');
  }
  /** Whether the row is shown whole, by this reader's policy. */
  whole(): (row: FetchedRow) => boolean {
    const rows = this.policy.whole(this.noun);
    if (rows === 'all' || rows === 'none') return () => rows === 'all';
    const sql = () => `(${wholeSql(this.scope, this.noun)})::text`;
    const at = this.cell('$whole', sql);
    return row => row[at] === 'true';
  }
}

/** Rows of a live kind, which come from an agency and not from a statement. */
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
  override whole(): (row: FetchedRow) => boolean {
    const at = this.column('$whole');
    return row => row[at] === 'true';
  }
}

const texts = new WeakMap<StoredNoun, ReadonlySet<string>>();
/** Columns of a table that already are text in PostgreSQL. */
function textColumns(noun: StoredNoun): ReadonlySet<string> {
  const known = texts.get(noun);
  if (known) return known;
  const fields = [...noun.columns.values()].filter(({ field }) => sqlTypes[field.scalar] === 'text');
  const names = new Set(['agency', 'source_id', 'version', ...fields.map(({ column }) => column)]);
  texts.set(noun, names);
  return names;
}
