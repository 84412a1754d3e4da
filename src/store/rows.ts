/** Rows of the tables, made from records that have passed the validator. */
import { hash } from 'node:crypto';
import type { RecordKind } from '../../adapters/kit/record.ts';
import type { Statement } from '../../adapters/kit/statement.ts';
import { isStated, type Noun, type StoredNoun } from '../catalog/catalog.ts';
import { type CopyLine, CopyLines } from './copy-lines.ts';
import { type Identity, keyOf } from './identity.ts';
import { columnsOf } from './tables.ts';

/** Digest of a removal that gives nothing but the id: sorts before every other. */
export const REMOVED = '';

/** A record that has passed the validator. */
export interface ValidRecord {
  readonly statement: Statement;
  readonly values: Readonly<Record<string, unknown>>;
  readonly spellings: readonly unknown[];
}

/** A row of a noun's table, still without the time of its page. */
export interface NounRow {
  readonly id: string;
  readonly deleted: boolean;
  readonly digest: string;
  /** Values of the noun's fields; a field that is not named is null. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Targets of the noun's links, in the order of the links. */
  readonly links: readonly (string | null)[];
}
/** A row of a record that a source states. */
export interface StatedRow extends NounRow {
  readonly agency: string;
  readonly sourceId: string;
  readonly version: string;
  readonly asOf: string | null;
  readonly spellings: readonly unknown[] | null;
}
/** A record, its row, and the place of its encoded line among those of its page. */
export interface EncodedRecord {
  readonly record: ValidRecord;
  readonly row: StatedRow;
  readonly line: CopyLine;
}

const nothing: Readonly<Record<string, unknown>> = {};
/** A removal that gives nothing but the id. */
const isEmpty = ({ statement, values }: ValidRecord) =>
  statement.deleted && (statement.data === null || !Object.keys(values).length);

/** The first cells of a record's line are its content; their digest is the record's. */
function writeContent(lines: CopyLines, kind: RecordKind, record: ValidRecord): string {
  const from = lines.length;
  const empty = isEmpty(record);
  lines.cell(record.statement.deleted);
  lines.cell(empty || !record.spellings.length ? null : record.spellings);
  for (const name of fieldsOf(kind)) lines.cell(empty ? null : record.values[name]);
  return empty ? REMOVED : digestOf(lines.since(from));
}
const fieldNames = new WeakMap<RecordKind, readonly string[]>();
function fieldsOf(kind: RecordKind): readonly string[] {
  const names = fieldNames.get(kind) ?? Object.keys(kind.fields);
  fieldNames.set(kind, names);
  return names;
}

export const digestOf = (content: string | Uint8Array): string => hash('sha256', content, 'base64url').slice(0, 22);

/** The digest of a record that is not written by COPY. */
export function digestOfRecord(kind: RecordKind, record: ValidRecord): string {
  scratch.rewind(0);
  return writeContent(scratch, kind, record);
}
const scratch = new CopyLines();

export function rowOf(
  noun: StoredNoun,
  agency: string,
  record: ValidRecord,
  identity: Identity,
  digest: string,
): StatedRow {
  const { sourceId, version, deleted, asOf = null } = record.statement;
  const empty = isEmpty(record);
  const values = empty ? nothing : record.values;
  return {
    id: identity.ofRecord(noun.name, agency, sourceId),
    deleted,
    digest,
    values,
    links: linkTargets(noun, values, identity),
    agency,
    sourceId,
    version,
    asOf: empty ? null : asOf,
    spellings: empty || !record.spellings.length ? null : record.spellings,
  };
}

/** Encodes a record as a line of COPY, and makes its row. */
export function encodeRecord(
  noun: StoredNoun,
  agency: string,
  record: ValidRecord,
  identity: Identity,
  lines: CopyLines,
): EncodedRecord {
  const from = lines.length;
  const digest = writeContent(lines, noun.kind, record);
  const row = rowOf(noun, agency, record, identity, digest);
  for (const cell of [row.id, agency, row.sourceId, row.version, row.asOf, digest]) lines.cell(cell);
  for (const link of row.links) lines.cell(link);
  return { record, row, line: lines.endRow(from) };
}

