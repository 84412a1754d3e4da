import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  date,
  defineAdapter,
  defineRecord,
  type Fields,
  integer,
  organisation,
  text,
} from '../../../adapters/kit/index.ts';
import { makeCatalog } from '../../../src/catalog/catalog.ts';
import { MigrationError, parseMigration } from '../../../src/store/migration-file.ts';
import { newMigration } from '../../../src/store/new-migration.ts';

/** A catalog with one kind of record that has these fields beside its number and its holder. */
function catalogWith(fields: Fields, states: Record<string, string> = {}) {
  const issued = { sensitivity: 'public', why: 'It is a number.' } as const;
  const Permit = defineRecord('Permit', {
    title: { en: 'Permit', zh: '许可' },
    key: ['permitNo'],
    about: { holder: organisation('holderCode', { states }) } as never,
    fields: {
      permitNo: text({ zh: '编号', ...issued }),
      holderCode: text({ zh: '代码', sensitivity: 'personal' }),
      ...fields,
    },
  });
  const adapter = defineAdapter({
    agency: { code: 'permits', title: { en: 'Permits', zh: '许可办' }, protocol: 'none' },
    ...{ version: '1', records: [Permit], hallRecords: [], modes: [], pollEveryMs: 1000 },
    settings: z.object({}),
    connect: () => ({}),
    map: () => [],
  });
  return makeCatalog([adapter]);
}
const name = text({ zh: '名称', sensitivity: 'personal' });
const validUntil = date({ zh: '有效期至' });

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'outpost-hub-migrations-'));
  await newMigration(catalogWith({ name }), { folder, name: 'tables', write: true });
});
afterEach(() => rmSync(folder, { recursive: true }));
const next = (fields: Fields, states = {}) => newMigration(catalogWith(fields, states), { folder, write: true });
const statementsOf = (text: string) => parseMigration('0002-a.sql', text).steps.flatMap(({ statements }) => statements);

test('the first migration is everything; then there is nothing to write', async () => {
  const first = readFileSync(path.join(folder, '0001-tables.sql'), 'utf8');
  expect(first).toContain('create table "permits_permit" ');
  expect(first).toContain('create or replace view "hub_organisation_claim" as');
  expect(await next({ name })).toBeNull();
  expect(readdirSync(folder).sort()).toEqual(['0001-tables.sql', 'snapshot.json']);
});

test('a new field is an additive migration of its table and its history', async () => {
  const { file, text } = (await next({ name, validUntil }))!;
  expect(file).toBe('0002-permits-permit.sql');
  expect(readFileSync(path.join(folder, file), 'utf8')).toBe(text);
  expect(parseMigration(file, text).additive).toBe(true);
  expect(statementsOf(text)).toEqual([
    'alter table "permits_permit" add "valid_until" date null',
    `comment on column "permits_permit"."valid_until" is '有效期至'`,
    'alter table "permits_permit_history" add "valid_until" date null',
    `comment on column "permits_permit_history"."valid_until" is '有效期至'`,
  ]);
  expect(await next({ name, validUntil })).toBeNull();
});

test('a field that is renamed stays two columns until a person decides', async () => {
  const { file, text } = (await next({ title: name }))!;
  expect(text).toContain(
    '-- decide: "permits_permit"."name" is not declared any more. Its values stay unless you write:',
  );
  expect(text).toContain('alter table "permits_permit" rename column "name" to "title";');
  expect(() => parseMigration(file, text)).toThrow(MigrationError);
  const undecided = statementsOf(text.replace(/^-- decide.*\n/gm, ''));
  expect(undecided).toContain('alter table "permits_permit" add "title" text null');
  expect(undecided.filter(statement => /drop|rename/.test(statement))).toEqual([]);
  expect(await next({ title: name })).toBeNull();
});

test('a column that demands a value would stop new rows, so keeping it is a statement too', async () => {
  const file = path.join(folder, 'snapshot.json');
  const snapshot = JSON.parse(readFileSync(file, 'utf8'));
  const { columns } = snapshot.tables.find((table: { name: string }) => table.name === 'permits_permit');
  columns.old = { ...columns.digest, name: 'old' };
  writeFileSync(file, JSON.stringify(snapshot));
  const { text } = (await next({ name }))!;
  expect(text).toMatch(
    /^-- decide: "permits_permit"\."old" .* to keep it, write: .* alter column "old" drop not null;$/m,
  );
});

test('tables and views that are not declared any more stay until a person decides', async () => {
  const { text } = (await newMigration(makeCatalog([]), { folder }))!;
  expect(text).toMatch(
    /^-- decide: the table "permits_permit" is not declared any more\..* drop table "permits_permit";/m,
  );
  expect(text.replace(/^--.*\n/gm, '')).not.toMatch(/drop (table|view)/);
});

test('a column of another type is converted only after a person decides, and older processes do not go on', async () => {
  const { text } = (await next({ name: integer({ zh: '名称' }) }))!;
  expect(text).toMatch(/^-- additive: no\n-- decide: "permits_permit"\."name" changes below: does every value fit/);
  expect(statementsOf(text.replace(/^-- decide.*\n/gm, ''))[0]).toMatch(/alter column "name" type int/);
});

test('the views come last, and only those that change', async () => {
  const { text } = (await next({ name, validUntil }, { name: 'name' }))!;
  expect(statementsOf(text).at(-1)).toMatch(
    /^create or replace view "hub_organisation_claim" as\n[\s\S]*"permits_permit"/,
  );
  expect(text.match(/create or replace view/g)).toHaveLength(1);
});
