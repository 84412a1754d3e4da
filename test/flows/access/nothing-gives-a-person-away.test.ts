import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import { maskValue } from '../../../src/access/masks.ts';
import { type Policy, policyOf } from '../../../src/access/policy.ts';
import { nobody } from '../../../src/access/principal.ts';
import type { PlainRow } from '../../../src/access/rows.ts';
import { isStated, type StoredNoun } from '../../../src/catalog/catalog.ts';
import type { GraphqlAnswer } from '../../../src/cli/hall-client.ts';
import { givenAway, type Shown } from '../../support/given-away.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { graphValue, readTown, type TownInMemory } from '../../support/town-in-memory.ts';

const random = makeRandom(seed, 'given away');
const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
/** Columns with fewer persons reveal nothing by statistics. */
const fewest = 30;
const livePages = 6;
let t: TestHub;
let town: TownInMemory;
let analyst: Policy;

beforeAll(async () => {
  t = await startTestHub({ agencies, population: 3000, seed, reference: true, faultless: true });
  await t.synchronised();
  const { catalog } = t.hub.store;
  town = await readTown(t.hub.store);
  const ground = { catalog, idOf: (noun: string, key: string) => `${noun} ${key}`, town: 'town', grants: [] };
  analyst = policyOf({ ...nobody(), role: 'analyst', subject: 'a' }, ground);
});
afterAll(() => t?.stop());

/** Ways from a row to a person: what the row is about, and the applicant of the case that it is about. */
function waysOf(noun: StoredNoun): { name: string; personOf: (row: PlainRow) => unknown }[] {
  return noun.links.flatMap(({ role, column, target }) => {
    if (target.name === 'Person') return [{ name: role, personOf: (row: PlainRow) => row[column] }];
    if (target.name !== 'Case') return [];
    const applicantOf = (row: PlainRow) => town.world.byId('Case', String(row[column]))?.about_applicant;
    return [{ name: `${role}.applicant`, personOf: applicantOf }];
  });
}

/** What an analyst sees in a column: a field, or what stands beside every record. */
function columnsOf(noun: StoredNoun): [name: string, shown: (row: PlainRow) => string | null][] {
  const fields = [...noun.columns.values()].map(
    ({ name, column, field }): [string, (row: PlainRow) => string | null] => [
      name,
      row => {
        const value = graphValue(field.scalar, row[column]);
        if (value === null || field.scalar === 'geometry') return null;
        const view = analyst.field(noun, name, false, value);
        // Two characters of a name stay visible by design.
        if (view === 'name') return null;
        const left = view === 'whole' ? String(value) : maskValue(view, field.scalar, value);
        return left && (field.scalar === 'instant' ? inTown(left) : left);
      },
    ],
  );
  if (!isStated(noun)) return fields;
  const source = analyst.sourceId(noun, false);
  return [
    ...fields,
    ['source id', row => (source === 'whole' ? String(row.source_id) : maskValue(source, 'text', row.source_id))],
    ...(analyst.statementTime(noun, false) === 'whole' ? times : []),
  ];
}
/** A version is often derived from a time. */
const times: [name: string, shown: (row: PlainRow) => string | null][] = [
  ['version', row => String(row.version)],
  ['asOf', row => (row.as_of ? inTown(graphValue('instant', row.as_of) as string) : null)],
];
const inTown = (instant: string) => new Date(Date.parse(instant) + 8 * 3600_000).toISOString();

/** All rows, and the rows of each value of a code that the analyst sees, such as births apart from deaths. */
function partsOf(noun: StoredNoun): [name: string, rows: readonly PlainRow[]][] {
  const rows = town.rows.get(noun.name)!;
  const codes = [...noun.columns.values()].filter(
    ({ name, field }) => field.scalar === 'code' && analyst.field(noun, name, false) === 'whole',
  );
  const parts = codes.flatMap(({ name, column }) =>
    [...Map.groupBy(rows, row => row[column])].map(([value, part]): [string, readonly PlainRow[]] => [
      ` where ${name} is ${value}`,
      part,
    ]),
  );
  return [['', rows], ...parts];
}

/** One value for each person, taken from any of the given rows that are theirs. */
function pairsOf(
  rows: readonly PlainRow[],
  personOf: (row: PlainRow) => unknown,
  shown: (row: PlainRow) => string | null,
): Shown[] {
  const pairs = new Map<string, Shown>();
  const start = random.below(rows.length || 1);
  for (const row of [...rows.slice(start), ...rows.slice(0, start)]) {
    const person = town.world.byId('Person', String(personOf(row)));
    const value = person && shown(row);
    const id = String(person?.resident_id);
    if (value && person.birth_date && !pairs.has(id)) pairs.set(id, [value, id]);
  }
  return [...pairs.values()];
}

test(`no field that an analyst sees reveals a birthday, a sex or an identity number more than chance does (seed ${seed})`, () => {
  let compared = 0;
  const told: unknown[] = [];
  for (const noun of t.hub.store.catalog.all()) {
    const ways = noun.name === 'Person' ? [{ name: '', personOf: (row: PlainRow) => row.id }] : waysOf(noun);
    for (const { name: way, personOf } of ways) {
      for (const [column, shown] of columnsOf(noun)) {
        for (const [part, rows] of partsOf(noun)) {
          const pairs = pairsOf(rows, personOf, shown);
          if (pairs.length < fewest) continue;
          compared += 1;
          for (const away of givenAway(pairs)) told.push({ column: `${noun.name}.${column}${part}`, way, ...away });
        }
      }
    }
  }
  expect(told).toEqual([]);
  expect(compared).toBeGreaterThan(100);
});

test(`what the police are asked for an analyst reveals no more than chance either (seed ${seed})`, async () => {
  let compared = 0;
  const told: unknown[] = [];
  const { catalog } = t.hub.store;
  for (const { to, name: relation } of catalog.get('Person').relations.values()) {
    if (to.kind.live !== 'only') continue;
    const fields = [...to.columns.keys()].filter(name => analyst.field(to, name, false) !== 'name');
    const rows: { residentId: string; record: Readonly<Record<string, unknown>> }[] = [];
    for (let after: string | null = null, page = 0; page < livePages; page++) {
      const { data }: GraphqlAnswer = await t.analyst.ask(
        `query ($after: String) { persons(first: 200, after: $after) { pageInfo { endCursor } nodes { id
          live: ${relation} { ${fields.join(' ')} asOf source { sourceId version } } } } }`,
        { after },
      );
      after = data.persons.pageInfo.endCursor;
      for (const { id, live } of data.persons.nodes) {
        const residentId = String(town.world.byId('Person', id.slice('Person:'.length))?.resident_id);
        for (const { source, ...record } of live) rows.push({ residentId, record: { ...record, ...source } });
      }
    }
    for (const column of [...fields, 'asOf', 'sourceId', 'version']) {
      const shown = new Map(rows.map(({ residentId, record }) => [residentId, record[column] ?? null]));
      const pairs = [...shown].flatMap(([id, value]): Shown[] => (value === null ? [] : [[String(value), id]]));
      if (pairs.length < fewest) continue;
      compared += 1;
      for (const away of givenAway(pairs)) told.push({ column: `${to.name}.${column}`, way: '', ...away });
    }
  }
  expect(told).toEqual([]);
  expect(compared).toBeGreaterThan(10);
});
