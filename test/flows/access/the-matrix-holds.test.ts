import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MaskName } from '../../../adapters/kit/record.ts';
import { makeRandom } from '../../../seeds/township/random.ts';
import { maskValue } from '../../../src/access/masks.ts';
import { namesPerson } from '../../../src/access/policy.ts';
import { type Role, roles } from '../../../src/access/principal.ts';
import { rules } from '../../../src/access/rules.ts';
import type { Noun, StoredNoun } from '../../../src/catalog/catalog.ts';
import { type GraphqlAnswer, HallClient } from '../../../src/cli/hall-client.ts';
import { type MatrixLine, readMatrix } from '../../support/access-matrix.ts';
import { fieldAccessPaths } from '../../support/field-access-paths.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { anyTests } from '../../support/test-purposes.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

const random = makeRandom(seed, 'the matrix holds');
const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
const matrix = readMatrix();
const rowsEach = 20;
let t: TestHub;
let issuer: TokenIssuer;
let village: string;
let purposes: readonly (string | null)[];
/** Every field's whole value, by the row's id. */
let truth: ReadonlyMap<string, Row>;

type Row = Readonly<Record<string, unknown>> & { readonly id: string };
type Rows = Readonly<Record<string, readonly Row[] | null>>;

beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const environment = { ...issuer.environment, ...anyTests };
  t = await startTestHub({ agencies, population: 200, reference: true, environment });
  await t.synchronised();
  const [[caseNo, region]] = (await t.hub.store.database.read(
    `select case_no, region_code from hub_case where state <> 'CLOSED' and applicant_id is not null and region_code is not null order by case_no limit 1`,
    [],
  )) as [[string, string]];
  village = region;
  purposes = [null, `case:${caseNo}`, 'task:test'];
  const all = await rowsOf(await clientOf('clerk', 2), nouns(), 200);
  truth = new Map(Object.values(all).flatMap(rows => (rows ?? []).map(row => [row.id, row])));
});
afterAll(() => t?.stop());

const nouns = () => t.hub.store.catalog.all();
/** @param look 0: without a purpose, 1: for a case, 2: for a task */
async function clientOf(role: Role, look: number): Promise<HallClient> {
  const claims = { role, sub: `a-${role}`, agency: 'commerce', host: 'town', village };
  return new HallClient(t.hub.url, role === 'public' ? null : await issuer.token(claims), purposes[look]);
}
const codes = ({ errors }: GraphqlAnswer) => errors?.map(error => error.extensions?.code) ?? [];

/** All columns of the first rows of each noun; null where the reader may not see the noun. */
async function rowsOf(client: HallClient, wanted: readonly StoredNoun[], first = rowsEach): Promise<Rows> {
  const rows: Record<string, Row[] | null> = {};
  for (let from = 0; from < wanted.length; from += 8) {
    const parts = wanted.slice(from, from + 8).map(({ kind, columns }) => {
      return `${kind.plural}(first: ${first}) { nodes { id ${[...columns.keys()].join(' ')} } }`;
    });
    const answer = await client.ask(`{ ${parts.join('\n')} }`);
    expect(codes(answer).filter(code => code !== 'FORBIDDEN')).toEqual([]);
    for (const noun of wanted.slice(from, from + 8)) rows[noun.name] = answer.data[noun.kind.plural]?.nodes ?? null;
  }
  return rows;
}

test('the reviewed matrix has a line for every field and relation of every noun', () => {
  for (const noun of t.hub.store.catalog.nouns.values()) {
    const lines = matrix.get(noun.name)!;
    const fields = [...noun.columns.keys(), ...noun.relations.keys()];
    expect({ noun: noun.name, lines: lines.map(line => line.field) }).toEqual({ noun: noun.name, lines: fields });
  }
});

/** Whether a value looks as the given part of a cell says. */
function fits(noun: Noun, field: string, look: string, whole: unknown, seen: unknown, masked: string): boolean {
  const { scalar } = noun.columns.get(field)!.field;
  const same = (value: unknown) => JSON.stringify(value) === JSON.stringify(seen);
  if (look === 'whole') return same(whole);
  if (look === 'case') return same(whole) || fits(noun, field, masked, whole, seen, masked);
  return same(maskValue(look as MaskName, scalar, whole));
}

