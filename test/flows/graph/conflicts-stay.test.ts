import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MarketEntity } from '../../../adapters/commerce/records.ts';
import { Inspection } from '../../../adapters/food-drug/records.ts';
import { InsuredPerson } from '../../../adapters/human-resources/records.ts';
import type { Statement } from '../../../adapters/kit/statement.ts';
import { Right } from '../../../adapters/land/records.ts';
import { HouseholdChange } from '../../../adapters/police/records.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { precedence } from '../../../src/catalog/nouns/derived.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { silentAdapters } from '../../support/silent-adapters.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';

const random = makeRandom(seed, 'conflicts');
const { residents, businesses } = makeTownship({ population: 300, seed });
/** Each test uses people and businesses of its own. */
let usedResidents = 0;
let usedBusinesses = 0;
const nextPerson = () => residents[usedResidents++]!.residentId;
const nextBusiness = () => businesses[usedBusinesses++]!.creditCode;

let t: TestHub;
beforeAll(async () => {
  t = await startTestHub({ adapters: await silentAdapters() });
});
afterAll(() => t?.stop());

/** How each agency states that a person has this name. */
type SaysName = (residentId: string, name: string, birthDate?: string, version?: number) => Statement;
const calls: Readonly<Record<string, SaysName>> = {
  police: (residentId, name, birthDate, version) =>
    plainStatement(
      HouseholdChange,
      `change ${residentId}`,
      { residentId, name, ...(birthDate && { birthDate }) },
      version,
    ),
  'human-resources': (residentId, name, birthDate, version) =>
    plainStatement(
      InsuredPerson,
      `insured ${residentId}`,
      { residentId, name, ...(birthDate && { birthDate }) },
      version,
    ),
  land: (holderId, holderName, _, version) =>
    plainStatement(
      Right,
      `right ${holderId}`,
      { holderId, holderName, unitCode: '371482101001GB00001W00000000' },
      version,
    ),
  commerce: (legalRepresentativeId, legalRepresentativeName, _, version) =>
    plainStatement(
      MarketEntity,
      `entity ${legalRepresentativeId}`,
      { legalRepresentativeId, legalRepresentativeName },
      version,
    ),
};
const agenciesThatCall = Object.keys(calls);
const state = (agency: string, ...statements: Statement[]) => stateRecords(t.hub.store, agency, statements);

const question = `fragment Facts on Conflict { fact claims { value agency kind record { id source { agency } } } }
query ($id: String!) { person(residentId: $id) { name birthDate conflicts { ...Facts } } }`;
interface Facts {
  readonly name: string | null;
  readonly birthDate: string | null;
  readonly conflicts: { fact: string; claims: { value: string; agency: string; kind: string; record: object }[] }[];
}
async function ask(id: string): Promise<Facts> {
  const { data, errors } = await t.clerk.ask(question, { id });
  expect(errors).toBeUndefined();
  return data.person;
}
const idOf = (agency: string, { kind, sourceId }: Statement) =>
  `${kind}:${t.hub.store.identity.ofRecord(kind, agency, sourceId)}`;

test('two names both stay, each with its agency and record', async () => {
  const person = nextPerson();
  const insured = calls['human-resources']!(person, '王秀英');
  const right = calls.land!(person, '王秀瑛');
  await state('human-resources', insured);
  expect((await ask(person)).conflicts).toEqual([]);
  await state('land', right);
  const { name, conflicts } = await ask(person);
  expect(name).toBe('王秀英');
  const said = conflicts.find(c => c.fact === 'name')!.claims;
  expect(said).toEqual([
    {
      value: '王秀英',
      agency: 'human-resources',
      kind: 'InsuredPerson',
      record: { id: idOf('human-resources', insured), source: { agency: 'human-resources' } },
    },
    { value: '王秀瑛', agency: 'land', kind: 'Right', record: { id: idOf('land', right), source: { agency: 'land' } } },
  ]);
});

