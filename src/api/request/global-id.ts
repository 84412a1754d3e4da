/** Reads the ids that clients hold: `Person:<uuid>`. */
import { type Catalog, isStored, type StoredNoun } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';

export function readGlobalId(catalog: Catalog, id: string): { noun: StoredNoun; key: string } {
  const [, name, key] = /^(\w+):([0-9a-f-]{36})$/.exec(id) ?? [];
  const noun = name && catalog.nouns.get(name);
  if (!noun || !key || !isStored(noun)) throw new HubError('BAD_USER_INPUT', 'The id was not made by this hub');
  return { noun, key };
}
