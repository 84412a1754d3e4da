/** The generated contracts, by file name: what clients may ask, what adapters must emit, what the database holds. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { accessMatrix } from '../access/matrix.ts';
import { makeStoredOperations } from '../api/admission/stored-operations.ts';
import { classesOf, type SchemaClasses } from '../api/schema/field-classes.ts';
import { makeSchema, printHub } from '../api/schema/schema.ts';
import { type Catalog, makeCatalog, type Noun } from '../catalog/catalog.ts';
import { errorCodes } from '../domain/error-codes.ts';
import { findAdapters } from '../ingest/find-adapters.ts';
import { tablesSql } from '../store/tables-sql.ts';
import { settingsReference } from './settings-reference.ts';

export async function contracts(): Promise<Record<string, string>> {
  const adapters = await findAdapters();
  const catalog = makeCatalog(adapters);
  const schema = makeSchema(catalog, adapters);
  return {
    'hub.graphql': printHub(schema),
    'records.json': `${JSON.stringify(recordContracts(catalog), null, 2)}\n`,
    'tables.sql': await tablesSql(catalog),
    'access.md': accessMatrix(catalog, classified(schema, catalog)),
    'operations.json': `${JSON.stringify(makeStoredOperations(schema, documents('operations')), null, 2)}\n`,
    'queries.json': `${JSON.stringify(makeStoredOperations(schema, documents('queries')), null, 2)}\n`,
    'errors.json': `${JSON.stringify(errorCodes, null, 2)}\n`,
    'settings.md': settingsReference(adapters),
  };
}

/** Throws where a field of the graph is neither declared with a record nor classified by hand. */
function classified(schema: ReturnType<typeof makeSchema>, catalog: Catalog): SchemaClasses {
  const classes = classesOf(schema, catalog);
  const { missing, gone } = classes;
  if (missing.length)
    throw new Error(`src/api/schema/field-classes.ts should say what may be seen of ${missing.join(', ')}`);
  if (gone.length)
    throw new Error(`src/api/schema/field-classes.ts names what is not there any more: ${gone.join(', ')}`);
  return classes;
}

/** Documents by file name: those of the hall's front-ends, or the ready-made queries of analysts. */
function documents(kind: 'operations' | 'queries'): Record<string, string> {
  const folder = path.resolve(import.meta.dirname, '../../schema', kind);
  const names = readdirSync(folder).filter(name => name.endsWith('.graphql'));
  return Object.fromEntries(names.sort().map(name => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

function recordContracts(catalog: Catalog): Record<string, unknown> {
  return Object.fromEntries([...catalog.nouns.values()].map(noun => [noun.name, recordContract(noun)]));
}

function recordContract({ kind, origin, agencies }: Noun) {
  const fields = Object.entries(kind.fields).map(
    ([name, { check, optional, title, sensitivity, why, mask, reveals, hiddenBeside, unit, format, table }]) => {
      const { $schema: _, ...shape } = z.toJSONSchema(check, { unrepresentable: 'any' });
      const facts = {
        ...title,
        optional,
        sensitivity,
        ...(sensitivity === 'personal' && { mask }),
        ...(why && { why }),
        ...(reveals && { reveals }),
        ...(hiddenBeside && { hiddenBeside }),
        ...(unit && { unit }),
      };
      return [
        name,
        { ...facts, ...(format && { format: format.name }), ...(table && { codes: table.values }), value: shape },
      ];
    },
  );
  return {
    ...kind.title,
    origin,
    statedBy: agencies,
    live: kind.live,
    key: kind.key,
    about: kind.about,
    ...(kind.timeReveals.length && { timeReveals: kind.timeReveals }),
    fields: Object.fromEntries(fields),
  };
}
