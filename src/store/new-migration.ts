/**
 * Writes the next migration: the difference between the declarations and MikroORM's snapshot, which is what all
 * migrations so far lead to. Needs no database. What could lose data is a line `-- decide:`, which a person has to
 * follow or delete before a process starts: a dropped column may be a renamed one.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Migrator } from '@mikro-orm/migrations';
import {
  DatabaseSchema,
  SchemaComparator,
  type SchemaDifference,
  type SchemaGenerator,
  type TableDifference,
} from '@mikro-orm/postgresql';
import type { Catalog } from '../catalog/catalog.ts';
import { migrationName } from './migration-file.ts';
import { migrationsFolder } from './migrations.ts';
import { splitSql } from './split-sql.ts';
import { claimViews, viewSql } from './tables.ts';
import { openOrm } from './tables-sql.ts';

export interface NewMigration {
  readonly file: string;
  readonly text: string;
}

/** The next migration; null when the migrations fit the declarations. Writes it and the snapshot when `write` is set. */
export async function newMigration(
  catalog: Catalog,
  { folder = migrationsFolder, name = '', write = false } = {},
): Promise<NewMigration | null> {
  const migrations = { path: folder, pathTs: folder, snapshotName: 'snapshot' };
  const orm = await openOrm(catalog, { extensions: [SchemaSnapshot], migrations });
  try {
    const snapshot = new SchemaSnapshot(orm.em);
    const declared = orm.schema.getTargetSchema();
    for (const { name, definition } of claimViews(catalog)) declared.addView(name, undefined, definition);
    const platform = orm.em.getPlatform();
    const before = (await snapshot.read()) ?? new DatabaseSchema(platform, declared.name);
    const difference = withoutRenames(new SchemaComparator(platform).compare(before, declared));
    const text = textOf(difference, orm.schema);
    if (!text) return null;
    const migration = { file: `${nextNumber(folder)}-${shortName(name || tablesOf(difference))}.sql`, text };
    if (write) {
      writeFileSync(path.join(folder, migration.file), text);
      await snapshot.write(declared);
    }
    return migration;
  } finally {
    await orm.close(true);
  }
}

/** The tables that all migrations so far lead to, as MikroORM's migrator keeps them. */
class SchemaSnapshot extends Migrator {
  read(): Promise<DatabaseSchema | undefined> {
    return this.getSchemaFromSnapshot();
  }
  write(schema: DatabaseSchema): Promise<void> {
    return this.storeCurrentSchema(schema);
  }
}

function nextNumber(folder: string): string {
  const numbers = readdirSync(folder).map(file => Number(migrationName.exec(file)?.[1] ?? 0));
  return String(Math.max(0, ...numbers) + 1).padStart(4, '0');
}

const tablesOf = ({ newTables, changedTables }: SchemaDifference) =>
  [...Object.values(newTables), ...Object.values(changedTables)]
    .map(({ name }) => name)
    .filter(table => !table.endsWith('_history'))
    .join('-');

const shortName = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60) || 'tables';

/** The migration as it is written; null when nothing differs. The views come last, because they read the tables. */
function textOf(difference: SchemaDifference, generator: SchemaGenerator): string | null {
  const { newViews, changedViews, removedViews } = difference;
  const views = [...Object.values(newViews), ...Object.values(changedViews).map(({ to }) => to)];
  const withoutViews = { ...difference, newViews: {}, changedViews: {}, removedViews: {} };
  const tables = generator.diffToSQL(withoutViews, { wrap: false, safe: true, dropTables: false }).trim();
  const parts = [tables, ...views.map(view => `${viewSql(view)};`)].filter(Boolean);
  const decisions = [...decisionsOf(difference), ...Object.keys(removedViews).map(viewDecision)];
  if (!parts.length && !decisions.length) return null;
  return `${headOf(parts.join('\n'), decisions)}\n${parts.join('\n\n')}\n`;
}

const viewDecision = (view: string) =>
  `nothing states "${view}" any more. It stays unless you write: drop view "${view}";`;

/** MikroORM takes a new column for the old one when only one could be meant; here it stays two columns. */
function withoutRenames(difference: SchemaDifference): SchemaDifference {
  for (const table of Object.values(difference.changedTables)) {
    for (const [old, column] of Object.entries(table.renamedColumns)) {
      table.removedColumns[old] = table.fromTable.getColumn(old)!;
      table.addedColumns[column.name] = column;
    }
    for (const [old, index] of Object.entries(table.renamedIndexes)) {
      table.removedIndexes[old] = table.fromTable.getIndex(old)!;
      table.addedIndexes[index.keyName] = index;
    }
    Object.assign(table, { renamedColumns: {}, renamedIndexes: {} });
  }
  return difference;
}

/** What a person has to decide, as sentences that end with the statements to choose from. */
function decisionsOf(difference: SchemaDifference): string[] {
  const tables = Object.keys(difference.removedTables).map(
    table =>
      `the table "${table}" is not declared any more. Its rows stay unless you write: drop table "${table}"; ` +
      `where a new table below is the old one, write instead of its create: alter table "${table}" rename to ...;`,
  );
  return [...tables, ...Object.values(difference.changedTables).flatMap(columnDecisions)];
}

function columnDecisions({ name, removedColumns, addedColumns, changedColumns }: TableDifference): string[] {
  const renames = (old: string) =>
    Object.keys(addedColumns).map(
      added =>
        ` where "${added}" is the old one, write instead of its add: alter table "${name}" rename column "${old}" to "${added}";`,
    );
  const gone = Object.entries(removedColumns).map(
    ([old, { nullable }]) =>
      `"${name}"."${old}" is not declared any more. Its values stay unless you write: alter table "${name}" drop column "${old}";` +
      (nullable ? '' : ` to keep it, write: alter table "${name}" alter column "${old}" drop not null;`) +
      renames(old).join(''),
  );
  const changed = Object.values(changedColumns)
    .filter(({ changedProperties }) => [...changedProperties].some(property => property !== 'comment'))
    .map(({ column }) => `"${name}"."${column.name}" changes below: does every value fit, and is none cut?`);
  return [...gone, ...changed];
}

/** Statements over which processes that do not know them can go on; a column that demands a value is none. */
const additions = /^(create table|create index|create or replace view|drop index|comment on|alter table \S+ add ")/i;
const demands = /^alter table[^;]*\bnot null(?! default)/i;

function headOf(sql: string, decisions: readonly string[]): string {
  const { statements } = splitSql(sql);
  const additive = !decisions.length && statements.every(({ text }) => additions.test(text) && !demands.test(text));
  return [`-- additive: ${additive ? 'yes' : 'no'}`, ...decisions.map(text => `-- decide: ${text}`), ''].join('\n');
}
