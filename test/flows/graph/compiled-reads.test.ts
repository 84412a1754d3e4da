import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ExecutionResult, execute, type GraphQLSchema, parse, validate } from 'graphql';
import type { Random } from '../../../seeds/township/model.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { type SharingGrant, SharingGrants } from '../../../src/access/sharing.ts';
import { formatClientError } from '../../../src/api/request/errors.ts';
import { makeSchema } from '../../../src/api/schema/schema.ts';
import { isStored, type Noun } from '../../../src/catalog/catalog.ts';
import { HubError } from '../../../src/domain/error-codes.ts';
import { makeLog } from '../../../src/hub/open-store.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import type { LiveRecord, Lookup } from '../../../src/ingest/lookup.ts';
import { type CompiledGraph, openCompiledGraph } from '../../support/compiled-graph.ts';
import { firstDifference } from '../../support/first-difference.ts';
import { makeOracle } from '../../support/oracle-graph.ts';
import { RandomOperations } from '../../support/random-operations.ts';
import { randomPrincipal, townAgencies } from '../../support/random-principals.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { readTown, type TownInMemory } from '../../support/town-in-memory.ts';

const operations = Number(process.env.TEST_OPERATIONS ?? 500);
const random = makeRandom(seed, 'compiled reads');
const log = makeLog('silent');

let hub: TestHub;
let town: TownInMemory;
let graph: CompiledGraph;
let oracle: GraphQLSchema;
let grants: readonly SharingGrant[];

beforeAll(async () => {
  hub = await startTestHub({ agencies: townAgencies, population: 250, reference: true });
  await hub.synchronised();
  const { store } = hub.hub;
  const sharing = new SharingGrants(store.database.read, () => {});
  await sharing.refresh();
  grants = sharing.current();
  await loseValues(random);
  town = await readTown(store);
  const lookup = inventedLookup([...store.catalog.nouns.values()]);
  const adapters = await findAdapters();
  graph = openCompiledGraph(store, { adapters, grants: () => grants, lookup });
  oracle = makeOracle(makeSchema(store.catalog, adapters), store, town, lookup);
});
afterAll(async () => {
  await graph?.close();
  await hub?.stop();
});

/** Removes some values that every row should have, because columns may be newer than a row. */
async function loseValues(random: Random): Promise<void> {
  const { catalog, database } = hub.hub.store;
  for (const noun of catalog.all()) {
    const required = [...noun.columns.values()].filter(
      ({ field, name }) => !field.optional && field.sensitivity === 'public' && !noun.kind.key.includes(name),
    );
    if (!required.length) continue;
    const { column } = random.pick(required);
    await database.pool.query(
      `update ${noun.table} set "${column}" = null where id in (select id from ${noun.table} order by id limit 2)`,
    );
  }
}

/** What agencies would answer about a key: always the same, sometimes nothing, sometimes that they are down. */
function inventedLookup(nouns: readonly Noun[]): Lookup {
  const answer = (noun: Noun, key: string): LiveRecord[] | HubError => {
    const draw = makeRandom(seed, `${noun.name} ${key}`);
    if (draw.chance(0.1)) return new HubError('AGENCY_UNAVAILABLE', 'It did not answer', { agency: 'police' });
    return Array.from({ length: draw.below(3) }, (_, i) => {
      const values = Object.fromEntries(
        [...noun.columns.values()]
          .filter(({ field }) => !field.optional || draw.chance(0.7))
          .map(({ name, field }) => [name, inventedValue(field.scalar, field.table, draw)]),
      );
      const statement = {
        kind: noun.name,
        sourceId: `${key}-${i}`,
        version: '1',
        deleted: false,
        data: values,
        asOf: '2026-01-02T03:04:05Z',
      };
      return { statement, values, spellings: [], agency: 'police' };
    });
  };
  return async (kind, keys) => keys.map(key => answer(nouns.find(({ name }) => name === kind)!, key));
}
function inventedValue(scalar: string, table: { values: object } | undefined, draw: Random): unknown {
  if (table) return draw.pick(Object.keys(table.values));
  const invented: Record<string, unknown> = {
    integer: draw.below(9),
    decimal: '1.50',
    date: '2026-01-31',
    instant: '2026-01-31T08:00:00Z',
    flag: draw.chance(0.5),
    geometry: null,
  };
  return scalar in invented
    ? invented[scalar]
    : draw.pick(['王小明', '山东省德州市禹城市房寺镇幸福村12号', '37148219000101001X', '"\\\n']);
}

