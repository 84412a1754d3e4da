/** Each event has a context and loaders of its own, so nothing that one execution has read can appear in another. */
import { expect, test } from '@jest/globals';
import { buildSchema, type GraphQLSchema, parse } from 'graphql';
import { nobody } from '../../../src/access/principal.ts';
import type { Context, Hub } from '../../../src/api/request/context.ts';
import { answerFor, type EventExecution } from '../../../src/api/subscriptions/event-execution.ts';
import { isStored, makeCatalog } from '../../../src/catalog/catalog.ts';
import { Identity } from '../../../src/store/identity.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';

const catalog = makeCatalog(await silentAdapters());
const asked = [...catalog.nouns.values()].find(noun => !isStored(noun))!;
const clerk = { ...nobody(), role: 'clerk' as const, subject: 'clerk' };

/** A schema whose one field asks an agency, and leaks its context, as a resolver could that keeps it for later. */
function spying(seen: Context[]): GraphQLSchema {
  const schema = buildSchema('type Query { a: Int } type Subscription { event: String }');
  schema.getSubscriptionType()!.getFields().event!.resolve = async (_root, _args, context: Context) => {
    seen.push(context);
    const twice = [ask(context), ask(context)];
    return (await Promise.all(twice)).map(([record]) => record!.version).join(' ');
  };
  return schema;
}
const ask = (context: Context) => context.responseReader.ask(asked, { id: '', key: 'K', whole: true });

test('a context ends with its execution: the next event asks again, and an older loader refuses', async () => {
  let questions = 0;
  const record = () => ({
    statement: { sourceId: 'x', version: String(questions) },
    values: {},
    spellings: [],
    agency: 'police',
  });
  const hub = {
    catalog,
    identity: new Identity('a key'),
    town: 'town',
    grants: () => [],
    unmasking: { of: () => [] },
    batches: { readFrom: null },
    lookup: async (_kind: string, keys: readonly string[]) => {
      questions += 1;
      return keys.map(() => [record()]);
    },
  } as unknown as Hub;
  const seen: Context[] = [];
  const execution: EventExecution = {
    schema: spying(seen),
    hub,
    document: parse('subscription { event }'),
    operationName: null,
    variables: {},
    operation: { name: null, sha256: '' },
    toClient: result => result,
  };
  const event = async () => JSON.parse((await answerFor(execution, clerk, {})).payload.text('')).data.event;
  // Within one event a lookup is made once, and the next event makes it again.
  expect([await event(), await event()]).toEqual(['1 1', '2 2']);
  expect(new Set(seen).size).toBe(2);
  for (const context of seen) await expect(ask(context)).rejects.toThrow('A loader was used after its execution');
});
