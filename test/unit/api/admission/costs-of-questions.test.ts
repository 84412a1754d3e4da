/** What the questions of the hall and of its analysts cost, and what attacks on the database cost, by a town's size. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  type DocumentNode,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  parse,
  TypeInfo,
  valueFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type RoleLimits, roleLimits } from '../../../../src/access/limits.ts';
import { measureOperation, type Weight } from '../../../../src/api/admission/measure-operation.ts';
import { makeSchema } from '../../../../src/api/schema/schema.ts';
import { type Catalog, makeCatalog } from '../../../../src/catalog/catalog.ts';
import { findAdapters } from '../../../../src/ingest/find-adapters.ts';
import { isIndexedOrder } from '../../../../src/query/scan-cost.ts';
import { townSizes } from '../../../support/town-sizes.ts';

let catalog: Catalog;
let schema: GraphQLSchema;
beforeAll(async () => {
  const adapters = await findAdapters();
  catalog = makeCatalog(adapters);
  schema = makeSchema(catalog, adapters);
});

const weigh = (source: DocumentNode | string, population: number, variables: Record<string, unknown> = {}): Weight => {
  const document = typeof source === 'string' ? parse(source) : source;
  return measureOperation(schema, document, getOperationAST(document)!, variables, townSizes(catalog, population));
};
const filesOf = (folder: string) => {
  const at = new URL(`../../../../schema/${folder}/`, import.meta.url);
  return readdirSync(at).map(name => [`${folder}/${name}`, parse(readFileSync(new URL(name, at), 'utf8'))] as const);
};
const operations = filesOf('operations');
const queries = filesOf('queries');
const [clerk, analyst] = [roleLimits.clerk, roleLimits.analyst];
/** How often a reader may send it in a minute. */
const timesAMinute = ({ cost }: Weight, { costPerMinute }: RoleLimits) => costPerMinute / cost;

test.each([...operations, ...queries])('%s orders its lists by fields that have an index for it', (_name, document) => {
  const info = new TypeInfo(schema);
  const unindexed: string[] = [];
  visit(
    document,
    visitWithTypeInfo(info, {
      Argument: ({ name, value }) => {
        const parent = info.getParentType()?.name;
        if (name.value !== 'orderBy' || (parent !== 'Query' && parent !== 'Subscription')) return;
        const where = info.getFieldDef()!.args.find(arg => arg.name === 'where');
        const noun = catalog.get(getNamedType(where!.type).name.replace(/Where$/, ''));
        const order = valueFromAST(value, info.getInputType()!) as readonly string[];
        if (!isIndexedOrder(noun, order[0]!)) unindexed.push(`${noun.name} ${order[0]}`);
      },
    }),
  );
  expect(unindexed).toEqual([]);
});

describe.each([30_000, 300_000])('in a town of %d', population => {
  test.each(operations)('a window may use %s every three seconds', (_name, document) => {
    const weight = weigh(document, population);
    expect(weight.cost).toBeLessThan(clerk.costPerRequest);
    expect(timesAMinute(weight, clerk)).toBeGreaterThan(20);
  });

  test.each(queries)('an analyst may ask %s', (_name, document) => {
    const weight = weigh(document, population);
    expect(weight.cost).toBeLessThan(analyst.costPerRequest);
    expect(timesAMinute(weight, analyst)).toBeGreaterThan(5);
  });

  test('a hundred scans behind aliases are more than anybody may ask', () => {
    const scan = (i: number) =>
      `a${i}: insuredPersons(first: 1, where: { insured: { name: { contains: "zq${i}" } } }) { nodes { id } }`;
    const { cost, mostExpensive } = weigh(
      `{ ${Array.from({ length: 100 }, (_, i) => scan(i)).join(' ')} }`,
      population,
    );
    expect(cost).toBeGreaterThan(clerk.costPerRequest);
    expect(mostExpensive.path).toMatch(/^a\d+$/);
  });
});

test('what is looked at costs by the size of the table, and what an index finds does not', () => {
  const grows = (text: string, variables = {}) =>
    weigh(text, 300_000, variables).cost - weigh(text, 30_000, variables).cost;
  const list = (args: string, what = 'nodes { id }') =>
    `query ($where: CaseWhere, $no: String) { cases${args} { ${what} } }`;
  for (const indexed of [
    '',
    '(orderBy: [CASE_NO_ASC])',
    '(orderBy: [PROMISED_ON_ASC])',
    '(orderBy: [SUBMITTED_AT_DESC])',
  ])
    expect(grows(list(indexed))).toBe(0);
  expect(grows(list('(where: { caseNo: { eq: $no } })'))).toBe(0);
  for (const scanned of [
    list('(orderBy: [WINDOW_CODE_ASC])'),
    list('(where: { windowCode: { eq: "1" } })'),
    list('', 'totalCount'),
    list('', 'groups { nodes { count } }'),
    list('(where: { not: { caseNo: { eq: "1" } } })'),
  ])
    expect(grows(scanned)).toBeGreaterThan(1_000);
  expect(grows(list('(where: $where)'))).toBe(0);
  expect(grows(list('(where: $where)'), { where: { title: { contains: 'x' } } })).toBeGreaterThan(1_000);
});

test('each test of related rows adds what it looks at, and each measure of groups what it tests', () => {
  const cost = (where: string, what = 'nodes { id }') =>
    weigh(`{ cases(where: { ${where} }) { ${what} } }`, 30_000).cost;
  const [plain, related] = ['windowCode: { eq: "1" }', 'approvals: { some: { state: { eq: TODO } } }'];
  expect(cost(related)).toBeGreaterThan(5 * cost(plain));
  expect(cost(`and: [{ ${related} }, { ${related} }]`)).toBeGreaterThan(1.5 * cost(related));
  expect(cost(`approvals: { none: { case: { approvals: { some: {} } } } }`)).toBeGreaterThan(1.5 * cost(related));
  expect(cost(related, `groups { nodes { count(where: { ${related} }) } }`)).toBeGreaterThan(
    cost(related, 'groups { nodes { count } }') + 1_000,
  );
});

test('a variable for a single value does not make a text be weighed anew, one for a filter does', () => {
  const weighed = (text: string) => weigh(text, 30_000, { no: '1', where: {} }).byVariables;
  expect(weighed('query ($no: String) { cases(where: { windowCode: { eq: $no } }) { nodes { id } } }')).toBe(false);
  expect(weighed('query ($where: CaseWhere) { cases(where: $where) { nodes { id } } }')).toBe(true);
});

test('a board costs the rows that its snapshot looks at, unless it goes on behind a cursor', () => {
  const board =
    'subscription ($after: String) { caseBoard(where: { windowCode: { eq: "1" } }, after: $after) { type } }';
  expect(weigh(board, 300_000).cost).toBeGreaterThan(1_000);
  expect(weigh(board, 300_000, { after: 'a cursor' }).cost).toBeLessThan(10);
});

test('a filter of any shape is weighed before it is known to be valid', () => {
  const text = 'query ($where: CaseWhere) { cases(where: $where) { nodes { id } } }';
  const strange: unknown[] = [
    1,
    'x',
    [],
    { and: 1 },
    { or: [null, 'x'] },
    { approvals: 7 },
    { approvals: { some: 'x' } },
  ];
  for (const where of [...strange, { not: [] }, { compare: {} }, { nothing: { at: { all: 1 } } }, { caseNo: 'x' }])
    expect(Number.isFinite(weigh(text, 30_000, { where }).cost)).toBe(true);
});
