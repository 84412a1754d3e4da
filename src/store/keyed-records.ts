/** The records of a catalog whose ids derive from the identity key, as `identity-key.ts` asks for them. */
import type { Catalog } from '../catalog/catalog.ts';
import { Identity } from './identity.ts';
import type { KeyedRecords } from './identity-key.ts';

/** The town's own records are reference data that can be stated again; every other one was seen by readers under its id. */
export function keyedRecords(catalog: Catalog): KeyedRecords {
  const tables = catalog.all().filter(({ origin }) => origin !== 'town');
  const any = tables.map(({ table }) => `exists (select from "${table}")`).join(' or ');
  const person = catalog.stored('Person');
  return {
    exist: async client => (await client.query(`select ${any || 'false'} as found`)).rows[0].found,
    deriveFrom: async (client, key) => {
      const { rows } = await client.query(`select id, resident_id from "${person.table}" limit 1`);
      return !rows[0] || new Identity(key).ofNoun(person, rows[0].resident_id) === rows[0].id;
    },
  };
}
