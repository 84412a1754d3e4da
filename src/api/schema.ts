/** The executable schema: derived types and hand-written resolvers in one. */
import {
  type GraphQLFieldConfig,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { buildSchemaSync, getMetadataStorage, type PubSub } from 'type-graphql';
import type { Adapter } from '../../adapters/kit/contract.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { RecordRow } from '../query/record-row.ts';
import { auditResolvers } from './audit-resolvers.ts';
import { deriveTypes, type Facts } from './derive-types.ts';
import { hubResolvers } from './hub-resolvers.ts';
import { sessionResolvers } from './session-resolvers.ts';
import { unmaskResolvers } from './unmask-resolvers.ts';

const noPubSub: PubSub = {
  publish() {
    throw new Error('The feed publishes, not TypeGraphQL');
  },
  subscribe() {
    throw new Error('Every subscription brings its own iterator');
  },
};

/** TypeGraphQL keeps what decorators declare in one place per process; what is derived must not stay there. */
const place = globalThis as { TypeGraphQLMetadataStorage?: unknown };

export function makeSchema(catalog: Catalog, adapters: readonly Adapter[]): GraphQLSchema {
  const before = getMetadataStorage();
  place.TypeGraphQLMetadataStorage = before.clone();
  try {
    const types = deriveTypes(catalog);
    const resolvers = [
      ...types.resolvers,
      ...hubResolvers(types, catalog, adapters),
      ...sessionResolvers(),
      ...auditResolvers(catalog),
      ...unmaskResolvers(catalog),
    ];
    const schema = buildSchemaSync({ resolvers: resolvers as never, pubSub: noPubSub, validate: false });
    return attachResolvers(schema, types.facts);
  } finally {
    place.TypeGraphQLMetadataStorage = before;
  }
}

export const printHub = (schema: GraphQLSchema): string => `${printSchema(lexicographicSortSchema(schema))}\n`;

/** Derived fields are read by plain functions, without TypeGraphQL's wrapping; `resolveType` must not be async. */
function attachResolvers(schema: GraphQLSchema, facts: ReadonlyMap<string, Facts>): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isInterfaceType(type)) type.resolveType = (row: RecordRow) => row.$noun.name;
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const known = facts.get(`${type.name}.${field.name}`);
      if (!known) continue;
      field.resolve = known.resolve as GraphQLFieldConfig<unknown, unknown>['resolve'];
      Object.assign(field.extensions, { sensitivity: known.sensitivity, live: known.live });
    }
  }
  return schema;
}
