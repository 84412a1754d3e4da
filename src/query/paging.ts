/**
 * Keyset paging: a cursor names a row, and its place in the order is looked up when it is used. So a cursor holds no
 * value of a record, and no row is shown twice or left out because others came, went or were removed. (A row that moves
 * in the order between pages can be, as in any list that is not frozen.)
 */
import type { StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { filterable, maskedField } from './filters.ts';
import { type Scope, tableSql } from './scope.ts';

export interface PageArgs {
  readonly orderBy?: readonly string[] | null;
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
  /** Orders by the latest first, whatever the reader may order by: used for records of many kinds in one list. */
  readonly latestFirst?: true;
}

export const defaultPageSize = 20;
export const maxPageSize = 200;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const cursorOf = (id: string): string => Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
export function idOfCursor(cursor: string): string {
  const hex = Buffer.from(cursor, 'base64url').toString('hex');
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  if (!uuid.test(id) || cursorOf(id) !== cursor) throw foreignCursor();
  return id;
}
export const cursorsOf = ({ after, before }: PageArgs): string[] =>
  [after, before].flatMap(cursor => (cursor ? [idOfCursor(cursor)] : []));
export const foreignCursor = (): HubError =>
  new HubError(
    'CURSOR_MALFORMED',
    'The cursor was not made by this hub for this list: use endCursor or startCursor of an earlier page',
  );

interface Key {
  readonly column: string;
  readonly descending: boolean;
}

export interface Paging {
  /** Rows to show; one more is read to know whether there are more. */
  readonly size: number;
  /** Whether it is read from the end, so that the rows come in reverse order. */
  readonly backward: boolean;
  readonly condition: string;
  readonly orderBy: string;
}

export function pagingSql(scope: Scope, noun: StoredNoun, args: PageArgs): Paging {
  const backward = args.last !== null && args.last !== undefined;
  if (backward && args.first !== null && args.first !== undefined) bad('Give either `first` or `last`, not both');
  const size = (backward ? args.last : args.first) ?? defaultPageSize;
  if (size < 0 || size > maxPageSize) bad(`\`first\` and \`last\` go from 0 to ${maxPageSize}`);
  const keys = (args.orderBy ?? []).map(order => keyOf(scope, noun, order));
  if (args.latestFirst) keys.push({ column: 'observed_at', descending: true });
  keys.push({ column: 'id', descending: false });
  const conditions: string[] = [];
  if (args.after) conditions.push(beyond(scope, noun, keys, args.after, false));
  if (args.before) conditions.push(beyond(scope, noun, keys, args.before, true));
  const order = keys.map(({ column, descending }) => {
    const down = descending !== backward;
    return `t."${column}" ${down ? 'desc' : 'asc'} nulls ${backward ? 'first' : 'last'}`;
  });
  return { size, backward, condition: conditions.join(' and ') || 'true', orderBy: order.join(', ') };
}

function keyOf(scope: Scope, noun: StoredNoun, order: string): Key {
  const [field, direction] = order.split(' ') as [string, string];
  const { column, sql } = filterable(scope, noun, field);
  // An order would show where masked values lie.
  if (sql !== `t."${column}"`) throw maskedField(noun, field);
  return { column, descending: direction === 'desc' };
}

/** Rows beyond the cursor's row; nulls come last in either direction. */
function beyond(scope: Scope, noun: StoredNoun, keys: readonly Key[], cursor: string, before: boolean): string {
  const alternatives = keys.map(({ column, descending }, i) => {
    const equal = keys.slice(0, i).map(k => `t."${k.column}" is not distinct from c."${k.column}"`);
    const sign = descending === before ? '>' : '<';
    const [far, near] = before ? ['c', 't'] : ['t', 'c'];
    const past = `(t."${column}" ${sign} c."${column}" or (${far}."${column}" is null and ${near}."${column}" is not null))`;
    return [...equal, past].join(' and ');
  });
  return `exists (select 1 from ${placeOf(scope, noun, keys, cursor)} c where ${alternatives.map(a => `(${a})`).join(' or ')})`;
}

function bad(message: string): never {
  throw new HubError('BAD_USER_INPUT', message);
}

/**
 * The cursor's row as it last was: a row that was removed holds no values any more, but its history does. In an answer
 * about the past it is the row as it was then.
 */
function placeOf({ asOf, values }: Scope, noun: StoredNoun, keys: readonly Key[], cursor: string): string {
  const id = `${values.add(idOfCursor(cursor))}::uuid`;
  const columns = [...new Set(keys.map(key => `"${key.column}"`))].join(', ');
  if (asOf !== null) return `(select ${columns} from ${tableSql(noun, asOf, values)} p where id = ${id})`;
  const from = (table: string) =>
    `select ${columns}, observed_at as known_at from ${table} where id = ${id} and not deleted`;
  const versions = `${from(noun.table)} union all ${from(`${noun.table}_history`)}`;
  return `(select * from (${versions}) v order by known_at desc limit 1)`;
}
