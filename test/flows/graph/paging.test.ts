import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AbnormalListing, BusinessChange, MarketEntity } from '../../../adapters/commerce/records.ts';
import { Approval } from '../../../adapters/kit/hall-kinds.ts';
import type { RecordKind } from '../../../adapters/kit/record.ts';
import { versionOf } from '../../../adapters/kit/statement.ts';
import { Parcel } from '../../../adapters/land/records.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import type { StoredNoun } from '../../../src/catalog/catalog.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import {
  everyTest,
  filterable,
  matches,
  orderName,
  type Row,
  randomOrders,
  randomTest,
  randomWhere,
  sorted,
  type Where,
} from '../../support/where-model.ts';

const random = makeRandom(seed, 'paging');
const { businesses, plots } = makeTownship({ population: 300, seed });
const owner = businesses[0]!.creditCode;
const letters = ['a', 'ab', 'abc', 'b', 'ba', 'c'];
const texts = [...letters, 'a%b', 'a_b', 'a\\b', '100%', 'A_B'];
const days = ['2024-02-29', '2025-01-01', '2026-11-23'];
const instants = ['2026-01-01T08:00:00+08:00', '2026-01-01T00:00:00Z', '2026-03-05T10:20:30.250Z'];

/** Values are few, so that there are ties, and many are missing. */
function randomValues(kind: RecordKind): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(kind.fields)) {
    if (field.format || field.scalar === 'geometry') continue;
    if (field.optional && random.chance(0.35)) continue;
    if (field.scalar === 'text') values[name] = random.pick(letters);
    else if (field.scalar === 'integer') values[name] = random.below(4) - 1;
    else if (field.scalar === 'decimal') values[name] = random.pick(['1.5', '1.50', '-3', '20', '100']);
    else if (field.scalar === 'date') values[name] = random.pick(days);
    else if (field.scalar === 'instant') values[name] = random.pick(instants);
    else if (field.scalar === 'flag') values[name] = random.chance(0.5);
    else values[name] = random.pick(Object.keys(field.table!.values));
  }
  return values;
}
/** The kinds to walk through, and the other values that a record of each needs. */
const kinds: readonly [agency: string, kind: RecordKind, given: (i: number) => Record<string, unknown>][] = [
  ['commerce', MarketEntity, i => ({ creditCode: i % 2 ? owner : null, scope: random.pick(texts) })],
  ['commerce', BusinessChange, i => ({ creditCode: i % 3 ? owner : null })],
  ['commerce', AbnormalListing, () => ({})],
  ['police', Approval, () => ({})],
  ['land', Parcel, i => ({ parcelCode: plots[i]!.parcelCode, location: random.pick(texts) })],
];

let t: TestHub;
/** Every row of each kind as the reader sees it, in no particular order. */
const rowsOf = new Map<string, Row[]>();
const nounOf = (kind: RecordKind): StoredNoun => t.hub.store.catalog.stored(kind.name);
const fieldsOf = (noun: StoredNoun) =>
  `id ${filterable(noun)
    .map(c => c.name)
    .join(' ')}`;

beforeAll(async () => {
  t = await startTestHub({ adapters: await silentAdapters() });
  for (const [agency, kind, given] of kinds) {
    const statements = Array.from({ length: 45 }, (_, i) =>
      plainStatement(kind, `row ${i}`, { ...randomValues(kind), ...given(i) }),
    );
    await stateRecords(t.hub.store, agency, statements);
    const noun = nounOf(kind);
    const { data, errors } = await t.clerk.ask(`{ all: ${kind.plural}(first: 200) { nodes { ${fieldsOf(noun)} } } }`);
    expect(errors).toBeUndefined();
    rowsOf.set(kind.name, data.all.nodes);
    expect(data.all.nodes).toHaveLength(45);
  }
});
afterAll(() => t?.stop());

/** A list of the graph: of all rows, or of those that belong to one organisation. */
interface List {
  readonly noun: StoredNoun;
  readonly rows: readonly Row[];
  ask(args: Record<string, unknown>): Promise<Page>;
}
interface Page {
  readonly totalCount: number;
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}
const pageFields =
  'totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
function listOf(noun: StoredNoun, nested: boolean): List {
  const parameters = `$where: ${noun.name}Where, $orderBy: [${noun.name}Order!], $first: Int, $after: String, $last: Int, $before: String`;
  const call = `${noun.kind.plural}(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) { ${pageFields} }`;
  const query = nested ? `organisation(creditCode: "${owner}") { ${call} }` : call;
  const rows = rowsOf.get(noun.name)!.filter(row => !nested || row.creditCode === owner);
  return {
    noun,
    rows,
    ask: async variables => {
      const { data, errors } = await t.clerk.ask(`query (${parameters}) { ${query} }`, variables);
      if (errors) throw new Error(JSON.stringify({ errors, variables }));
      return (nested ? data.organisation : data)[noun.kind.plural];
    },
  };
}
const randomList = (): List => {
  const [, kind] = random.pick(kinds);
  return listOf(nounOf(kind), (kind === MarketEntity || kind === BusinessChange) && random.chance(0.4));
};

