/** The column holds the normalised identifier; what the source wrote, and what was wrong with it, is kept beside it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { versionOf } from '../../../adapters/kit/statement.ts';
import { inventedCreditCode, inventedResidentId } from '../../support/invented-identifiers.ts';
import { scriptedAgency, tell } from '../../support/scripted-adapter.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const orchard = scriptedAgency('orchard', 'Orchard');
const id = inventedResidentId(7);
const fullWidth = id.replace(/\d/g, digit => String.fromCodePoint(0xff10 + Number(digit)));
const wrongId = `${id.slice(0, 17)}${id.endsWith('0') ? '1' : '0'}`;
const creditCode = inventedCreditCode(7);
const wrongCode = `${creditCode.slice(0, 17)}${creditCode.endsWith('0') ? '1' : '0'}`;

const statement = (kind: string, sourceId: string, data: Record<string, unknown>) =>
  tell({ kind, sourceId, version: versionOf(1), deleted: false, data });
const items = [
  statement(orchard.holding.name, 'plain', { number: 'H-1', holderId: id }),
  statement(orchard.holding.name, 'fullWidth', { number: 'H-2', holderId: fullWidth }),
  statement(orchard.holding.name, 'wrong', { number: 'H-3', holderId: wrongId, holderName: '王建国' }),
  statement(orchard.group.name, 'spaced', {
    creditCode: ` ${creditCode.slice(0, 9)} ${creditCode.slice(9)}`,
    name: '一',
  }),
  statement(orchard.group.name, 'wrong', { creditCode: wrongCode, name: '二' }),
];

let hub: TestHub;
beforeAll(async () => {
  orchard.source.pages.push({ items });
  hub = await startTestHub({ adapters: [orchard.adapter] });
  await hub.healthOf('orchard', health => health.caughtUpAt !== null);
});
afterAll(() => hub?.stop());

const holdingsQuery = `{ orchardHoldings(orderBy: [NUMBER_ASC]) { nodes {
  number holderId holder { residentId } spellings { field raw normalised faults }
} } }`;
const holdings = async (reader: TestHub['clerk']) => {
  const { data, errors } = await reader.ask(holdingsQuery);
  expect(errors).toBeUndefined();
  return data.orchardHoldings.nodes;
};

test('a clerk sees the normalised spelling in the field and the other spellings beside it', async () => {
  expect(await holdings(hub.clerk)).toEqual([
    { number: 'H-1', holderId: id, holder: { residentId: id }, spellings: [] },
    {
      number: 'H-2',
      holderId: id,
      holder: { residentId: id },
      spellings: [{ field: 'holderId', raw: fullWidth, normalised: id, faults: [] }],
    },
    {
      number: 'H-3',
      holderId: null,
      holder: null,
      spellings: [{ field: 'holderId', raw: wrongId, normalised: wrongId, faults: ['CHECK_DIGIT'] }],
    },
  ]);
});

test('an analyst sees that there were other spellings, but learns no more of a person thereby', async () => {
  const nodes = await holdings(hub.analyst);
  expect(nodes.map((node: { spellings: unknown[] }) => node.spellings.length)).toEqual([0, 1, 1]);
  expect(nodes[2].spellings[0].faults).toEqual(['CHECK_DIGIT']);
  const text = JSON.stringify(nodes);
  for (const hidden of [id, fullWidth, wrongId, id.slice(6, 14), fullWidth.slice(6, 14)])
    expect(text).not.toContain(hidden);
});

test('a spelling of a public identifier is shown to an analyst too', async () => {
  const { data } = await hub.analyst.ask(
    '{ orchardGroups { nodes { creditCode spellings { raw normalised faults } } } }',
  );
  expect(data.orchardGroups.nodes).toEqual([
    {
      creditCode,
      spellings: [{ raw: ` ${creditCode.slice(0, 9)} ${creditCode.slice(9)}`, normalised: creditCode, faults: [] }],
    },
  ]);
});

test('all spellings of one identifier lead to one person, and an invalid one to nobody', async () => {
  const { data } = await hub.clerk.ask(
    'query($id: String!) { person(residentId: $id) { orchardHoldingsAsHolder { totalCount } } }',
    { id },
  );
  expect(data.person.orchardHoldingsAsHolder.totalCount).toBe(2);
  const { database } = hub.hub.store;
  expect(await database.read('select resident_id from hub_person', [])).toEqual([[id]]);
});

test('an invalid required identifier parks its item, with the field and the reason but not the value', async () => {
  const { database } = hub.hub.store;
  expect(await database.read('select kind, source_id, field, reason from hub_parked', [])).toEqual([
    [orchard.group.name, 'wrong', 'creditCode', 'is not a valid unified social credit code: CHECK_DIGIT'],
  ]);
});
