import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Adapter, Delivery, DeliveryReader } from '../../../adapters/kit/contract.ts';
import { ConfigError, readConfig } from '../../../src/config.ts';
import { scriptedAgency } from '../../support/scripted-adapter.ts';
import { project } from '../../support/source-imports.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const folder = path.join(project, 'test/support/certificates');
const file = (name: string) => path.join(folder, name);
const read = (name: string) => readFileSync(file(name), 'utf8');
const tls = { HUB_TLS_CERT: file('hub.pem'), HUB_TLS_KEY: file('hub.key') };

const taken: Delivery[] = [];
/** An agency that pushes, and whose deliveries carry no proof of their own. */
function pushing(code: string, name: string): Adapter {
  const { adapter } = scriptedAgency(code, name);
  const push: DeliveryReader<unknown> = {
    admit: () => {},
    read: async delivery => {
      taken.push(delivery);
      return [];
    },
  };
  return { ...adapter, modes: ['push'], connect: () => ({ push }) } as Adapter;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly resumed: boolean;
}
/** @param certificate the name of the client's certificate and key; null for none */
function agentOf(certificate: string | null): Agent {
  const own = certificate ? { cert: read(`${certificate}.pem`), key: read(`${certificate}.key`) } : {};
  return new Agent({ keepAlive: false, ca: read('authority.pem'), ...own });
}
function send(agent: Agent, url: string, body: string, type = 'application/x-ndjson'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { 'content-type': type } }, answer => {
      const resumed = (answer.socket as TLSSocket).isSessionReused();
      let text = '';
      answer.setEncoding('utf8').on('data', part => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, text, resumed }));
    });
    sent.on('error', reject).end(body);
  });
}

describe('a hub that asks agencies for certificates', () => {
  let hub: TestHub;
  const push = (certificate: string | null, agency: string) =>
    send(agentOf(certificate), `${hub.hub.url}/push/${agency}`, 'a delivery');

  beforeAll(async () => {
    hub = await startTestHub({
      adapters: [pushing('food-drug', 'Orchard'), pushing('police', 'Meadow')],
      environment: { ...tls, HUB_PUSH_CLIENT_CA: file('authority.pem') },
    });
  });
  afterAll(() => hub.stop());

  test('takes deliveries from an agency with its own certificate', async () => {
    const before = taken.length;
    expect(await push('food-drug', 'food-drug')).toMatchObject({ status: 200 });
    expect(await push('police', 'police')).toMatchObject({ status: 200 });
    expect(taken.length - before).toBe(2);
  });

  test.each([
    ['without a certificate', null],
    ["with another agency's certificate", 'police'],
    ['with its name in a certificate of somebody else', 'forged-food-drug'],
    ["with a server's certificate", 'hub'],
  ])('refuses deliveries %s before the adapter sees them', async (_what, certificate) => {
    const before = taken.length;
    const { status, text } = await push(certificate, 'food-drug');
    expect({ status, error: JSON.parse(text).error }).toEqual({
      status: 401,
      error: expect.stringMatching(/certificate/),
    });
    expect(taken.length).toBe(before);
  });

  test('recognises the agency in a resumed TLS session, and nobody else', async () => {
    const url = `${hub.hub.url}/push/food-drug`;
    for (const [certificate, status] of [
      ['food-drug', 200],
      [null, 401],
    ] as const) {
      const agent = agentOf(certificate);
      const answers = [await send(agent, url, ''), await send(agent, url, '')];
      expect(answers.map(answer => [answer.status, answer.resumed])).toEqual([
        [status, false],
        [status, true],
      ]);
    }
  });

  test('answers queries from everybody, over TLS only', async () => {
    expect(hub.hub.url).toMatch(/^https:/);
    const question = JSON.stringify({ query: '{ agencies { nodes { code } } }' });
    const { status, text } = await send(agentOf(null), `${hub.hub.url}/graphql`, question, 'application/json');
    expect({ status, data: JSON.parse(text).data }).toEqual({ status: 200, data: expect.any(Object) });
    await expect(fetch(`${hub.hub.url.replace('https', 'http')}/livez`)).rejects.toThrow();
  });
});

test('TLS alone asks no agency for a certificate', async () => {
  const hub = await startTestHub({ adapters: [pushing('food-drug', 'Orchard')], environment: tls });
  try {
    expect(await send(agentOf(null), `${hub.hub.url}/push/food-drug`, '')).toMatchObject({ status: 200 });
  } finally {
    await hub.stop();
  }
});

test.each([
  ['a certificate without its key', { HUB_TLS_CERT: tls.HUB_TLS_CERT }, /^HUB_TLS_KEY should be .*; it is not set$/],
  ['a key without its certificate', { HUB_TLS_KEY: tls.HUB_TLS_KEY }, /^HUB_TLS_CERT should be .*; it is not set$/],
  ['another key', { ...tls, HUB_TLS_KEY: file('police.key') }, /^HUB_TLS_KEY should be .*; it is something else$/],
  [
    'an authority without TLS',
    { HUB_PUSH_CLIENT_CA: file('authority.pem') },
    /^HUB_TLS_CERT should be .*; it is not set$/,
  ],
  [
    'a file that is not there',
    { ...tls, HUB_TLS_CERT: '/nowhere.pem' },
    /^HUB_TLS_CERT should be .*; it is something else$/,
  ],
])('%s stops the start with one line', (_what, given, line) => {
  const usual = { DATABASE_URL: 'postgresql://hub@127.0.0.1:1/hub', HUB_TOKEN_ISSUER: 'https://issuer.example' };
  expect(() => readConfig({ ...usual, ...given })).toThrow(ConfigError);
  expect(() => readConfig({ ...usual, ...given })).toThrow(line);
});