/** All pages, forward or backward, in the order of the list. */
async function walk(list: List, args: Record<string, unknown>, backward: boolean): Promise<Page[]> {
  const pages: Page[] = [];
  let cursor: string | null = null;
  for (;;) {
    const size = 1 + random.below(25);
    const page: Page = await list.ask(
      backward ? { ...args, last: size, before: cursor } : { ...args, first: size, after: cursor },
    );
    const { startCursor, endCursor, hasNextPage, hasPreviousPage } = page.pageInfo;
    expect(page.edges.length).toBeLessThanOrEqual(size);
    expect([startCursor, endCursor]).toEqual([page.edges[0]?.cursor ?? null, page.edges.at(-1)?.cursor ?? null]);
    if (backward) pages.unshift(page);
    else pages.push(page);
    if (!(backward ? hasPreviousPage : hasNextPage)) return pages;
    cursor = backward ? startCursor : endCursor;
  }
}

test(`200 random walks, forward and backward, give exactly the rows of one sorted list (TEST_SEED=${seed})`, async () => {
  for (let round = 0; round < 200; round++) {
    const list = randomList();
    const where = random.chance(0.25) ? null : randomWhere(list.noun, list.rows, random);
    const orders = randomOrders(list.noun, random);
    const backward = random.chance(0.5);
    const expected = sorted(
      list.noun,
      list.rows.filter(row => !where || matches(list.noun, row, where)),
      orders,
    );
    const pages = await walk(list, { where, orderBy: orders.map(orderName) }, backward);
    const got = pages.flatMap(page => page.edges.map(({ node }) => node.id));
    const facts = { seed, round, kind: list.noun.name, where, orders, backward };
    expect({ ...facts, got }).toEqual({ ...facts, got: expected.map(row => row.id) });
    for (const { totalCount } of pages)
      expect({ ...facts, totalCount }).toEqual({ ...facts, totalCount: expected.length });
  }
});

test(`every operator of every field selects the rows that fit (TEST_SEED=${seed})`, async () => {
  for (const [, kind] of kinds) {
    const list = listOf(nounOf(kind), false);
    const wheres: Where[] = everyTest(list.noun).map(([name, op]) =>
      randomTest(list.noun, list.rows, random, name, op),
    );
    const parameters = wheres.map((_, i) => `$w${i}: ${kind.name}Where`);
    for (let from = 0; from < wheres.length; from += 40) {
      const part = wheres.slice(from, from + 40).map((where, i) => [i + from, where] as const);
      const { data, errors } = await t.clerk.ask(
        `query (${part.map(([i]) => parameters[i]).join(', ')}) { ${part.map(([i]) => `w${i}: ${kind.plural}(first: 200, where: $w${i}) { totalCount nodes { id } }`).join('\n')} }`,
        Object.fromEntries(part.map(([i, where]) => [`w${i}`, where])),
      );
      expect(errors).toBeUndefined();
      for (const [i, where] of part) {
        const expected = list.rows.filter(row => matches(list.noun, row, where)).map(row => row.id);
        const got = data[`w${i}`].nodes.map((node: { id: string }) => node.id);
        expect({ kind: kind.name, where, got }).toEqual({ kind: kind.name, where, got: expected });
      }
    }
  }
});

test('a row fits either a test or its opposite, even when it has no value', async () => {
  const list = listOf(nounOf(MarketEntity), false);
  const where = { scope: { eq: 'a%b' }, termTo: { gt: '2025-01-01' } };
  const [yes, no] = [await list.ask({ where, first: 0 }), await list.ask({ where: { not: where }, first: 0 })];
  expect(yes.totalCount + no.totalCount).toBe(list.rows.length);
});

test.each(['%', '_', '\\', '%b', 'A_'])('contains and startsWith take %j literally', async text => {
  const list = listOf(nounOf(MarketEntity), false);
  for (const op of ['contains', 'startsWith']) {
    const where = { scope: { [op]: text } };
    const page = await list.ask({ where, first: 200 });
    expect(page.totalCount).toBe(list.rows.filter(row => matches(list.noun, row, where)).length);
  }
});

