/** Rows of the tables, made from records that have passed the validator. */
import { hash } from 'node:crypto';
import type { Statement } from '../../adapters/kit/statement.ts';
import type { Noun, StoredNoun } from '../catalog/catalog.ts';
import { type Identity, joinKey } from './identity.ts';
import { columnsOf } from './tables.ts';

/** Digest of a removal of which nothing but the id is known: sorts before every other. */
export const REMOVED = '';

/** A record that has passed the validator. */
export interface ValidRecord {
  readonly statement: Statement;
  readonly values: Readonly<Record<string, unknown>>;
  readonly spellings: readonly unknown[];
}

/** A row of a noun's table, still without the moment of its page. */
export interface Row {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  readonly deleted: boolean;
  readonly asOf: string | null;
  /** What stands before the fields: where it came from, and how identifiers were spelled there. */
  readonly head: readonly unknown[];
  /** Of the noun's fields; what is not named is null. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Targets of the noun's links, in their order. */
  readonly links: readonly (string | null)[];
}
/** A record and the row that it becomes. */
export interface Told {
  readonly record: ValidRecord;
  readonly row: Row;
  /** The row as COPY reads it. */
  readonly line: string;
}

interface Layout {
  readonly given: readonly { readonly name: string; readonly type: string }[];
  readonly fields: readonly string[];
}
const layouts = new WeakMap<StoredNoun, Layout>();
function layoutOf(noun: StoredNoun): Layout {
  const known = layouts.get(noun);
  if (known) return known;
  const given = columnsOf(noun).filter(({ name }) => name !== 'observed_at');
  const layout = { given, fields: [...noun.columns.keys()] };
  layouts.set(noun, layout);
  return layout;
}
/** The columns of a noun's table, in its order, without the moment since when the hub knows the row. */
export const givenColumns = (noun: StoredNoun): Layout['given'] => layoutOf(noun).given;

/** A value for each of `givenColumns`. */
export function cellsOf(noun: StoredNoun, { head, values, links }: Row): unknown[] {
  const { given, fields } = layoutOf(noun);
  const cells = new Array<unknown>(given.length);
  let at = 0;
  for (const cell of head) cells[at++] = cell;
  for (const name of fields) cells[at++] = values[name] ?? null;
  for (const link of links) cells[at++] = link;
  return cells;
}

/** A row by the names of its columns. */
export function namedCells(noun: StoredNoun, row: Row): Record<string, unknown> {
  const cells = cellsOf(noun, row);
  return Object.fromEntries(givenColumns(noun).map(({ name }, n) => [name, cells[n]]));
}

export const digestOf = (content: unknown): string => hash('sha256', JSON.stringify(content), 'base64url').slice(0, 22);

const nothing: Readonly<Record<string, unknown>> = {};

export function rowOf(noun: StoredNoun, agency: string, record: ValidRecord, identity: Identity): Row {
  const { sourceId, version, deleted, data } = record.statement;
  const id = identity.ofRecord(noun.name, agency, sourceId);
  const empty = deleted && (data === null || !Object.keys(record.values).length);
  const asOf = empty ? null : (record.statement.asOf ?? null);
  const spellings = !empty && record.spellings.length ? record.spellings : null;
  const digest = empty ? REMOVED : digestOf([deleted, record.values, record.spellings]);
  const values = empty ? nothing : record.values;
  const links = linkTargets(noun, values, identity);
  const head = [id, agency, sourceId, version, asOf, spellings, deleted, digest];
  return { id, version, digest, deleted, asOf, head, values, links };
}

/** A row of a derived noun, which has no source. */
export function derivedRow(
  noun: StoredNoun,
  { id, deleted, digest }: Pick<Row, 'id' | 'deleted' | 'digest'>,
  values: Readonly<Record<string, unknown>>,
  identity: Identity,
): Row {
  const links = linkTargets(noun, values, identity);
  return { id, version: '', digest, deleted, asOf: null, head: [id, deleted, digest], values, links };
}

const linkTargets = (noun: Noun, values: Readonly<Record<string, unknown>>, identity: Identity) =>
  noun.links.map(link => {
    const key = joinKey(link.from.map(field => values[field]));
    return key === null ? null : identity.ofNoun(link.target, key);
  });

/** The columns of a noun's fields and links, by name: for records that are not stored. */
export function fieldColumns(noun: Noun, values: Readonly<Record<string, unknown>>, identity: Identity) {
  const columns: Record<string, unknown> = {};
  for (const { name, column } of noun.columns.values()) columns[column] = values[name] ?? null;
  const targets = linkTargets(noun, values, identity);
  noun.links.forEach((link, n) => {
    columns[link.column] = targets[n];
  });
  return columns;
}

/** A row that was written, as the statements of `record-sql.ts` return it: id, deleted, whether it changed, its links, what it replaced. */
export type WrittenRow = readonly unknown[];
/** Of the n-th link of a written row: the target before and now, and whether the row states of it what it stated before. */
export const linkOf = (row: WrittenRow, n: number) => ({
  old: row[3 + 3 * n] as string | null,
  now: row[4 + 3 * n] as string | null,
  steady: row[5 + 3 * n] as boolean,
});
/** The same order as in the database: by version, then by content, then by the moment at which it was true. */
export const beats = (a: Row, b: Row): boolean => {
  if (a.version !== b.version) return a.version > b.version;
  return a.digest === b.digest ? moment(a) > moment(b) : a.digest > b.digest;
};
const moment = ({ asOf }: Row) => (asOf === null ? Number.NEGATIVE_INFINITY : Date.parse(asOf));
