/**
 * PostgreSQL refuses an index entry of more than 2,704 bytes, and with it the whole page. So every text that agencies
 * send and that stands in a btree index has a limit in bytes, and the limits of an index fit into an entry together.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Adapter } from '../../adapters/kit/contract.ts';
import { longestKey } from '../../adapters/kit/record.ts';
import { type Catalog, makeCatalog } from '../../src/catalog/catalog.ts';
import { isKeyField } from '../../src/ingest/check.ts';
import { findAdapters } from '../../src/ingest/find-adapters.ts';
import { Database } from '../../src/store/database.ts';
import { createTables } from '../support/create-tables.ts';
import { clonedDatabase, type TestDatabase } from '../support/database.ts';

const entryBytes = 2_704;
/** Of an entry's header, and of each of its values. */
const [headBytes, valueBytes] = [16, 8];

/** Texts of the hub's own tables that stand in an index: who bounds them, in bytes. */
const own: Readonly<Record<string, number>> = {
  // Declared by adapters and by the hub, whose code is reviewed.
  ...{ 'hub_seen.agency': 60, 'hub_held_removal.agency': 60, 'hub_cursor.agency': 60, 'hub_health.agency': 60 },
  ...{ 'hub_parked.agency': 60, 'hub_seen.kind': 60, 'hub_held_removal.kind': 60 },
  // By demandPage.
  ...{ 'hub_seen.set_name': longestKey.bytes, 'hub_held_removal.set_name': longestKey.bytes },
  // Digests and words of the hub.
  ...{ 'hub_parked.raw_digest': 64, 'hub_migration.digest': 64, 'hub_setting.name': 60 },
  ...{ 'hub_case_rollup.lead_agency_code': 60, 'hub_case_rollup.state': 60, 'hub_case_rollup.result': 60 },
  'hub_case.lead_agency_code': 60,
  // From tokens and commands, whose size is limited; no agency sends them.
  ...{ 'hub_ended_session.about': 60, 'hub_ended_session.name': 1_000, 'hub_reader_day.reader': 1_000 },
  ...{ 'hub_reader_person.reader': 1_000, 'hub_sealing_order.number': 1_000, 'hub_sealing_order.subject': 1_000 },
};

let made: TestDatabase;
let database: Database;
let catalog: Catalog;
beforeAll(async () => {
  const adapters: Adapter[] = await findAdapters();
  catalog = makeCatalog(adapters);
  made = await clonedDatabase('indexed_text', url => createTables(url, catalog));
  database = new Database(made.url, { connections: 1, onError: () => {} });
});
afterAll(async () => {
  await database?.close();
  await made?.drop();
});

function limitOf(table: string, column: string): number | null {
  const noun = catalog.all().find(known => known.table === table);
  const field = [...(noun?.columns.values() ?? [])].find(known => known.column === column);
  if (!noun || !field) return own[`${table}.${column}`] ?? null;
  if (field.field.scalar === 'code') return 60;
  // A case's own fields are taken from its parts; its key is a key of theirs.
  return isKeyField(noun.kind, field.name) ? longestKey.bytes : (own[`${table}.${column}`] ?? null);
}

test('every text in an index has a limit, and the limits fit into an entry', async () => {
  const rows = await database.read(
    `select i.relname, t.relname, array_to_string(array_agg(a.attname || ':' || format_type(a.atttypid, null) order by a.attname), ',')
     from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_am m on m.oid = i.relam
       join pg_attribute a on a.attrelid = t.oid and a.attnum = any(x.indkey)
     where m.amname = 'btree' and t.relnamespace = 'public'::regnamespace group by 1, 2`,
    [],
  );
  expect(rows.length).toBeGreaterThan(50);
  const unbounded: string[] = [];
  const tooLong: string[] = [];
  for (const [index, table, columns] of rows) {
    let bytes = headBytes;
    for (const [column, type] of columns!.split(',').map(part => part.split(':') as [string, string])) {
      const limit = type === 'text' ? limitOf(table!, column) : 16;
      if (limit === null) unbounded.push(`${table}.${column}`);
      bytes += (limit ?? 0) + valueBytes;
    }
    if (bytes > entryBytes) tooLong.push(`${index}: ${bytes}`);
  }
  expect({ unbounded, tooLong }).toEqual({ unbounded: [], tooLong: [] });
});

test('a key has no more fields than an entry holds', () => {
  expect(longestKey.bytes * longestKey.fields + headBytes + longestKey.fields * valueBytes).toBeLessThan(entryBytes);
});
