/** A hub that accepts only stored operations from the hall's screens, and shows strangers nothing of its schema. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import WebSocket from 'ws';
import { AttackedHub } from './attacked-hub.ts';
import { post, send } from './posting.ts';

interface Stored {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}
const stored = JSON.parse(
  readFileSync(new URL('../../../schema/operations.json', import.meta.url), 'utf8'),
) as readonly Stored[];
const named = (name: string): Stored => stored.find(operation => operation.name === name)!;

let hub: AttackedHub;
const tokens: Record<string, string> = {};
beforeAll(async () => {
  hub = await AttackedHub.start({ HUB_STORED_OPERATIONS: 'enforce', HUB_INTROSPECTION: 'developers' });
  for (const role of ['clerk', 'analyst', 'system-admin', 'director', 'village-agent']) {
    tokens[role] = await hub.issuer.token({ role, sub: role, village: '371482101201' });
  }
});
afterAll(() => hub?.stop());

const purpose = { 'x-purpose': 'task:test' };
const byId = (body: object, token?: string) =>
  send(`${hub.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...purpose, ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });

test('the list holds what the screens of the hall need', () => {
  expect(stored.map(({ name }) => name).sort()).toEqual(
    [
      'CaseBoard',
      'CaseDetail',
      'HallApprovals',
      'HallBoard',
      'HallChanges',
      'OrganisationCard',
      'PersonCard',
      'PowerList',
      'RequestUnmask',
      'Viewer',
    ].sort(),
  );
});

test('a screen sends an id, in the ways of both kinds of clients, and by GET', async () => {
  const { id } = named('CaseBoard');
  const variables = { state: { in: ['ACCEPTED', 'IN_REVIEW'] } };
  const extensions = { persistedQuery: { version: 1, sha256Hash: id } };
  const answers = [
    await byId({ documentId: id, variables }, tokens.clerk),
    await byId({ documentId: `sha256:${id}`, variables }, tokens.clerk),
    await byId({ extensions, variables }, tokens.clerk),
    await send(
      `${hub.url}/graphql?extensions=${encodeURIComponent(JSON.stringify(extensions))}&variables=${encodeURIComponent(JSON.stringify(variables))}`,
      { headers: { 'apollo-require-preflight': '1', authorization: `Bearer ${tokens.clerk}` } },
    ),
  ];
  for (const { status, codes, data } of answers) {
    expect({ status, codes }).toEqual({ status: 200, codes: [] });
    expect(data).toHaveProperty('cases');
  }
});

test('a screen may send the text too, in any layout', async () => {
  const { text } = named('PowerList');
  const loose = `# a comment\n${text.replaceAll('\n', ' \n\n ')}`;
  expect((await post(hub.url, loose, { token: tokens.clerk })).codes).not.toContain('OPERATION_NOT_STORED');
});

test('any other text is refused to every role of the hall, even when it is nearly a stored one', async () => {
  const { text } = named('CaseBoard');
  for (const role of ['clerk', 'village-agent', 'director']) {
    for (const query of [
      '{ agencies { nodes { code } } }',
      text.replace('first: 50', 'first: 200'),
      `${text} query B { __typename }`,
    ]) {
      const { status, codes } = await post(hub.url, query, { token: tokens[role] });
      expect({ role, query, status, codes }).toEqual({ role, query, status: 403, codes: ['OPERATION_NOT_STORED'] });
    }
  }
});

test('sending an operation with its hash does not put it on the list', async () => {
  const query = '{ agencies { nodes { code } } }';
  const { createHash } = await import('node:crypto');
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  expect((await byId({ query, extensions }, tokens.analyst)).codes).toEqual([]);
  expect((await byId({ extensions }, tokens.analyst)).codes).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
  expect((await byId({ extensions }, tokens.clerk)).codes).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
});

test('an analyst writes their own documents', async () => {
  expect((await post(hub.url, '{ agencies { nodes { code } } }', { token: tokens.analyst })).codes).toEqual([]);
});

test('the schema is shown only to roles that write documents', async () => {
  const ask = getIntrospectionQuery();
  const seen: Record<string, readonly string[]> = {};
  for (const role of ['analyst', 'system-admin', 'public']) {
    seen[role] = (await post(hub.url, ask, { token: tokens[role] })).codes;
  }
  expect(seen).toEqual({ analyst: [], 'system-admin': [], public: ['FORBIDDEN'] });
  const hidden = [
    '{ __type(name: "Person") { fields { name } } }',
    '{ a: __schema { types { name } } }',
    '{ ...F } fragment F on Query { __schema { types { name } } }',
  ];
  for (const query of hidden) expect((await post(hub.url, query)).codes).toEqual(['FORBIDDEN']);
  expect((await post(hub.url, '{ __typename agencies { __typename } }')).codes).toEqual([]);
});

test('nobody else is helped to guess it', async () => {
  const guesses = [
    '{ agencis { nodes { code } } }',
    '{ agencies { nodes { cod } } }',
    '{ agencies(frist: 1) { nodes { code } } }',
    '{ agencies(where: { cod: { eq: "x" } }) { nodes { code } } }',
    '{ ...on Agenc { code } }',
    'query($v: AgencWhere) { agencies(where: $v) { nodes { code } } }',
    '{ agencies(orderBy: [COD_ASC]) { nodes { code } } }',
  ];
  for (const query of guesses) {
    const { messages } = await post(hub.url, query);
    expect({ query, messages: messages.filter(text => /did you mean/i.test(text)) }).toEqual({ query, messages: [] });
  }
  const where = 'query($v: AgencyWhere) { agencies(where: $v) { nodes { code } } }';
  const { text } = await post(hub.url, where, { variables: { v: { cod: { eq: 'x' } } } });
  expect(text).not.toMatch(/did you mean/i);
  const developer = await post(hub.url, guesses[0]!, { token: tokens.analyst });
  expect(developer.text).toMatch(/did you mean/i);
});

test('sockets keep to the list too, and accept ids', async () => {
  const socket = new WebSocket(`${hub.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const answers = new Map<string, unknown>();
  await new Promise<void>((resolve, reject) => {
    const say = (frame: object) => socket.send(JSON.stringify(frame));
    socket.on('error', reject);
    socket.on('open', () => say({ type: 'connection_init', payload: { authorization: `Bearer ${tokens.clerk}` } }));
    socket.on('message', bytes => {
      const { type, id, payload } = JSON.parse(String(bytes)) as { type: string; id: string; payload: unknown };
      if (type === 'connection_ack') {
        say({ type: 'subscribe', id: 'free', payload: { query: '{ agencies { nodes { code } } }' } });
        say({
          type: 'subscribe',
          id: 'unknown',
          payload: { query: '', extensions: { persistedQuery: { version: 1, sha256Hash: 'beef' } } },
        });
        say({ type: 'subscribe', id: 'stored', payload: { query: '', documentId: named('CaseBoard').id } });
      } else if (type !== 'complete') answers.set(id, payload);
      if (answers.size === 3) resolve();
    });
  });
  socket.terminate();
  expect(JSON.stringify(answers.get('free'))).toContain('OPERATION_NOT_STORED');
  expect(JSON.stringify(answers.get('unknown'))).toContain('PERSISTED_QUERY_NOT_FOUND');
  expect(answers.get('stored')).toHaveProperty('data.cases');
});

test('afterwards the hub is healthy', async () => {
  expect(await hub.stillWell()).toMatchObject({ alive: true, leaked: [] });
});
