/** The generated contracts, by file name: what clients may ask, what adapters must emit, what the database holds. */
import { z } from 'zod';
import { makeSchema, printHub } from '../api/schema.ts';
import { type Catalog, makeCatalog, type Noun } from '../catalog/catalog.ts';
import { errorCodes } from '../domain/error-codes.ts';
import { findAdapters } from '../ingest/find-adapters.ts';
import { tablesSql } from '../store/migrate.ts';

export async function contracts(): Promise<Record<string, string>> {
  const adapters = await findAdapters();
  const catalog = makeCatalog(adapters);
  return {
    'hub.graphql': printHub(makeSchema(catalog, adapters)),
    'records.json': `${JSON.stringify(recordContracts(catalog), null, 2)}\n`,
    'tables.sql': await tablesSql(catalog),
    'errors.json': `${JSON.stringify(errorCodes, null, 2)}\n`,
  };
}

function recordContracts(catalog: Catalog): Record<string, unknown> {
  return Object.fromEntries([...catalog.nouns.values()].map(noun => [noun.name, recordContract(noun)]));
}

function recordContract({ kind, origin, agencies }: Noun) {
  const fields = Object.entries(kind.fields).map(
    ([name, { check, optional, title, sensitivity, mask, unit, format, table }]) => {
      const { $schema: _, ...shape } = z.toJSONSchema(check, { unrepresentable: 'any' });
      const facts = {
        ...title,
        optional,
        sensitivity,
        ...(sensitivity === 'personal' && { mask }),
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
    fields: Object.fromEntries(fields),
  };
}