const rootsOf = (schema: GraphQLSchema): string[] => {
  const { catalog } = hub.hub.store;
  const kinds = catalog.all().flatMap(({ kind, name }) => [kind.plural, name[0]!.toLowerCase() + name.slice(1)]);
  const often = ['persons', 'cases', 'organisations', 'person', 'organisation', 'case'].flatMap(name =>
    Array.from({ length: 6 }, () => name),
  );
  return [...kinds, ...often, 'node', 'search', 'search'].filter(name => name in schema.getQueryType()!.getFields());
};

/**
 * What a client receives: the data, and the place and reason of each error. An error that also nulls its surroundings
 * is reported for that null, because GraphQL leaves open which other errors of the lost part are reported with it.
 */
function told({ data, errors }: ExecutionResult) {
  const plain = data === undefined || data === null ? null : JSON.parse(JSON.stringify(data));
  const places = (errors ?? []).map(error => {
    const { extensions, path = [] } = formatClientError(error.toJSON(), error, log);
    const shown = shownPath(plain, path);
    return shown.length === path.length ? `${path.join('.')} ${extensions?.code}` : `${shown.join('.')} is lost`;
  });
  return { data: plain, errors: [...new Set(places)].sort() };
}
function shownPath(data: unknown, path: readonly (string | number)[]): readonly (string | number)[] {
  let at = data;
  for (const [i, key] of path.entries()) {
    if (at === null || at === undefined) return path.slice(0, i);
    at = (at as Record<string | number, unknown>)[key];
  }
  return path;
}

test(`compiled answers equal those of graphql-js over rows in memory, with errors and nulls (seed ${seed})`, async () => {
  const generator = new RandomOperations(graph.schema, hub.hub.store.catalog, town, random, rootsOf(graph.schema));
  const met = { errors: 0, nulls: 0, rows: 0, roles: new Set<string>() };
  for (let i = 0; i < operations; i++) {
    const principal = randomPrincipal(random, town);
    const { query, variables, again } = generator.next();
    const document = parse(query);
    const faults = validate(graph.schema, document);
    if (faults.length) throw new Error(`${query} is not valid: ${faults.join('; ')}`);
    // The same operation with other values is answered by the plan that was made for the first values.
    for (const variableValues of JSON.stringify(again) === JSON.stringify(variables)
      ? [variables]
      : [variables, again]) {
      const contextValue = { policy: graph.contextOf(principal).policy, seen: new Map() };
      const expected = told(await execute({ schema: oracle, document, variableValues, contextValue }));
      const answered = told(await graph.answers(principal, document, variableValues));
      const difference = firstDifference(expected, answered);
      const facts = { i, difference, query, variableValues, principal, errors: [expected.errors, answered.errors] };
      if (difference) throw new Error(JSON.stringify(facts, null, 1));
      met.errors += answered.errors.length;
      met.nulls += answered.data === null ? 1 : 0;
      met.rows += JSON.stringify(answered.data).split('{').length;
    }
    met.roles.add(principal.role);
  }
  // Without this the comparison would mean little.
  expect(met.errors).toBeGreaterThan(operations / 20);
  expect(met.rows).toBeGreaterThan(operations * 5);
  expect(met.roles.size).toBeGreaterThan(8);
});

test('the operations reach every stored noun', () => {
  const asked = new Set(rootsOf(graph.schema));
  for (const noun of hub.hub.store.catalog.nouns.values()) {
    if (isStored(noun)) expect(asked).toContain(noun.kind.plural);
  }
});
