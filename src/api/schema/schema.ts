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
import type { Adapter } from '../../../adapters/kit/contract.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { takeAnswer } from '../queries/answer-query.ts';
import { auditEntryResolvers } from './audit-entries.ts';
import { auditResolvers } from './audit-resolvers.ts';
import { deriveTypes, type Facts } from './derive-types.ts';
import { exportResolvers } from './export-resolvers.ts';
import { handFacts, hubResolvers } from './hub-resolvers.ts';
import { noteRoots } from './noted-roots.ts';
import { sealingResolvers } from './sealing-resolvers.ts';
import { sessionResolvers } from './session-resolvers.ts';
import { subscriptionResolvers } from './subscription-resolvers.ts';
import { unmaskResolvers } from './unmask-resolvers.ts';
import { viewerResolvers } from './viewer-resolvers.ts';

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
      ...subscriptionResolvers(types, catalog),
      ...sessionResolvers(),
      ...sealingResolvers(),
      ...exportResolvers(),
      ...auditResolvers(catalog),
      ...auditEntryResolvers(),
      ...unmaskResolvers(catalog),
      ...viewerResolvers(catalog),
    ];
    const schema = buildSchemaSync({ resolvers: resolvers as never, pubSub: noPubSub, validate: false });
    return noteRoots(attachResolvers(schema, new Map([...types.facts, ...handFacts])));
  } finally {
    place.TypeGraphQLMetadataStorage = before;
  }
}

export const printHub = (schema: GraphQLSchema): string => `${printSchema(lexicographicSortSchema(schema))}\n`;

/**
 * Attaches resolvers to compiled fields: where hand-written resolvers lead to them, their answer has already been read.
 * They are plain functions, without TypeGraphQL's wrapping; `resolveType` must not be async.
 */
function attachResolvers(schema: GraphQLSchema, facts: ReadonlyMap<string, Facts>): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isInterfaceType(type)) type.resolveType = (record: { readonly $type: string }) => record.$type;
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const known = facts.get(`${type.name}.${field.name}`) ?? plainFacts(type.name, field.name);
      if (!known) continue;
      if (known.read.kind !== 'elsewhere')
        field.resolve = takeAnswer as GraphQLFieldConfig<unknown, unknown>['resolve'];
      Object.assign(field.extensions, known);
    }
  }
  return schema;
}

/** Plain objects inside compiled answers: their fields are members of the same names. */
const plainTypes = new Set(['PageInfo', 'RecordSource', 'Spelling', 'Claim', 'Conflict']);
const plainFacts = (type: string, name: string): Facts | null =>
  plainTypes.has(type) ? { read: { kind: 'member', name } } : null;
