/**
 * The questions and attacks whose turns of the event loop are measured: what the hall and analysts ask, the largest
 * answers that the graph gives, and documents at and beyond the limits of readers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import {
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  getNamedType,
  isLeafType,
  isObjectType,
} from 'graphql';
import type { Catalog } from '../../src/catalog/catalog.ts';

export interface TurnQuestion {
  readonly name: string;
  readonly role: 'clerk' | 'analyst';
  /** The body of a POST to /graphql as it is sent; or the path of a file, or a subscription. */
  readonly body?: string;
  readonly file?: string;
  readonly stream?: string;
}

const operationsOf = (folder: string): [string, string][] => {
  const at = new URL(`../../schema/${folder}/`, import.meta.url);
  return readdirSync(at).map(name => [name.replace('.graphql', ''), readFileSync(new URL(name, at), 'utf8')]);
};

/** Every value of a type that needs no argument. */
const scalarsOf = (type: GraphQLObjectType): string =>
  Object.values(type.getFields())
    .filter(
      field => isLeafType(getNamedType(field.type)) && field.args.every(({ type: of }) => !String(of).endsWith('!')),
    )
    .map(({ name }) => name)
    .join(' ');

export function turnQuestions(
  schema: GraphQLSchema,
  catalog: Catalog,
  known: Readonly<Record<string, unknown>>,
): TurnQuestion[] {
  const post = (name: string, query: string, role: TurnQuestion['role'] = 'clerk', variables: object = known) => ({
    ...{ name, role },
    body: JSON.stringify({ query, variables }),
  });
  const stored = operationsOf('operations').filter(([, text]) => /^query|\nquery/.test(text));
  const lists = catalog.all().flatMap(({ name, kind }) => {
    const type = schema.getType(name);
    if (!isObjectType(type)) return [];
    const rows = `{ ${kind.plural}(first: 200) { totalCount pageInfo { endCursor } edges { cursor node { ${scalarsOf(type)} } } } }`;
    const text = `{ ${kind.plural}(first: 200) { nodes { ${scalarsOf(type)} } } }`;
    return [
      post(`200 rows: ${kind.plural}`, rows),
      { ...post(`rows: ${kind.plural}`, text, 'analyst'), name: `200 masked rows: ${kind.plural}` },
    ];
  });
  const wide = `{ persons(first: 200) { nodes { id name cases(first: 20) { nodes { id caseNo heading state } } records(first: 5) { id __typename observedAt } conflicts { fact claims { value agency } } } } }`;
  const deep = `{ cases(first: 200) { nodes { id caseNo heading approvals(first: 40) { nodes { id name state outcome startedAt endedAt } } applicant { id name } matter { title } } } }`;
  return [
    ...stored.map(([name, text]) => post(`operation ${name}`, text)),
    ...operationsOf('queries').map(([name, text]) => post(`query ${name}`, text, 'analyst')),
    ...lists,
    post('200 persons with everything', wide),
    post('200 cases with all steps', deep),
    post(
      '1,000 groups',
      '{ cases { groups(limit: 1000) { nodes { key { caseNo } count days: avg(of: { workingDays: { from: SUBMITTED_AT, to: CLOSED_AT } }) } } } }',
      'analyst',
    ),
    post('introspection', getIntrospectionQuery(), 'analyst'),
    ...['csv', 'ndjson', 'arrow', 'parquet'].map(format => ({
      ...{ name: `export ${format}`, role: 'analyst' as const },
      file: `/export/insured-residents.${format}`,
    })),
    {
      name: 'a board',
      role: 'clerk',
      stream:
        'subscription { caseBoard { type cursor nodes { id caseNo heading state approvals(first: 10) { nodes { name state } } } } }',
    },
    {
      name: 'all changes',
      role: 'clerk',
      stream: 'subscription { changes(oldest: true) { position cursor kind node { id } } }',
    },
    ...attacks(post),
  ];
}

type Post = (name: string, query: string, role?: TurnQuestion['role'], variables?: object) => TurnQuestion;

function attacks(post: Post): TurnQuestion[] {
  const times = (count: number, make: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => make(i)).join(' ');
  const tests = (count: number) => Array.from({ length: count }, (_, i) => ({ caseNo: { eq: `no-${i}` } }));
  const nested = (levels: number): object => (levels ? { not: nested(levels - 1) } : { caseNo: { eq: 'x' } });
  const raw = (name: string, body: string): TurnQuestion => ({ name, role: 'clerk', body });
  return [
    post('100 aliases', `{ ${times(100, i => `a${i}: cases(first: 5) { nodes { id caseNo title } }`)} }`),
    post('490 aliases', `{ ${times(490, i => `a${i}: matters(first: 1) { nodes { code } }`)} }`, 'analyst'),
    post('1,000 fields', `{ cases(first: 1) { nodes { ${times(450, () => 'caseNo')} } } }`),
    post('500 fields twice', `{ cases(first: 200) { nodes { ${times(480, i => `f${i % 90}: caseNo`)} } } }`),
    post('5,000 tokens', `{ ${times(4_900, () => '__typename')} }`, 'analyst'),
    post('unknown fields', `{ ${times(2_400, i => `nothing${i}`)} }`, 'analyst'),
    post('fields that conflict', `{ ${times(240, i => `cases(first: ${i}) { totalCount }`)} }`, 'analyst'),
    post(
      'a fan of fragments',
      `{ ...F0 } ${times(400, i => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F400 on Query { __typename }`,
      'analyst',
    ),
    post(
      'many fragments of one type',
      `{ cases(first: 1) { nodes { ${times(300, i => `...F${i}`)} } } } ${times(300, i => `fragment F${i} on Case { caseNo }`)}`,
      'analyst',
    ),
    post('400 tests', 'query ($where: CaseWhere) { cases(where: $where, first: 1) { nodes { id } } }', 'analyst', {
      where: { or: tests(400) },
    }),
    post(
      '90 levels of not',
      'query ($where: CaseWhere) { cases(where: $where, first: 1) { nodes { id } } }',
      'analyst',
      { where: nested(90) },
    ),
    post(
      'inputs that do not fit',
      'query ($where: [CaseWhere!]) { cases(where: { or: $where }) { totalCount } }',
      'analyst',
      { where: Array.from({ length: 1_800 }, (_, i) => i) },
    ),
    post('a long name', `query Q${'q'.repeat(180_000)} { __typename }`),
    post('a long text', `{ cases(where: { caseNo: { eq: "${'x'.repeat(180_000)}" } }) { totalCount } }`),
    raw('199,000 brackets', '['.repeat(199_000)),
    raw('nested objects', `{"variables":${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}}`),
    raw(
      '100,000 members',
      `{"query":"{ __typename }","variables":{${Array.from({ length: 15_000 }, (_, i) => `"v${i}":1`).join()}}}`,
    ),
    raw('no JSON', 'x'.repeat(190_000)),
  ];
}
