/**
 * The walk detects what it is meant to: words in any spelling, ways that it does not know, and fields not requested.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { extendSchema, type GraphQLSchema, parse } from 'graphql';
import { makeTownship } from '../../../seeds/township/township.ts';
import { makeSchema } from '../../../src/api/schema/schema.ts';
import { type Catalog, makeCatalog } from '../../../src/catalog/catalog.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { csvRows } from '../../support/every-way-out/csv-rows.ts';
import { schemaFields, unseen } from '../../support/every-way-out/seen-fields.ts';
import { Selections } from '../../support/every-way-out/selections.ts';
import { Answers } from '../../support/every-way-out/told-cells.ts';
import { TownWords } from '../../support/every-way-out/town-words.ts';
import { rootWay } from '../../support/every-way-out/ways.ts';

const township = makeTownship({ population: 60, seed: 2 });
const words = new TownWords(township);
let catalog: Catalog;
let schema: GraphQLSchema;
beforeAll(async () => {
  const adapters = await findAdapters();
  catalog = makeCatalog(adapters);
  schema = makeSchema(catalog, adapters);
});

const { residentId, name, phone, address } = township.residents[0]!;
const wide = (text: string) => text.replaceAll(/[0-9A-Z]/g, c => String.fromCodePoint(c.codePointAt(0)! + 0xfee0));
const trader = township.businesses.find(({ type }) => type === 'SOLE_TRADER');

test.each([
  ['name', name],
  ['name', `由${name}申请`],
  ['identity number', residentId],
  ['identity number', residentId.toLowerCase()],
  ['identity number', wide(residentId)],
  ['identity number', `BDC${residentId}7`],
  ['identity number', residentId.slice(0, 6) + residentId.slice(8, 17)],
  ['phone', `+86${phone}`],
  ['address', address],
  ['address', address.slice(address.indexOf('镇') + 1)],
  ...(trader ? [['credit code of a sole trader', trader.creditCode] as const] : []),
] as const)('%s: found in %s', (sort, text) => {
  expect(words.in(`before ${text} behind`).map(found => found.sort)).toContain(sort);
});

test('a masked value identifies nobody', () => {
  const masked = [residentId.replace(/(?<=^.{6}).{8}/, '********'), `${phone.slice(0, 3)}****${phone.slice(-4)}`];
  expect(words.in([...masked, `${name[0]}**`, `${address.slice(0, address.indexOf('镇') + 1)}***`].join(' '))).toEqual(
    [],
  );
});

test('a root field without a way has none, and a field that was not requested is named', () => {
  const extended = extendSchema(
    schema,
    parse('extend type Query { register(token: String): String } extend type Person { nickname: String }'),
  );
  expect(rootWay(catalog, 'Query.register')).toBeUndefined();
  expect(rootWay(catalog, 'Query.persons')).toBe('rows');
  expect(rootWay(catalog, 'Query.person')).toBe('record by key');
  const answers = new Answers(schema);
  const own = new Selections(schema, catalog).own(schema.getType('Person')!);
  answers.cells(parse(`{ persons { nodes { ${own} } } }`), null);
  const { missing } = unseen(
    schemaFields(extended).filter(place => /^(Person|Query)\.(nickname|register|name|persons)$/.test(place)),
    answers.asked,
    {},
  );
  expect(missing.sort()).toEqual(['Person.nickname', 'Query.register']);
  // The extended schema has the field, so it is requested without a change here.
  expect(new Selections(extended, catalog).own(extended.getType('Person')!)).toContain('nickname');
});

test('an excuse that no longer holds is named', () => {
  expect(unseen(['A.a', 'A.b'], new Set(['A.a']), { 'A.a': 'seen', 'A.c': 'gone' })).toEqual({
    missing: ['A.b'],
    stale: ['A.a', 'A.c'],
  });
});

test('the values of an answer and of a file come with the record that holds them', () => {
  const document = parse('{ persons { nodes { __typename id name sex birthDate } } }');
  const data = {
    persons: { nodes: [{ __typename: 'Person', id: 'Person:1', name: '张,三', sex: null, birthDate: '2001-02-03' }] },
  };
  const cells = new Answers(schema).cells(document, data);
  expect(cells.map(({ type, field, value }) => [`${type}.${field}`, value])).toContainEqual(['Person.name', '张,三']);
  const text = '__typename,id,name,sex,birthDate\r\nPerson,Person:1,"张,三",,2001-02-03\r\n';
  expect(csvRows(schema, document, text)).toEqual(data.persons.nodes);
});
