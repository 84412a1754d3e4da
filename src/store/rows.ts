/** Rows of the tables, made from records that have passed the validator. */
import { hash } from 'node:crypto';
import type { Statement } from '../../adapters/kit/statement.ts';
import type { Noun, StoredNoun } from '../catalog/catalog.ts';
import { type Identity, joinKey } from './identity.ts';
import { REMOVED } from './record-sql.ts';

/** A record that has passed the validator. */
export interface ValidRecord {
  readonly statement: Statement;
  readonly values: Readonly<Record<string, unknown>>;
  readonly spellings: readonly unknown[];
}

export interface Row {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  readonly deleted: boolean;
  readonly [column: string]: unknown;
}

export const digestOf = (content: unknown): string => hash('sha256', JSON.stringify(content), 'base64url').slice(0, 22);

export function rowOf(noun: StoredNoun, agency: string, record: ValidRecord, identity: Identity): Row {
  const { sourceId, version, deleted, asOf, data } = record.statement;
  const id = identity.ofRecord(noun.name, agency, sourceId);
  const head = { id, agency, source_id: sourceId, version, deleted };
  if (deleted && (data === null || !Object.keys(record.values).length)) return { ...head, digest: REMOVED };
  return {
    ...head,
    ...fieldColumns(noun, record.values, identity),
    as_of: asOf ?? null,
    spellings: record.spellings.length ? record.spellings : null,
    digest: digestOf([deleted, record.values, record.spellings]),
  };
}

/** The columns of a noun's fields and links. */
export function fieldColumns(noun: Noun, values: Readonly<Record<string, unknown>>, identity: Identity) {
  const columns: Record<string, unknown> = {};
  for (const { name, column } of noun.columns.values()) columns[column] = values[name] ?? null;
  for (const link of noun.links) {
    const key = joinKey(link.from.map(field => values[field]));
    columns[link.column] = key === null ? null : identity.ofNoun(link.target, key);
  }
  return columns;
}

/** A row that was written, as the statements of `record-sql.ts` return it: id, deleted, whether it changed, and its links. */
export type WrittenRow = readonly unknown[];
/** Of the n-th link of a written row: the target before and now, and whether the row states of it what it stated before. */
export const linkOf = (row: WrittenRow, n: number) => ({
  old: row[3 + 3 * n] as string | null,
  now: row[4 + 3 * n] as string | null,
  steady: row[5 + 3 * n] as boolean,
});
/** Nothing stood there before. */
export const freshlyWritten = (noun: StoredNoun, row: Row): WrittenRow => [
  row.id,
  row.deleted,
  true,
  ...noun.links.flatMap(link => [null, row[link.column] ?? null, true]),
];

/** The same order as in the database: by version, then by content, then by the moment at which it was true. */
export const beats = (a: Row, b: Row): boolean => {
  if (a.version !== b.version) return a.version > b.version;
  return a.digest === b.digest ? moment(a) > moment(b) : a.digest > b.digest;
};
const moment = ({ as_of }: Row) => (typeof as_of === 'string' ? Date.parse(as_of) : Number.NEGATIVE_INFINITY);
