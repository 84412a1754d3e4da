/** Items that could not be stored: kept as they came, shown, and replayed once the adapter can read them. */
import { hash } from 'node:crypto';
import type pg from 'pg';
import type { Work } from './apply.ts';
import type { Database } from './database.ts';
import type { ValidRecord } from './rows.ts';

export interface ParkedItem {
  readonly raw: Uint8Array;
  /** As the adapter read it; null when it could not be read at all. */
  readonly native: unknown;
  readonly kind: string | null;
  readonly sourceId: string | null;
  /** Of the statement that failed; null where it could not be read. */
  readonly version: string | null;
  readonly field: string;
  readonly reason: string;
  readonly adapterVersion: string;
}
export interface StoredParked extends ParkedItem {
  readonly id: number;
  readonly agency: string;
  readonly state: 'OPEN' | 'REPLAYED' | 'SUPERSEDED';
  readonly parkedAt: string;
}

/**
 * Returns how many were not parked before; an item that comes again is not parked twice. They are numbered in order of
 * arrival.
 */
export async function parkItems({ client, agency }: Work, items: readonly ParkedItem[]): Promise<number> {
  let parked = 0;
  for (let from = 0; from < items.length; ) {
    let bytes = 0;
    const start = from;
    while (from < items.length && (from === start || bytes < statementBytes)) bytes += items[from++]!.raw.length;
    parked += await parkSome(client, agency, items.slice(start, from));
  }
  return parked;
}

/** The bytes of items that one statement brings; a text in JavaScript has at most 500 MB. */
const statementBytes = 10_000_000;

async function parkSome(client: pg.PoolClient, agency: string, items: readonly ParkedItem[]): Promise<number> {
  const rows = items.map((item, place) => ({
    place,
    raw_digest: hash('sha256', item.raw, 'hex'),
    raw: `\\x${Buffer.from(item.raw).toString('hex')}`,
    native: storableJson(item.native),
    kind: item.kind,
    source_id: item.sourceId,
    version: item.version,
    field: item.field,
    reason: item.reason,
    adapter_version: item.adapterVersion,
  }));
  const { rowCount } = await client.query(
    `insert into hub_parked (agency, raw_digest, raw, native, kind, source_id, version, field, reason, adapter_version, state, parked_at)
     select $1, raw_digest, raw, native::jsonb, kind, source_id, version, field, reason, adapter_version, 'OPEN', now()
     from json_to_recordset($2::json) as r(place integer, raw_digest text, raw bytea, native text, kind text,
       source_id text, version text, field text, reason text, adapter_version text)
     order by place on conflict (agency, raw_digest) do nothing`,
    [agency, JSON.stringify(rows)],
  );
  return rowCount ?? 0;
}

/** Null for what JSON cannot express: a circle, a bigint, nesting without end. */
export function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}

/**
 * PostgreSQL's JSON has neither NUL nor half of a surrogate pair, and is not nested as deep as that of a source. Such
 * JSON is kept as a text in JSON, so that a replay reads exactly what came.
 */
function storableJson(native: unknown): string | null {
  const json = jsonOf(native);
  if (json === null || json === 'null') return null;
  return unstorable.test(json) || isDeep(json) ? JSON.stringify({ [asText]: json }) : json;
}
const unstorable = /\\u(0000|d[89a-f])/;
const asText = 'json as text';
function isDeep(json: string): boolean {
  let depth = 0;
  for (const [bracket] of json.matchAll(/[[{}\]]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > 100) return true;
  }
  return false;
}
function nativeOf(stored: unknown): unknown {
  const text = (Object(stored) as Record<string, unknown>)[asText];
  return typeof text === 'string' ? JSON.parse(text) : stored;
}
const readNative = (rows: StoredParked[]) => rows.map(row => ({ ...row, native: nativeOf(row.native) }));

type Named = Pick<ParkedItem, 'kind' | 'sourceId'>;

/** Which records the agency's open items belong to, as far as that is known. */
export async function openParked({ client, agency }: Work): Promise<Named[]> {
  const { rows } = await client.query<Named>({
    name: 'open parked',
    text: `select distinct kind, source_id as "sourceId" from hub_parked where agency = $1 and state = 'OPEN' and source_id is not null`,
    values: [agency],
  });
  return rows;
}

/** A valid record resolves the parked items of the same record that have its version or an older one. */
export async function supersedeParked(
  { client, agency }: Work,
  parked: readonly Named[],
  records: readonly ValidRecord[],
): Promise<void> {
  if (!parked.length) return;
  const open = new Set(parked.map(({ kind, sourceId }) => `${kind} ${sourceId}`));
  const settled = records.filter(r => open.has(`${r.statement.kind} ${r.statement.sourceId}`));
  if (!settled.length) return;
  await client.query(
    `update hub_parked p set state = 'SUPERSEDED', settled_at = now() from unnest($2::text[], $3::text[], $4::text[]) as r(kind, source_id, version)
     where p.agency = $1 and p.state = 'OPEN' and p.kind = r.kind and p.source_id = r.source_id
       and p.version collate "C" <= r.version collate "C"`,
    [
      agency,
      settled.map(r => r.statement.kind),
      settled.map(r => r.statement.sourceId),
      settled.map(r => r.statement.version),
    ],
  );
}

const columns = `id::int, agency, raw, native, kind, source_id as "sourceId", version, field, reason, adapter_version as "adapterVersion", state,
  to_char(parked_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "parkedAt"`;

export async function listParked(database: Database, agency: string | null, limit: number): Promise<StoredParked[]> {
  const text = `select ${columns} from hub_parked where state = 'OPEN' and ($1::text is null or agency = $1) order by agency, id limit $2`;
  return readNative((await database.pool.query(text, [agency, limit])).rows);
}

export async function findParked(database: Database, id: number): Promise<StoredParked | null> {
  const { rows } = await database.pool.query(`select ${columns} from hub_parked where id = $1`, [id]);
  return readNative(rows)[0] ?? null;
}

export async function countParked(database: Database): Promise<Map<string, number>> {
  const { rows } = await database.pool.query(
    `select agency, count(*)::int as n from hub_parked where state = 'OPEN' group by agency`,
  );
  return new Map(rows.map(row => [row.agency, row.n]));
}

export async function settleParked({ client }: Work, ids: readonly number[]): Promise<void> {
  await client.query(`update hub_parked set state = 'REPLAYED', settled_at = now() where id = any($1::bigint[])`, [
    ids,
  ]);
}
