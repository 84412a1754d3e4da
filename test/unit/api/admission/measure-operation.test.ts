import { expect, test } from '@jest/globals';
import { buildSchema, type GraphQLObjectType, getOperationAST, parse } from 'graphql';
import { measureOperation } from '../../../../src/api/admission/measure-operation.ts';
import { measureInputs, measureText } from '../../../../src/api/admission/measure-text.ts';
import { resumeUnits } from '../../../../src/api/admission/resume-units.ts';
import { Cursors } from '../../../../src/feed/cursors.ts';
import type { Tail } from '../../../../src/feed/tail.ts';

const schema = buildSchema(`
  type Query { persons(first: Int, last: Int): PersonConnection, person: Person, search(first: Int! = 20): [Person!]! }
  type PersonConnection { nodes: [Person!]!, edges: [Edge!]!, totalCount: Int!, pageInfo: PageInfo!, groups(limit: Int = 100): Groups }
  type Groups { nodes: [Group!]! }
  type Group { count: Int }
  type PageInfo { hasNextPage: Boolean! }
  type Edge { node: Person! }
  type Person { id: ID!, name: String, heading: String, tags: [String!]!, conflicts: [Conflict!]!, friends(first: Int, last: Int): PersonConnection }
  type Conflict { fact: String! }
  type Subscription { changes(after: String): Int }
`);
const connection = schema.getType('PersonConnection') as GraphQLObjectType;
Object.assign(connection.getFields().groups!.extensions, { grouped: true });
Object.assign((schema.getType('Person') as GraphQLObjectType).getFields().heading!.extensions, {
  read: { kind: 'heading' },
});
const measure = (text: string, variables: Record<string, unknown> = {}) => {
  const document = parse(text);
  return measureOperation(schema, document, getOperationAST(document)!, variables);
};
const costOf = (text: string, variables?: Record<string, unknown>) => measure(text, variables).cost;

test('a page costs its connection, its list and its elements', () => {
  expect(costOf('{ person { id } }')).toBeCloseTo(1.05);
  expect(costOf('{ persons(first: 10) { nodes { id } } }')).toBeCloseTo(1 + 1 + 10 + 10 * 0.05);
  expect(costOf('{ persons { nodes { id } } }')).toBeCloseTo(costOf('{ persons(first: 20) { nodes { id } } }'));
  expect(costOf('{ search { id } }')).toBeCloseTo(1 + 20 + 20 * 0.05);
});

test('a heading costs the two objects that it consists of', () => {
  expect(costOf('{ persons(first: 10) { nodes { heading } } }')).toBeCloseTo(1 + 1 + 10 + 10 * 2);
});

test('groups cost as much as reading everything, and are no page of the list', () => {
  const { cost, largestPage } = measure('{ persons(first: 3) { groups(limit: 1000) { nodes { count } } } }');
  expect(cost).toBeCloseTo(1 + 100 + 1 + 1000 + 1000 * 0.05);
  expect(largestPage).toBe(3);
  expect(costOf('{ persons { groups { nodes { count } } } }')).toBeCloseTo(1 + 100 + 1 + 100 + 100 * 0.05);
});

test('lists multiply along the path, and the field that costs most is named', () => {
  const { cost, mostExpensive: dearest } = measure(
    '{ persons(first: 10) { nodes { mates: friends(last: 30) { nodes { id } } } } }',
  );
  expect(cost).toBeGreaterThan(300);
  expect(cost).toBeLessThan(400);
  expect(dearest.path).toBe('persons.nodes.mates.nodes');
});

test('sizes count the same as a literal, as a variable, as a default and in a fragment', () => {
  const plain = costOf('{ persons(first: 50) { nodes { id } } }');
  expect(costOf('query($n: Int) { persons(first: $n) { nodes { id } } }', { n: 50 })).toBe(plain);
  expect(costOf('query($n: Int = 50) { persons(first: $n) { nodes { id } } }')).toBe(plain);
  expect(costOf('query($n: Int = 50) { persons(first: $n) { nodes { id } } }', { n: 10 })).toBeLessThan(plain);
  expect(
    costOf(
      '{ ...A } fragment A on Query { persons(first: 50) { ...B } } fragment B on PersonConnection { nodes { id } }',
    ),
  ).toBe(plain);
});

test('a fragment spread under pages of different sizes is weighed under each', () => {
  const both =
    '{ a: persons(first: 10) { ...P } b: persons(first: 100) { ...P } } fragment P on PersonConnection { nodes { id } }';
  expect(costOf(both)).toBeCloseTo(
    costOf('{ persons(first: 10) { nodes { id } } }') + costOf('{ persons(first: 100) { nodes { id } } }'),
  );
});

test('a fan of a thousand doublings is weighed quickly, and circles end', () => {
  const fan = Array.from({ length: 400 }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(' ');
  expect(measure(`{ ...F0 } ${fan} fragment F400 on Query { person { id } }`).fields).toBeGreaterThan(1e100);
  expect(measure('{ ...A } fragment A on Query { person { id } ...B } fragment B on Query { ...A }').fields).toBe(2);
});

test('unknown fields and types have some weight and never fail', () => {
  const { fields, depth } = measure('{ nothing { at { all } } ... on Nowhere { persons { nodes { x } } } }');
  expect({ fields, depth }).toEqual({ fields: 6, depth: 3 });
});

test('introspection is counted separately', () => {
  const { introspectionFields, introspectionAliases, fields } = measure(
    '{ __typename __schema { a: types { name } } }',
  );
  expect({ introspectionFields, introspectionAliases, fields }).toEqual({
    introspectionFields: 3,
    introspectionAliases: 1,
    fields: 0,
  });
});

test('a text is measured without being parsed, and only as far as it may go', () => {
  expect(measureText('{ a(b: [1, 2]) @c @d { e } }', 100)).toEqual({ tokens: 18, nesting: 3, directives: 2 });
  expect(measureText('{ '.repeat(1_000_000), 100).tokens).toBe(101);
  expect(() => measureText('{ a(b: "', 100)).toThrow(/Unterminated/);
});

test('variables are counted without recursion', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  expect(measureInputs(deep, 1_000_000)).toMatchObject({ depth: 100_000, inputs: 100_000 });
  expect(measureInputs({ a: [1, 2, { b: 'x' }] }, 100)).toEqual({ inputs: 5, depth: 3, holdsNul: false });
  expect(measureInputs({ a: ['\0'] }, 100).holdsNul).toBe(true);
  expect(measureInputs(Array(5_000).fill(0), 10).inputs).toBeGreaterThan(10);
});

test('skipping far ahead costs the rows in between', () => {
  const cursors = new Cursors('a secret');
  const cursor = (position: number) => cursors.sign(position, cursors.owner('somebody'));
  const feed = { cursors, tail: { position: 10_000 } as Tail };
  const units = (text: string, variables = {}) => resumeUnits(schema, parse(text), { variables }, feed);
  expect(units(`subscription { changes(after: "${cursor(0)}") }`)).toBe(1_000);
  expect(units('subscription($c: String) { changes(after: $c) }', { c: cursor(9_990) })).toBe(1);
  expect(units('subscription($c: String) { changes(after: $c) }')).toBe(0);
  expect(units('subscription { changes(after: "forged") }')).toBe(0);
  expect(units('{ person { id } }')).toBe(0);
});