test('rows that are added meanwhile make no row appear twice or vanish', async () => {
  for (const orderBy of [[], ['NAME_ASC'], ['TERM_TO_DESC', 'NAME_ASC'], ['APPROVED_ON_ASC']]) {
    for (const backward of [false, true]) {
      const before = (await listOf(nounOf(MarketEntity), false).ask({ first: 200 })).edges.map(e => e.node.id);
      const list = listOf(nounOf(MarketEntity), false);
      const meanwhile = {
        ...list,
        ask: async (args: Record<string, unknown>) => {
          const id = `new ${random.below(1e9)}`;
          await stateRecords(t.hub.store, 'commerce', [plainStatement(MarketEntity, id, randomValues(MarketEntity))]);
          // The pages are large, so that the walk ends although rows are added at every step.
          return list.ask({ ...args, ...(backward ? { last: 20 } : { first: 20 }) });
        },
      };
      const got = await walkFixed(meanwhile, orderBy, backward);
      expect(new Set(got).size).toBe(got.length);
      expect(got).toEqual(expect.arrayContaining(before));
    }
  }
});
test('removing a row whose cursor is in use hides none of the others', async () => {
  const name = `leaving ${random.below(1e9)}`;
  const ids = Array.from({ length: 9 }, (_, i) => `${name} ${i}`);
  const put = (id: string) =>
    plainStatement(MarketEntity, id, { ...randomValues(MarketEntity), name: `${name} ${random.pick(letters)}` });
  await stateRecords(t.hub.store, 'commerce', ids.map(put));
  const list = listOf(nounOf(MarketEntity), false);
  const where = { name: { startsWith: name } };
  const sourceIds = new Map<string, string>(
    ids.map(id => [`MarketEntity:${t.hub.store.identity.ofRecord('MarketEntity', 'commerce', id)}`, id]),
  );
  const got: string[] = [];
  for (let after: string | null = null; ; ) {
    const { edges, pageInfo }: Page = await list.ask({ where, orderBy: ['NAME_ASC'], first: 3, after });
    got.push(...edges.map(({ node }) => node.id));
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
    const removed = { ...put(sourceIds.get(edges.at(-1)!.node.id)!), version: versionOf(2), deleted: true, data: null };
    await stateRecords(t.hub.store, 'commerce', [removed]);
  }
  expect(got.sort()).toEqual([...sourceIds.keys()].sort());
});
async function walkFixed(list: List, orderBy: string[], backward: boolean): Promise<string[]> {
  const got: string[] = [];
  let cursor: string | null = null;
  for (;;) {
    const { edges, pageInfo }: Page = await list.ask(
      backward ? { orderBy, before: cursor } : { orderBy, after: cursor },
    );
    got.push(...edges.map(({ node }) => node.id));
    if (!(backward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) return got;
    cursor = backward ? pageInfo.startCursor : pageInfo.endCursor;
  }
}

describe('a cursor', () => {
  const cursors = async () => {
    const { edges } = await listOf(nounOf(Approval), false).ask({ first: 20 });
    return edges;
  };
  test('is the id of its row in 16 bytes and nothing else', async () => {
    for (const { cursor, node } of await cursors()) {
      const bytes = Buffer.from(cursor, 'base64url');
      expect(bytes).toHaveLength(16);
      expect(bytes.toString('hex')).toBe(node.id.split(':')[1]!.replaceAll('-', ''));
    }
  });

  test('is refused when this hub did not make it for this list', async () => {
    const { cursor } = (await cursors())[0]!;
    const forged = [
      'x',
      'not base64 !',
      cursor.slice(0, -2),
      `${cursor}AA`,
      ` ${cursor}`,
      Buffer.from("' or 1=1 --").toString('base64url'),
      Buffer.alloc(15).toString('base64url'),
      Buffer.alloc(16).toString('base64url'),
      Buffer.alloc(16, 7).toString('base64url'),
    ];
    const queries = [
      'query ($c: String) { approvals(after: $c) { nodes { id } } }',
      'query ($c: String) { approvals(last: 5, before: $c) { nodes { id } } }',
      'query ($c: String) { marketEntities(after: $c) { nodes { id } } }',
    ];
    for (const query of queries) {
      for (const c of query.includes('marketEntities') ? [cursor] : forged) {
        const { data, errors } = await t.clerk.ask(query, { c });
        expect({ c, data, codes: errors?.map(e => e.extensions!.code) }).toEqual({
          c,
          data: { [query.includes('market') ? 'marketEntities' : 'approvals']: null },
          codes: ['CURSOR_MALFORMED'],
        });
      }
    }
  });
});

test.each(['first: 201', 'first: -1', 'last: 201', 'first: 1, last: 1'])('%s is refused', async args => {
  const { errors } = await t.clerk.ask(`{ approvals(${args}) { nodes { id } } }`);
  expect(errors!.map(e => e.extensions!.code)).toEqual(['BAD_USER_INPUT']);
});

test('a page has 20 rows by default, and may have none', async () => {
  const list = listOf(nounOf(Approval), false);
  expect((await list.ask({})).edges).toHaveLength(20);
  expect(await list.ask({ first: 0 })).toMatchObject({ edges: [], totalCount: 45 });
});