test('two birth dates both stay, and the person keeps the one of the resident id', async () => {
  const person = nextPerson();
  const inId = `${person.slice(6, 10)}-${person.slice(10, 12)}-${person.slice(12, 14)}`;
  await state('human-resources', calls['human-resources']!(person, '赵刚', '1949-10-02'));
  await state('police', calls.police!(person, '赵刚', inId));
  const { birthDate, conflicts } = await ask(person);
  expect(birthDate).toBe(inId);
  expect(conflicts.map(c => [c.fact, c.claims.map(({ value, agency }) => [agency, value])])).toEqual([
    [
      'birthDate',
      [
        ['human-resources', '1949-10-02'],
        ['police', inId],
      ],
    ],
  ]);
});

test("two addresses of an organisation both stay, and the register's takes precedence", async () => {
  const creditCode = nextBusiness();
  await state(
    'food-drug',
    plainStatement(Inspection, `task ${creditCode}`, {
      objectCreditCode: creditCode,
      objectName: '鑫源超市',
      objectAddress: '房寺镇东街9号',
    }),
  );
  await state(
    'commerce',
    plainStatement(MarketEntity, `entity ${creditCode}`, { creditCode, name: '鑫源超市', address: '房寺镇西街1号' }),
  );
  const { data } = await t.clerk.ask(
    'query ($code: String!) { organisation(creditCode: $code) { name address conflicts { fact claims { value agency kind } } } }',
    { code: creditCode },
  );
  expect(data.organisation).toEqual({
    name: '鑫源超市',
    address: '房寺镇西街1号',
    conflicts: [
      {
        fact: 'address',
        claims: [
          { value: '房寺镇西街1号', agency: 'commerce', kind: 'MarketEntity' },
          { value: '房寺镇东街9号', agency: 'food-drug', kind: 'Inspection' },
        ],
      },
    ],
  });
});

test('spellings that mean the same are no conflict: dots, width, spaces', async () => {
  for (const spellings of [
    ['艾力·克里木', '艾力•克里木', '艾力．克里木', '艾力・克里木'],
    ['王 强', '王强', '王　强', '王强 '],
    ['ＡＢＣ王', 'ABC王', 'ABC 王', 'ＡBC王'],
  ]) {
    const person = nextPerson();
    for (const [i, agency] of agenciesThatCall.entries()) await state(agency, calls[agency]!(person, spellings[i]!));
    const names = (await ask(person)).conflicts.filter(c => c.fact === 'name');
    expect({ spellings, names }).toEqual({ spellings, names: [] });
  }
});

test('a conflict ends when one side withdraws its statement or agrees', async () => {
  const [first, second] = [nextPerson(), nextPerson()];
  for (const person of [first, second]) {
    await state('police', calls.police!(person, '李军'));
    await state('commerce', calls.commerce!(person, '李君'));
    expect((await ask(person)).conflicts.map(c => c.fact)).toContain('name');
  }
  await state('commerce', calls.commerce!(first, '李军', undefined, 2));
  await state('police', { ...calls.police!(second, '李军', undefined, 2), deleted: true });
  expect((await ask(first)).conflicts).toEqual([]);
  expect(await ask(second)).toMatchObject({ name: '李君', conflicts: [] });
});

test(`the name follows the precedence of agencies, whatever the order of arrival (TEST_SEED=${seed})`, async () => {
  const order = precedence.Person!.name!;
  for (let round = 0; round < 25; round++) {
    const person = nextPerson();
    const speaking = agenciesThatCall.filter(() => random.chance(0.7));
    // Each agency first states one thing and then corrects it; both statements may arrive in either order.
    const statements = speaking.flatMap(agency =>
      [1, 2].map(version => ({
        agency,
        statement: calls[agency]!(person, `${agency}${version}号`, undefined, version),
      })),
    );
    const shuffled = statements.map(one => [random.below(1e9), one] as const).sort(([a], [b]) => a - b);
    for (const [, { agency, statement }] of shuffled) await state(agency, statement);
    if (!speaking.length) continue;
    const { name, conflicts } = await ask(person);
    const expected = order.find(agency => speaking.includes(agency))!;
    expect({ arrival: shuffled.map(([, { agency }]) => agency), name }).toMatchObject({ name: `${expected}2号` });
    const said = conflicts.find(c => c.fact === 'name')?.claims.map(c => c.value) ?? [];
    expect(said.sort()).toEqual(speaking.length > 1 ? speaking.map(agency => `${agency}2号`).sort() : []);
  }
});