const copied = new WeakMap<StoredNoun, readonly string[]>();
/** The columns of the lines that `encodeRecord` writes; the last is left open, for the time of the page. */
export function copyColumns(noun: StoredNoun): readonly string[] {
  const known = copied.get(noun);
  if (known) return known;
  const content = fieldsOf(noun.kind).map(name => noun.columns.get(name)!.column);
  const source = ['id', 'agency', 'source_id', 'version', 'as_of', 'digest'];
  const links = noun.links.map(link => link.column);
  const columns = ['deleted', 'spellings', ...content, ...source, ...links, 'observed_at'];
  copied.set(noun, columns);
  return columns;
}

/** A row of a derived noun, which has no source. */
export const derivedRow = (
  noun: StoredNoun,
  head: Pick<NounRow, 'id' | 'deleted' | 'digest'>,
  values: Readonly<Record<string, unknown>>,
  identity: Identity,
): NounRow => ({ ...head, values, links: linkTargets(noun, values, identity) });

const given = new WeakMap<StoredNoun, readonly { readonly name: string; readonly type: string }[]>();
/** The columns of a noun's table without `observed_at`, the time from which the hub knows the row. */
export function givenColumns(noun: StoredNoun) {
  const columns = given.get(noun) ?? columnsOf(noun).filter(({ name }) => name !== 'observed_at');
  given.set(noun, columns);
  return columns;
}

/** A value for each of `givenColumns`, by name. */
export function namedCells(noun: StoredNoun, row: NounRow): Record<string, unknown> {
  const { id, deleted, digest, values, links } = row;
  const cells: Record<string, unknown> = { id, deleted, digest };
  if (isStated(noun)) {
    const { agency, sourceId, version, asOf, spellings } = row as StatedRow;
    Object.assign(cells, { agency, source_id: sourceId, version, as_of: asOf, spellings });
  }
  return addFields(cells, noun, values, links);
}

function addFields(
  cells: Record<string, unknown>,
  noun: Noun,
  values: Readonly<Record<string, unknown>>,
  links: NounRow['links'],
) {
  for (const { name, column } of noun.columns.values()) cells[column] = values[name] ?? null;
  noun.links.forEach((link, n) => {
    cells[link.column] = links[n];
  });
  return cells;
}

const linkTargets = (noun: Noun, values: Readonly<Record<string, unknown>>, identity: Identity) =>
  noun.links.map(link => {
    const key = keyOf(link.from, values);
    return key === null ? null : identity.ofNoun(link.target, key);
  });

/** The columns of a noun's fields and links, by name: for records that are not stored. */
export const fieldColumns = (noun: Noun, values: Readonly<Record<string, unknown>>, identity: Identity) =>
  addFields({}, noun, values, linkTargets(noun, values, identity));

/**
 * A written row, as the statements of `record-sql.ts` return it: id, deleted, whether it changed, its links, what it
 * replaced.
 */
export type WrittenRow = readonly unknown[];
/** The n-th link of a written row: the target before and now, and whether the row still states the same of it. */
export const linkOf = (row: WrittenRow, n: number) => ({
  old: row[3 + 3 * n] as string | null,
  now: row[4 + 3 * n] as string | null,
  unchanged: row[5 + 3 * n] as boolean,
});
/** Whether a supersedes b. As in the database: by version, then by content, then by the time at which it was true. */
export const supersedes = (a: StatedRow, b: StatedRow): boolean => {
  if (a.version !== b.version) return a.version > b.version;
  return a.digest === b.digest ? moment(a) > moment(b) : a.digest > b.digest;
};
const moment = ({ asOf }: StatedRow) => (asOf === null ? Number.NEGATIVE_INFINITY : Date.parse(asOf));
