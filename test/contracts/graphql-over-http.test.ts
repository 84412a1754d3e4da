/** The audits of graphql-http, each a sentence of the specification "GraphQL over HTTP", against a running hub. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { startTestHub, type TestHub } from '../support/test-hub.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub?.stop());

/**
 * A query by GET carries this header; without it, any other site could send the query without a browser's preflight.
 */
const fetchPreflighted: typeof fetch = (input, init) =>
  fetch(input, {
    ...init,
    headers: { ...(init?.headers as Record<string, string>), 'apollo-require-preflight': 'true' },
  });

const audits = serverAudits({ url: () => `${hub.hub.url}/graphql`, fetchFn: fetchPreflighted });

/**
 * Audits that answer with a warning, by their id: 572B (parsing fails), FDE2 (validation), 7B9B (variables). All
 * say one thing: a request that cannot run SHOULD get the status 200 when it accepts `application/json`, so that a
 * client can distinguish the hub from a proxy. The hub answers 400 as Apollo Server always did: the hall's clients, its
 * proxies and its alarms recognise refusals by the status. The body is a GraphQL answer all the same, and a client that accepts
 * `application/graphql-response+json` gets what the specification prefers.
 */
const warnings = new Set(['572B', 'FDE2', '7B9B']);

describe.each(audits)('$id $name', ({ id, fn }) => {
  test(warnings.has(id) ? 'is a warning, with a reason' : 'is so', async () => {
    const result = await fn();
    const reason = 'reason' in result ? result.reason : null;
    expect({ status: result.status, reason }).toMatchObject({ status: warnings.has(id) ? 'warn' : 'ok' });
    if (result.status === 'warn') expect(result.response.status).toBe(400);
  });
});

test('every audit of a MUST passes', () => {
  const musts = audits.filter(({ name }) => name.startsWith('MUST')).map(({ id }) => id);
  expect(musts.length).toBeGreaterThan(10);
  expect(musts.filter(id => warnings.has(id))).toEqual([]);
});
