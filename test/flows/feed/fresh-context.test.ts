/** Each event has a context and loaders of its own: nothing that one execution has read can be shown by another. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildSchema, type GraphQLSchema, parse } from 'graphql';
import { Approval } from '../../../adapters/kit/hall-kinds.ts';
import { nobody } from '../../../src/access/principal.ts';
import type { Context, Hub } from '../../../src/api/context.ts';
import { answerFor, type Execution } from '../../../src/api/feed-execution.ts';
import { Cursors } from '../../../src/feed/cursors.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

let t: TestHub;
beforeAll(async () => {
  t = await startTestHub({ adapters: await silentAdapters() });
});
afterAll(() => t?.stop());

const clerk = { ...nobody(), role: 'clerk' as const, subject: 'clerk' };
/** A schema whose one field hands its context out, as a resolver could that keeps it for later. */
function spying(seen: Context[]): GraphQLSchema {
  const schema = buildSchema('type Query { a: Int } type Subscription { event: String }');
  schema.getSubscriptionType()!.getFields().event!.resolve = async (_root, _args, context: Context) => {
    seen.push(context);
    return (await context.one(context.hub.catalog.stored('Approval'), id()))?.name;
  };
  return schema;
}
const id = () => t.hub.store.identity.ofRecord('Approval', 'land', 'step');
const state = (name: string, version: number) =>
  stateRecords(t.hub.store, 'land', [plainStatement(Approval, 'step', { caseNo: 'a case', name }, version)]);

test('a context ends with its execution: the next event reads anew, and a loader that outlived its own refuses', async () => {
  const { catalog, identity, database } = t.hub.store;
  const hub = {
    catalog,
    identity,
    read: database.read,
    town: 'town',
    grants: () => [],
    cursors: new Cursors(''),
  } as unknown as Hub;
  const seen: Context[] = [];
  const execution: Execution = {
    schema: spying(seen),
    hub,
    document: parse('subscription { event }'),
    operationName: null,
    variables: {},
    operation: { name: null, sha256: '' },
    tell: result => result,
  };
  const event = async () => JSON.parse((await answerFor(execution, clerk, {})).payload.text('')).data.event;
  await state('one', 1);
  expect(await event()).toBe('one');
  await state('two', 2);
  expect(await event()).toBe('two');
  expect(new Set(seen).size).toBe(2);
  for (const context of seen) {
    await expect((async () => context.one(catalog.stored('Approval'), id()))()).rejects.toThrow(
      'A loader was used after its execution',
    );
  }
});