describe.each(roles)('for the role %s', role => {
  test('every row of every noun looks as the matrix says, with and without a purpose', async () => {
    let compared = 0;
    const wrong: unknown[] = [];
    for (const look of [0, 1, 2]) {
      const rows = await rowsOf(await clientOf(role, look), nouns());
      for (const noun of nouns()) {
        const lines = matrix.get(noun.name)!.filter(line => noun.columns.has(line.field));
        const seen = rows[noun.name];
        const place = { role, purpose: purposes[look], noun: noun.name };
        expect({ ...place, sees: seen !== null }).toEqual({ ...place, sees: lines[0]!.looks(role) !== null });
        for (const row of seen ?? []) {
          const whole = truth.get(row.id);
          if (!whole) continue;
          for (const line of lines) {
            const [masked, ...others] = line.looks(role)!;
            const says = [masked, ...others][look]!;
            const { field } = noun.columns.get(line.field)!;
            // A sole trader's code counts as a person's value wherever persons are not whole.
            const trader = namesPerson(field, whole[line.field]) && row[line.field] !== whole[line.field];
            const code = rules[role].unmaskMinutes ? 'identity' : 'region';
            const cell = trader ? code : says;
            const ok = fits(noun, line.field, cell, whole[line.field], row[line.field], trader ? code : masked);
            if (!ok) wrong.push({ ...place, field: line.field, cell });
            compared += 1;
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(500);
  });

  test('every relation leads on or is refused as the matrix says', async () => {
    const client = await clientOf(role, 0);
    for (const noun of nouns()) {
      const lines = matrix.get(noun.name)!.filter(line => noun.relations.has(line.field) && line.looks(role));
      if (!lines.length) continue;
      const parts = lines.map(({ field }) => {
        const { many, live } = noun.relations.get(field)!;
        return `${field} { ${many && !live ? 'nodes { id }' : 'id'} }`;
      });
      const answer = await client.ask(`{ ${noun.kind.plural}(first: 1) { nodes { id ${parts.join(' ')} } } }`);
      if (!answer.data[noun.kind.plural].nodes.length) continue;
      const refused = (answer.errors ?? []).map(({ path, extensions }) => [path!.at(-1), extensions!.code]);
      const expected = lines.filter(line => line.looks(role)![0] === '–').map(({ field }) => [field, 'FORBIDDEN']);
      expect({ noun: noun.name, refused: refused.sort() }).toEqual({ noun: noun.name, refused: expected.sort() });
    }
  });

  test.each([0, 2])(
    'nothing is found by a key that is masked, unless the role finds persons and has a purpose (%i)',
    async look => {
      const client = await clientOf(role, look);
      const finds = rules[role].finds && look > 0;
      for (const noun of nouns()) {
        const [key] = noun.kind.key;
        const { table, scalar } = noun.columns.get(key!)!.field;
        const value = table ? Object.keys(table.values)[0] : scalar === 'integer' ? 1 : '"1"';
        const single = noun.name[0]!.toLowerCase() + noun.name.slice(1);
        const looks = noun.kind.key.map(name =>
          matrix
            .get(noun.name)!
            .find(line => line.field === name)!
            .looks(role),
        );
        const masked = looks.some(each => each && each[0] !== 'whole' && !finds);
        const expected = looks[0] === null ? ['FORBIDDEN'] : masked ? ['FILTER_FORBIDDEN'] : [];
        const told = codes(await client.ask(`{ it: ${single}(${key}: ${value}) { id } }`));
        expect({ noun: noun.name, told }).toEqual({ noun: noun.name, told: expected });
      }
    },
  );

  test(`a field that is masked or hidden cannot be filtered, ordered, grouped or measured (seed ${seed})`, async () => {
    // Purposes that show the same fields allow the same filters, so only the different ones are tried.
    const looks = [0, 1, 2].filter(look => look === 0 || differs(role, look));
    for (const look of looks) {
      const client = await clientOf(role, look);
      const questions = nouns().flatMap(noun => questionsAbout(noun, role, look));
      const size = role === 'public' ? 25 : 80;
      for (let from = 0; from < questions.length; from += size) {
        const chunk = questions.slice(from, from + size);
        const answer = await client.ask(`{ ${chunk.map(({ text }, i) => `a${i}: ${text}`).join('\n')} }`);
        expect((answer.errors ?? []).filter(({ path }) => !path)).toEqual([]);
        const told = new Map((answer.errors ?? []).map(({ path, extensions }) => [path?.[0], extensions?.code]));
        const found = chunk.map(({ place }, i) => ({ place, code: told.get(`a${i}`) ?? 'answered' }));
        expect({ role, look, found }).toEqual({ role, look, found: chunk.map(({ place, code }) => ({ place, code })) });
      }
    }
  });
});

const differs = (role: Role, look: number): boolean =>
  [...matrix.values()].flat().some(line => {
    const looks = line.looks(role);
    return looks !== null && (looks[look] === 'whole') !== (looks[0] === 'whole');
  });

function questionsAbout(noun: StoredNoun, role: Role, look: number) {
  const lines = matrix.get(noun.name)!.filter(line => noun.columns.has(line.field) && line.looks(role));
  const tested = lines.filter(line => noun.columns.get(line.field)!.field.scalar !== 'geometry');
  return tested.flatMap(line => {
    const whole = line.looks(role)![look] === 'whole';
    const { field } = noun.columns.get(line.field)!;
    const named = field.format?.personPrefix !== undefined;
    const fitting = Object.keys(fieldAccessPaths).filter(name => fieldAccessPaths[name]!.fits?.(field) ?? true);
    const chosen = [...fitting.slice(0, 2), random.pick(fitting)];
    return [...new Set(chosen)].map(accessPath => {
      const { orders, groups } = fieldAccessPaths[accessPath]!;
      const isNamed = orders && named && !seesPersonsWhole(role, look);
      const refused = !whole || isNamed || (groups && field.sensitivity === 'personal');
      return {
        place: `${accessPath} of ${noun.name}.${line.field}`,
        text: fieldAccessPaths[accessPath]!.of(noun, line.field),
        code: refused ? 'FILTER_FORBIDDEN' : 'answered',
      };
    });
  });
}
const seesPersonsWhole = (role: Role, look: number): boolean =>
  matrix
    .get('Person')!
    .find((line: MatrixLine) => line.field === 'residentId')!
    .looks(role)?.[look] === 'whole';

describe('fields that only some roles have', () => {
  const someone = '371482198503120037';
  /** A query for each field; add an entry for a new field. */
  const probes: Readonly<Record<string, string>> = {
    'Query.explainAccess':
      'query { explainAccess(id: "Region:00000000-0000-8000-a000-000000000000", reader: { role: "clerk" }) { visible } }',
    'Query.auditEntries': 'query { auditEntries(first: 1) { next } }',
    'Query.dataSubjectReport': `query { dataSubjectReport(residentId: "${someone}") { more } }`,
    'Mutation.endSession': 'mutation { endSession(session: "nobody-has-it", reason: "the device was lost") { until } }',
    'Mutation.orderSealing': 'mutation { orderSealing(number: "1", subject: "x", until: "2000-01-01") { until } }',
    'Mutation.requestUnmask': 'mutation { requestUnmask(id: "x", reason: "to see whether it is refused") { until } }',
    'Subscription.changes': 'subscription { changes(kinds: ["no such kind"]) { kind } }',
    'Subscription.caseBoard': 'subscription { caseBoard { type } }',
    'Subscription.approvalUpdates': 'subscription { approvalUpdates { type } }',
    'Agency.freshness': 'query { agencies(first: 1) { nodes { freshness { modes } } } }',
    'AgencyFreshness.error': 'query { agencies(first: 1) { nodes { freshness { modes } } } }',
    'AgencyFreshness.signs': 'query { agencies(first: 1) { nodes { freshness { modes } } } }',
  };
  /** A board shows rows of a noun, so it is for roles that see some of them. */
  const boards: Readonly<Record<string, string>> = {
    'Subscription.caseBoard': 'Case',
    'Subscription.approvalUpdates': 'Approval',
  };
  const lines = matrix.get('Fields that no record declares')!.filter(({ about }) => about.startsWith('for:'));
  const roots = lines.filter(({ field }) => /^(Query|Mutation|Subscription|Agency|AgencyFreshness)\./.test(field));

  test('each field that only some roles have has a query here', () => {
    expect(roots.map(({ field }) => field).sort()).toEqual(Object.keys(probes).sort());
  });

  test.each(
    roots.filter(({ field }) => !field.startsWith('AgencyFreshness.')).map(line => [line.field, line] as const),
  )('%s is refused to the others', async (field, line) => {
    for (const role of roles) {
      // Village agents act in cases, so the tasks of the register are not for them.
      const client = await clientOf(role, role === 'village-agent' ? 1 : 2);
      const subscribed = field.startsWith('Subscription');
      const answer = subscribed
        ? await client.subscribe(probes[field]!).then(inbox => inbox.next().finally(() => inbox.close()))
        : await client.ask(probes[field]!);
      const refused = codes(answer).includes('FORBIDDEN');
      const seesNone = field in boards && matrix.get(boards[field]!)![0]!.looks(role) === null;
      expect({ role, refused }).toEqual({ role, refused: seesNone || line.looks(role)![0] === '–' });
    }
  });

  test('the failure at an agency, and what looks wrong there, are shown only to those who look after it', async () => {
    for (const agency of ['commerce', 'police']) {
      t.systems.get(agency)!.setOutage('refuse');
      await t.healthOf(agency, ({ error }) => error !== null);
    }
    const line = lines.find(({ field }) => field === 'AgencyFreshness.error')!;
    for (const role of roles) {
      const { data } = await (await clientOf(role, 0)).ask(
        '{ agencies(first: 100) { nodes { code freshness { error signs } } } }',
      );
      type Told = { error: string | null; signs: string[] | null };
      const nodes = data.agencies.nodes as { code: string; freshness: Told | null }[];
      const told = nodes.filter(({ freshness }) => freshness?.error).map(({ code }) => code);
      const shown = nodes.filter(({ freshness }) => freshness?.signs).map(({ code }) => code);
      const all = line.looks(role)![0] === '–' ? [] : ['commerce', 'police'];
      // The tokens here name an agency for every role, but only an integrator is bound to it.
      const expected = role === 'integrator' ? ['commerce'] : all;
      expect({ role, told: told.sort() }).toEqual({ role, told: expected });
      const looksAfter = role === 'integrator' ? ['commerce'] : all.length ? [...agencies].sort() : [];
      expect({ role, shown: shown.sort() }).toEqual({ role, shown: looksAfter });
    }
  });
});
