/** MikroORM's entities for the hub's tables: a property for each field, and the ids of what a row is about. */
import { type Catalog, isStated, type StoredNoun } from '../../../src/catalog/catalog.ts';

const types = {
  text: 'text',
  code: 'text',
  integer: 'integer',
  decimal: 'decimal',
  date: 'date',
  instant: 'datetime',
  flag: 'boolean',
  geometry: 'json',
} as const;

/** The property that holds the id of a link's target. */
export const idOf = (role: string) => `${role}Ref`;

export const bookEntities = (catalog: Catalog) => catalog.all().map(entityOf);

function entityOf(noun: StoredNoun) {
  const property = (type: string, fieldName: string) => ({ type, fieldName, nullable: true });
  const properties: Record<string, object> = {
    id: { type: 'uuid', primary: true, fieldName: 'id' },
    observedAt: property('datetime', 'observed_at'),
    deleted: property('boolean', 'deleted'),
    ...(isStated(noun) ? { agency: property('text', 'agency'), sourceId: property('text', 'source_id') } : {}),
  };
  for (const { name, column, field } of noun.columns.values()) properties[name] = property(types[field.scalar], column);
  for (const link of noun.links) properties[idOf(link.role)] = property('uuid', link.column);
  return { name: noun.name, tableName: noun.table, properties };
}
