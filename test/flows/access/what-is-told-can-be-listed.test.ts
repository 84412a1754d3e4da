import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeRandom } from '../../../seeds/township/random.ts';
import type { Role } from '../../../src/access/principal.ts';
import { rules } from '../../../src/access/rules.ts';
import type { Noun, StoredNoun } from '../../../src/catalog/catalog.ts';
import { Region } from '../../../src/catalog/nouns/places.ts';
import { type GraphqlAnswer, HallClient } from '../../../src/cli/hall-client.ts';
import { exportAccessPaths } from '../../support/export-access-paths.ts';
import { fromTheBeginning } from '../../support/from-the-beginning.ts';
import { groupAccessPaths } from '../../support/group-access-paths.ts';
import {
  codesOf,
  type Listing,
  listAll,
  listed,
  mayFilter,
  randomQuestion,
  sees,
  tested,
  toMany,
  toOne,
} from '../../support/listed-readers.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { anyTests } from '../../support/test-purposes.ts';
import { testSeed as seed } from '../../support/test-seed.ts';
import { makeTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { orderName, type Row, sorted } from '../../support/where-model.ts';

const random = makeRandom(seed, 'what is told can be listed');
const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
let t: TestHub;
let issuer: TokenIssuer;
/** Everything that a reader who sees everything has listed. */
let everything: Listing;

beforeAll(async () => {
  issuer = await makeTokenIssuer();
  const environment = { ...issuer.environment, ...anyTests };
  t = await startTestHub({ agencies, population: 120, reference: true, environment });
  await t.synchronised();
  everything = await listAll('clerk', await clientOf('clerk', {}, 'task:test'), 'all', nouns());
});
afterAll(() => t?.stop());

const clientOf = async (role: Role, claims: object, purpose: string | null) =>
  new HallClient(t.hub.url, role === 'public' ? null : await issuer.token({ role, sub: 'reader', ...claims }), purpose);
const nouns = () => t.hub.store.catalog.all();
const pick = <T>(list: readonly T[]): T => random.pick(list);

async function randomReader(): Promise<Listing> {
  const role = pick(['officer', 'officer', 'village-agent', 'integrator', 'analyst', 'clerk', 'public'] as const);
  const agency = pick(agencies);
  const village = String(pick(listed(everything, nouns().find(({ name }) => name === 'Region')!)).code);
  const [caseRow] = [pick(listed(everything, t.hub.store.catalog.get('Case')))];
  const stated = pick([null, `case:${caseRow!.caseNo}`, 'matter:FD-JY-001', 'matter:POL-HJ-002', 'task:test']);
  const client = await clientOf(role, { agency, host: 'town', village }, stated);
  // A purpose that does not hold for this reader counts as none.
  const purpose = (await client.ask('{ __typename }')).extensions?.purposeProblem ? null : stated;
  const shown = rules[role].personal[(purpose?.split(':')[0] ?? 'without') as 'without'];
  const reader = await listAll(role, client, shown, nouns());
  return { ...reader, name: `${role} of ${agency} and ${village} for ${purpose}` };
}

const ids = (rows: readonly { readonly id: string }[]) => rows.map(row => row.id);
const sortedIds = (rows: readonly { readonly id: string }[]) => ids(rows).sort();

/** One access path to rows. It fails unless the answer follows from the rows that the reader can list. */
type AccessPath = (reader: Listing, noun: StoredNoun) => Promise<void>;

/** A noun that this reader sees in part, if there is one, because there an access path could reveal too much. */
function pickNoun(reader: Listing, fits: (noun: StoredNoun) => boolean = () => true): StoredNoun | null {
  const all = nouns().filter(noun => sees(reader, noun) && listed(everything, noun).length && fits(noun));
  const partly = all.filter(noun => listed(reader, noun).length < listed(everything, noun).length);
  return partly.length && random.chance(0.8) ? pick(partly) : all.length ? pick(all) : null;
}
const hiddenRows = (reader: Listing, noun: Noun): Row[] => {
  const known = new Set(ids(listed(reader, noun)));
  return listed(everything, noun).filter(row => !known.has(row.id));
};
const nobodysId = (noun: Noun) => `${noun.name}:00000000-0000-8000-a000-000000000000`;
/** An answer without the values that were asked for. */
const shapeOf = (answer: GraphqlAnswer, ...values: unknown[]) =>
  values.reduce<string>((text, value) => text.replaceAll(String(value), '?'), JSON.stringify(answer));

const accessPaths: Readonly<Record<string, AccessPath>> = {
  ...groupAccessPaths(random, () => everything),
  ...exportAccessPaths(random, () => everything),

  'a count': async (reader, noun) => {
    const { where, fitting } = randomQuestion(random, reader, everything, noun);
    const query = `query ($where: ${noun.name}Where) { list: ${noun.kind.plural}(where: $where) { totalCount } }`;
    const { data } = await reader.client.ask(query, { where });
    expect({ where, count: data.list.totalCount }).toEqual({ where, count: fitting.length });
  },

  'a list in an order': async (reader, noun) => {
    const { where, fitting, allowed } = randomQuestion(random, reader, everything, noun);
    const ordered = allowed.filter(({ field }) => !field.format?.personPrefix);
    const orders = ordered.length ? [`${pick(ordered).name} ${pick(['asc', 'desc'])}`] : [];
    const query = `query ($where: ${noun.name}Where, $orderBy: [${noun.name}Order!]) { list: ${noun.kind.plural}(where: $where, orderBy: $orderBy, first: 200) { nodes { id } } }`;
    const { data } = await reader.client.ask(query, { where, orderBy: orders.map(orderName) });
    const told = ids(data.list.nodes);
    expect({ where, told }).toEqual({ where, told: ids(sorted(noun, fitting, orders)).slice(0, 200) });
  },

  'what is about a row': async (reader, noun) => {
    const relations = toMany(noun).filter(({ to }) => sees(reader, to));
    const parents = listed(reader, noun);
    if (!relations.length || !parents.length) return;
    const [parent, relation] = [pick(parents), pick(relations)];
    const about = listed(reader, relation.to).filter(
      row => (row[`to_${relation.link.role}`] as { id: string } | null)?.id === parent.id,
    );
    const query = `query ($id: ID!) { node(id: $id) { ... on ${noun.name} { list: ${relation.name}(first: 200) { totalCount nodes { id } } } } }`;
    const { data } = await reader.client.ask(query, { id: parent.id });
    const { totalCount, nodes } = data.node.list;
    const place = { parent: parent.id, relation: relation.name };
    expect({ ...place, totalCount, nodes: sortedIds(nodes) }).toEqual({
      ...place,
      totalCount: about.length,
      nodes: sortedIds(about).slice(0, 200),
    });
  },

  'a row behind another': async (reader, noun) => {
    // A row that leads to others also shows only rows that can be listed.
    for (const { name, to } of toOne(noun)) {
      const targets = listed(reader, noun).map(row => row[`to_${name}`] as { id: string } | null);
      const known = new Set(ids(listed(reader, to)));
      expect(targets.filter(target => target && !known.has(target.id))).toEqual([]);
    }
  },

  'a search': async (reader, noun) => {
    const from = listed(everything, noun);
    const texts = [...noun.columns.values()].filter(({ field }) => field.scalar === 'text');
    const value = String(pick(from)[pick(texts).name] ?? '房寺').slice(0, 60);
    const text = random.chance(0.5) ? value : value.slice(0, Math.max(2, value.length >> 1));
    const query = 'query ($text: String!) { search(text: $text, first: 50) { id __typename } }';
    const { data, errors } = await reader.client.ask(query, { text });
    if (errors) return expect(codesOf({ errors })).toEqual(['BAD_USER_INPUT']);
    const searched = ['Person', 'Organisation', 'Case', 'Licence', 'Matter', 'PowerListEntry', 'Region', 'Agency'];
    const expected = searched.flatMap(name => hits(reader, t.hub.store.catalog.stored(name), text));
    if (expected.length > 50) return expect(data.search).toHaveLength(50);
    expect({ text, told: sortedIds(data.search) }).toEqual({ text, told: sortedIds(expected) });
  },

  'a row by its id': async (reader, noun) => {
    const row = pick(listed(everything, noun));
    const { data } = await reader.client.ask('query ($id: ID!) { node(id: $id) { id } }', { id: row.id });
    const known = listed(reader, noun).some(({ id }) => id === row.id);
    expect({ id: row.id, known: data.node !== null }).toEqual({ id: row.id, known });
  },

  'an error about a row that is not seen': async (reader, noun) => {
    const [hidden] = hiddenRows(reader, noun);
    if (!hidden) return;
    // The answer is word for word that for a record that does not exist.
    const ask = async (id: string) => {
      const query = `query ($id: ID!) { node(id: $id) { id } }`;
      const unmask = `mutation ($id: ID!) { requestUnmask(id: $id, reason: "to see what is said") { until } }`;
      const said = [await reader.client.ask(query, { id }), await reader.client.ask(unmask, { id })];
      return said.map(answer => shapeOf(answer, id));
    };
    expect(await ask(hidden.id)).toEqual(await ask(nobodysId(noun)));
    const [key] = noun.kind.key;
    const { field } = noun.columns.get(key!)!;
    if (field.scalar !== 'text') return;
    const single = noun.name[0]!.toLowerCase() + noun.name.slice(1);
    const byKey = (value: unknown) =>
      reader.client.ask(`query ($key: String!) { it: ${single}(${key}: $key) { id } }`, { key: value });
    const others = listed(reader, noun).some(row => row[key!] === hidden[key!]);
    if (!others) expect(shapeOf(await byKey(hidden[key!]))).toEqual(shapeOf(await byKey('no such key')));
  },

  'a cursor': async (reader, noun) => {
    const rows = listed(reader, noun);
    const after = (cursor: unknown) =>
      reader.client.ask(
        `query ($after: String) { list: ${noun.kind.plural}(first: 200, after: $after) { nodes { id } } }`,
        { after: cursor },
      );
    if (rows.length) {
      const at = random.below(rows.length);
      const { data } = await after(rows[at]!.cursor);
      expect(ids(data.list.nodes)).toEqual(ids(rows).slice(at + 1, at + 201));
    }
    const [hidden] = hiddenRows(reader, noun);
    if (hidden) expect(codesOf(await after(hidden.cursor))).toEqual(['CURSOR_MALFORMED']);
  },

  'what all agencies say': async (reader, noun) => {
    if (noun.name !== 'Person' && noun.name !== 'Organisation') return;
    const rows = listed(reader, noun);
    if (!rows.length) return;
    const query = `query ($id: ID!) { node(id: $id) { ... on ${noun.name} { records(first: 200) { id } conflicts { claims { record { id } } } } } }`;
    const parent = pick(rows);
    const { data } = await reader.client.ask(query, { id: parent.id });
    const known = new Set(
      toMany(noun)
        .filter(({ to }) => to.origin !== 'derived')
        .flatMap(({ to, link }) =>
          listed(reader, to).filter(row => (row[`to_${link.role}`] as { id: string } | null)?.id === parent.id),
        )
        .map(row => row.id),
    );
    expect(sortedIds(data.node.records)).toEqual([...known].sort());
    const claims = data.node.conflicts.flatMap(
      ({ claims: said }: { claims: { record: { id: string } | null }[] }) => said,
    );
    for (const { record } of claims) expect(known.has(record?.id ?? 'none')).toBe(true);
  },
};

/** What a search finds in a noun: text within a searched field, or a complete key in its normalised spelling. */
function hits(reader: Listing, noun: StoredNoun, text: string): Row[] {
  const columns = [...noun.columns.values()].filter(column => mayFilter(reader, column));
  return listed(reader, noun).filter(plain => {
    const row = tested(reader, noun, plain);
    return columns.some(({ name, field }) => {
      const value = row[name];
      if (value === null || value === undefined) return false;
      if (field.format && noun.kind.key.includes(name)) {
        const key = field.format.normalise(text.trim());
        return !field.format.faults(key).length && value === key;
      }
      return field.searched && String(value).toLowerCase().includes(text.trim().toLowerCase());
    });
  });
}

describe(`whatever a random reader receives, they could have listed (seed ${seed})`, () => {
  const trials = Number(process.env.TEST_READERS ?? 4);
  test.each(Array.from({ length: trials }, (_, i) => i + 1))('reader %i', async () => {
    const reader = await randomReader();
    for (const [accessPath, take] of Object.entries(accessPaths)) {
      for (let i = 0; i < 8; i++) {
        const noun = pickNoun(reader);
        if (!noun) continue;
        try {
          await take(reader, noun);
        } catch (error) {
          throw new Error(`${accessPath}, ${noun.name}, told to ${reader.name}: ${(error as Error).message}`);
        }
      }
    }
    await followsFromListed(reader);
    // A filter that every row fits does not change what may be sent.
    const seen = nouns().filter(noun => listed(reader, noun).length || noun.name === 'Region');
    const every = seen.map(noun => `${noun.kind.plural}: { not: { or: [] } }`);
    await followsFromListed(reader, `where: { ${every.join(', ')} }`);
  });
});

/** Regions that were changed to end a stream. */
const ends = new Set<string>();
/** The pushed rows are exactly those that exist now. */
async function followsFromListed(reader: Listing, where = ''): Promise<void> {
  const query = `subscription { changes(${where} ${fromTheBeginning}) { kind agency deleted node { id } } }`;
  const inbox = await reader.client.subscribe(query);
  // Everybody sees regions, so a change of this one marks the end of what came before.
  const code = `371482101${900 + ends.size}`;
  await stateRecords(t.hub.store, 'town', [plainStatement(Region, code, { code }, Date.now())]);
  const last = `Region:${t.hub.store.identity.ofRecord('Region', 'town', code)}`;
  ends.add(last);
  const told = new Set<string>();
  for (;;) {
    const { data, errors } = await inbox.next();
    expect(errors).toBeUndefined();
    const { node } = data.changes;
    if (node?.id === last) break;
    if (node && !ends.has(node.id)) told.add(node.id);
  }
  await inbox.close();
  const changed = await t.hub.store.database.read('select distinct kind, record_id from hub_change', []);
  const listable = new Set(nouns().flatMap(noun => ids(listed(reader, noun))));
  const expected = changed.map(([kind, id]) => `${kind}:${id}`).filter(id => listable.has(id) && !ends.has(id));
  expect({ reader: reader.name, told: [...told].sort() }).toEqual({ reader: reader.name, told: expected.sort() });
}
