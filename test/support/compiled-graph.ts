/** The hub's graph without its admission control: operations are compiled and answered for any principal. */
import { type DocumentNode, type ExecutionResult, type GraphQLSchema, parse } from 'graphql';
import type { Adapter } from '../../adapters/kit/contract.ts';
import type { Principal } from '../../src/access/principal.ts';
import type { SharingGrant } from '../../src/access/sharing.ts';
import { CompiledAnswers } from '../../src/api/queries/compiled-answers.ts';
import { Context, type Hub } from '../../src/api/request/context.ts';
import { makeSchema } from '../../src/api/schema/schema.ts';
import type { UnmaskGrant } from '../../src/domain/unmask-grant.ts';
import { makeLog } from '../../src/hub/open-store.ts';
import type { Lookup } from '../../src/ingest/lookup.ts';
import { Batches } from '../../src/query/batches.ts';
import { ReadPlaces, unboundedPlaces } from '../../src/query/read-places.ts';
import type { Store } from '../../src/store/apply.ts';

export interface CompiledGraph {
  readonly schema: GraphQLSchema;
  /** The same document may find its cached plan when it comes again. */
  answers(
    principal: Principal,
    document: DocumentNode,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<ExecutionResult>;
  ask(principal: Principal, query: string, variables?: Readonly<Record<string, unknown>>): Promise<ExecutionResult>;
  contextOf(principal: Principal): Context;
  close(): Promise<void>;
}

export interface CompiledGraphParts {
  readonly adapters: readonly Adapter[];
  readonly grants?: () => readonly SharingGrant[];
  readonly lookup?: Lookup;
  /** The records that a reader asked to see whole. */
  readonly unmasked?: (principal: Principal) => readonly UnmaskGrant[];
}

export function openCompiledGraph(
  store: Store,
  { adapters, grants, lookup, unmasked }: CompiledGraphParts,
): CompiledGraph {
  const { catalog, database, identity } = store;
  const snapshots = database.snapshots({
    connections: 4,
    statementTimeoutMs: 30_000,
    bytes: 100_000_000,
    prepared: 50,
  });
  const hub = {
    catalog,
    identity,
    read: database.read,
    batches: new Batches(snapshots, { plans: 64, rows: 1_000_000 }, new ReadPlaces(unboundedPlaces)),
    lookup: lookup ?? (async (_kind, keys) => keys.map(() => [])),
    freshness: async () => new Map(),
    town: 'town',
    // Random queries test by any value they meet; the bound has tests of its own.
    budgetFactor: 1,
    testedPersons: 1_000_000,
    grants: grants ?? (() => []),
    unmasking: { of: unmasked ?? (() => []), grant: async () => 'at once' },
    audit: { refusals: { note: () => {} } } as Partial<Hub['audit']> as Hub['audit'],
  } as Partial<Hub> as Hub;
  const schema = makeSchema(catalog, adapters);
  const answers = new CompiledAnswers(schema, makeLog('silent'));
  const contextOf = (principal: Principal) => new Context(hub, principal);
  const answer: CompiledGraph['answers'] = (principal, document, variableValues) =>
    answers.execute({ schema, document, variableValues, contextValue: contextOf(principal) });
  return {
    schema,
    contextOf,
    answers: answer,
    ask: (principal, query, variables = {}) => answer(principal, parse(query), variables),
    close: () => snapshots.close(),
  };
}
