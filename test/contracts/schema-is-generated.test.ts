import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { buildSchema, type GraphQLSchema, isEnumType, isObjectType } from 'graphql';
import { type Catalog, makeCatalog } from '../../src/catalog/catalog.ts';
import { contracts } from '../../src/cli/contracts.ts';
import { findAdapters } from '../../src/ingest/find-adapters.ts';
import { readMigrations } from '../../src/store/migrations.ts';
import { newMigration } from '../../src/store/new-migration.ts';
import { project } from '../support/source-imports.ts';

const folder = path.join(project, 'schema');
const readSchema = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const chinese = /\p{Script=Han}/u;

let generated: Record<string, string>;
let catalog: Catalog;
let schema: GraphQLSchema;
beforeAll(async () => {
  generated = await contracts();
  catalog = makeCatalog(await findAdapters());
  schema = buildSchema(generated['hub.graphql']!);
});

/** The first difference, so that a failure is readable although the files are long. */
function firstDifference(committed: string, fresh: string) {
  const [before, after] = [committed.split('\n'), fresh.split('\n')];
  const line = after.findIndex((text, i) => text !== before[i]);
  return { line: line + 1, committed: before[line], fresh: after[line] };
}

test('the files in schema/ equal what the code generates', () => {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name !== 'README.md')
    .map(entry => entry.name);
  expect(files.sort()).toEqual(Object.keys(generated).sort());
  for (const [name, fresh] of Object.entries(generated)) {
    const committed = readSchema(name);
    if (committed === fresh) continue;
    const { line, committed: was, fresh: is } = firstDifference(committed, fresh);
    throw new Error(
      `schema/${name} differs from the code at line ${line}; run \`npm run schema\` and review the change.\n- ${was}\n+ ${is}`,
    );
  }
});

test('the migrations lead to the tables that the code declares, and every decision in them is made', async () => {
  const missing = await newMigration(catalog);
  if (missing) {
    const advice = 'run `npm run schema`, read the migration that it writes, and commit it';
    throw new Error(`schema/migrations lacks ${missing.file}: ${advice}\n${missing.text}`);
  }
  expect(readMigrations()[0]!.name).toBe('0001-tables.sql');
});

test('a second derivation in the same process gives the same schema', async () => {
  expect(await contracts()).toEqual(generated);
});

test('every type, field, relation and code that derives from a declaration is described in Chinese too', () => {
  const silent: string[] = [];
  const look = (place: string, description: string | null | undefined) => {
    if (!chinese.test(description ?? '')) silent.push(place);
  };
  for (const noun of catalog.nouns.values()) {
    const type = schema.getType(noun.name);
    if (!isObjectType(type)) throw new Error(`${noun.name} is no type of hub.graphql`);
    look(noun.name, type.description);
    const fields = type.getFields();
    for (const name of [...noun.columns.keys(), ...noun.relations.keys()]) {
      // A kind that is only asked for live has no connection, so some relations are not fields.
      if (fields[name]) look(`${noun.name}.${name}`, fields[name].description);
    }
    for (const { field } of noun.columns.values()) {
      if (!field.table) continue;
      const codes = schema.getType(field.table.name);
      if (!isEnumType(codes)) throw new Error(`${field.table.name} is no enum of hub.graphql`);
      look(codes.name, codes.description);
      for (const value of codes.getValues()) look(`${codes.name}.${value.name}`, value.description);
    }
    if (!noun.table) continue;
    look(`Query.${noun.kind.plural}`, schema.getQueryType()!.getFields()[noun.kind.plural]?.description);
  }
  expect(silent).toEqual([]);
});

test('every declared field is a field of its type, and personal and internal ones say so', () => {
  const wrong: string[] = [];
  for (const noun of catalog.nouns.values()) {
    const type = schema.getType(noun.name);
    const fields = isObjectType(type) ? type.getFields() : {};
    for (const [name, { field }] of noun.columns) {
      const marks = /\[(personal|internal)\]$/.exec(fields[name]?.description ?? '')?.[1] ?? 'public';
      if (!fields[name] || marks !== field.sensitivity)
        wrong.push(`${noun.name}.${name} should be ${field.sensitivity}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('identifiers of people are personal, wherever they are declared', () => {
  const exposed = [...catalog.nouns.values()].flatMap(noun =>
    [...noun.columns]
      .filter(([, { field }]) => field.format?.name === 'resident id' && field.sensitivity !== 'personal')
      .map(([name]) => `${noun.name}.${name}`),
  );
  expect(exposed).toEqual([]);
});

test('everything that a policy may mask is nullable', () => {
  const demanded = [...catalog.nouns.values()].flatMap(noun => {
    const type = schema.getType(noun.name);
    if (!isObjectType(type)) return [];
    return [...noun.columns]
      .filter(
        ([name, { field }]) => field.sensitivity !== 'public' && String(type.getFields()[name]?.type).endsWith('!'),
      )
      .map(([name]) => `${noun.name}.${name}`);
  });
  expect(demanded).toEqual([]);
});
