/** A query as the documents that the contenders understand, and their answers converted to one shape. */
import { type Catalog, snake } from '../../src/catalog/catalog.ts';
import {
  defaultFirst,
  type Order,
  type Question,
  type Related,
  type Root,
  type Selection,
  type Test,
} from './questions.ts';

const upper = ({ field, way }: Order) => `${snake(field)}_${way}`.toUpperCase();
const lowerFirst = (name: string) => name[0]!.toLowerCase() + name.slice(1);
const variablesOf = (root: Root) =>
  'key' in root ? [root.is] : root.where.flatMap(test => ('eq' in test ? [test.eq] : 'lte' in test ? [test.lte] : []));

/** The name under which every contender returns a root. */
export const rootName = (catalog: Catalog, root: Root): string =>
  'key' in root ? lowerFirst(root.noun) : catalog.get(root.noun).kind.plural;

function head(question: Question, types: (type: string) => string): string {
  const variables = new Map(question.roots.flatMap(variablesOf).map(v => [v.variable, types(v.type)]));
  return `query ${question.name}(${[...variables].map(([name, type]) => `$${name}: ${type}`).join(', ')})`;
}

/** By-the-book resolvers have the hub's schema, but TypeGraphQL's own scalar for instants. */
export const byTheBookDocument = (catalog: Catalog, question: Question): string =>
  hubDocument(catalog, question, type => type.replace('DateTime', 'DateTimeISO'));

export function hubDocument(catalog: Catalog, question: Question, types = (type: string) => type): string {
  const set = (noun: string, { fields, relations = {} }: Selection): string => {
    const inner = Object.entries(relations).map(([name, related]) => {
      const relation = catalog.get(noun).relations.get(name)!;
      const below = set(relation.to.name, related);
      return relation.many ? `${name}${pageArguments(related)} { nodes ${below} }` : `${name} ${below}`;
    });
    return `{ ${[...fields, ...inner].join(' ')} }`;
  };
  const roots = question.roots.map(root => {
    const name = rootName(catalog, root);
    const below = set(root.noun, root.selection);
    if ('key' in root) return `${name}(${root.key}: $${root.is.variable}) ${below}`;
    const where = root.where.map(test => `${test.field}: { ${hubTest(test)} }`).join(', ');
    return `${name}(where: { ${where} }, orderBy: [${upper(root.order)}], first: ${root.first}) { nodes ${below} }`;
  });
  return `${head(question, types)} { ${roots.join(' ')} }`;
}
const hubTest = (test: Test) =>
  'eq' in test
    ? `eq: $${test.eq.variable}`
    : 'lte' in test
      ? `lte: $${test.lte.variable}`
      : `in: [${test.in.join(', ')}]`;
function pageArguments({ first, order }: Related): string {
  const given = [...(first ? [`first: ${first}`] : []), ...(order ? [`orderBy: [${upper(order)}]`] : [])];
  return given.length ? `(${given.join(', ')})` : '';
}

/** The document for PostGraphile, with its lists instead of connections, which are its faster form. */
export function postgraphileDocument(catalog: Catalog, question: Question): string {
  const order = (by: Order | undefined) => `orderBy: [${by ? `${upper(by)}, ` : ''}PRIMARY_KEY_ASC]`;
  const live = 'condition: { deleted: false }';
  const field = (name: string) => (name === 'id' ? 'id: rowId' : name);
  const set = (noun: string, { fields, relations = {} }: Selection): string => {
    const inner = Object.entries(relations).map(([name, related]) => {
      const relation = catalog.get(noun).relations.get(name)!;
      const below = set(relation.to.name, related);
      if (!relation.many) return `${name} ${below}`;
      return `${name}: ${name}List(${live}, first: ${related.first ?? defaultFirst}, ${order(related.order)}) ${below}`;
    });
    return `{ ${[...fields.map(field), ...inner].join(' ')} }`;
  };
  const roots = question.roots.map(root => {
    const name = rootName(catalog, root);
    const below = set(root.noun, root.selection);
    if ('key' in root)
      return `${name}: ${name}By${root.key[0]!.toUpperCase()}${root.key.slice(1)}(${root.key}: $${root.is.variable}) ${below}`;
    const filter = root.where.map(test => `${test.field}: { ${graphileTest(test)} }`).join(', ');
    const all = `all${name[0]!.toUpperCase()}${name.slice(1)}List`;
    return `${name}: ${all}(${live}, filter: { ${filter} }, first: ${root.first}, ${order(root.order)}) ${below}`;
  });
  return `${head(question, type => type.replace('DateTime', 'Datetime'))} { ${roots.join(' ')} }`;
}
const graphileTest = (test: Test) =>
  'eq' in test
    ? `equalTo: $${test.eq.variable}`
    : 'lte' in test
      ? `lessThanOrEqualTo: $${test.lte.variable}`
      : `in: ${JSON.stringify(test.in)}`;

const instant = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;
/** The hub puts the noun before its ids. */
const globalId = /^[A-Za-z]+:([0-9a-f]{8}-[0-9a-f-]{27})$/;
const number = /^-?\d{1,15}(\.\d+)?$/;
/**
 * Connections are reduced to their nodes; instants, numbers and the order of members are made equal in every spelling.
 */
export function plainAnswer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainAnswer);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 1 && entries[0]![0] === 'nodes') return plainAnswer(entries[0]![1]);
    return Object.fromEntries(
      entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, plainAnswer(one)]),
    );
  }
  if (typeof value === 'string' && globalId.test(value)) return value.replace(globalId, '$1');
  if (typeof value === 'string' && instant.test(value)) return new Date(value).toISOString();
  if (typeof value === 'number' || (typeof value === 'string' && number.test(value)))
    return Number(Number(value).toFixed(6));
  return value;
}
