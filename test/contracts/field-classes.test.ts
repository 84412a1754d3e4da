import { beforeAll, expect, test } from '@jest/globals';
import { extendSchema, type GraphQLSchema, isObjectType, parse } from 'graphql';
import { classesOf } from '../../src/api/schema/field-classes.ts';
import { makeSchema } from '../../src/api/schema/schema.ts';
import { type Catalog, makeCatalog } from '../../src/catalog/catalog.ts';
import { findAdapters } from '../../src/ingest/find-adapters.ts';

let catalog: Catalog;
let schema: GraphQLSchema;
beforeAll(async () => {
  const adapters = await findAdapters();
  catalog = makeCatalog(adapters);
  schema = makeSchema(catalog, adapters);
});

test('every field and argument of the graph is declared with a record or classified by hand, and nothing else is', () => {
  const { missing, gone, fields } = classesOf(schema, catalog);
  expect({ missing, gone }).toEqual({ missing: [], gone: [] });
  expect(fields.length).toBeGreaterThan(50);
});

test('a field that enters the graph without a class is named', () => {
  const extended = extendSchema(
    schema,
    parse(`
      extend type Claim { secret: String }
      extend type Person { nickname: String }
      extend type PersonConnection { sum: Int }
      extend type Query { openRegister(token: String, first: Int): Register }
      extend type Mutation { write(text: String): Int }
      type Register { text: String }`),
  );
  expect([...classesOf(extended, catalog).missing].sort()).toEqual(
    [
      ...['Claim.secret', 'Person.nickname', 'PersonConnection.sum', 'Query.openRegister', 'Query.openRegister(token)'],
      ...['Mutation.write', 'Mutation.write(text)', 'Register.text'],
    ].sort(),
  );
});

test('fields for some roles only stand in types that only those roles reach', () => {
  const { fields } = classesOf(schema, catalog);
  const classes = new Map(fields.map(field => [field.place, field.class]));
  for (const { place, class: of } of fields) {
    if (typeof of === 'string') continue;
    const [type, name] = place.split('.') as [string, string];
    const declared = schema.getType(type);
    if (!isObjectType(declared) || !/^(Query|Mutation|Subscription)$/.test(type)) continue;
    const answer = String(declared.getFields()[name]!.type).replaceAll(/[[\]!]/g, '');
    const inside = schema.getType(answer);
    if (!isObjectType(inside)) continue;
    for (const field of Object.keys(inside.getFields())) {
      const known = classes.get(`${answer}.${field}`);
      expect({ place, field, known: known === 'leads on' ? of : known }).toEqual({ place, field, known: of });
    }
  }
});
