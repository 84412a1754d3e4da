import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { MaskName } from '../../../adapters/kit/record.ts';
import { makeTownship } from '../../../seeds/township/township.ts';
import { namesPerson } from '../../../src/access/policy.ts';
import { makeSchema } from '../../../src/api/schema/schema.ts';
import { isStated, isStored, type Noun, type StoredNoun } from '../../../src/catalog/catalog.ts';
import { Region } from '../../../src/catalog/nouns/places.ts';
import { type GraphqlAnswer, HallClient, type Inbox } from '../../../src/cli/hall-client.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import { plainStatement } from '../../support/plain-statement.ts';
import { stateRecords } from '../../support/state-records.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';
import { makeTokenIssuer } from '../../support/token-issuer.ts';

const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
const population = 400;
const town = makeTownship({ population, seed: 1 });
/** The values that answers must not contain, in any form in which a text could carry them. */
const residentIds = town.residents.map(r => r.residentId);
const phones = town.residents.map(r => r.phone);
const names = town.residents.map(r => r.name);

let t: TestHub;
let clerk: HallClient;
let analyst: HallClient;
let integrator: HallClient;
let nobody: HallClient;
/** Readers whose tokens are not accepted. */
let refused: Record<string, HallClient>;
let nouns: StoredNoun[];
let open: StoredNoun[];
let closed: StoredNoun[];
/** Everything that the hub answered in this file: bodies and headers. */
const answers: { readonly body: string; readonly headers: string }[] = [];
const plainFetch = globalThis.fetch;
const inboxes: Inbox[] = [];

beforeAll(async () => {
  const issuer = await makeTokenIssuer();
  const adapters = (await findAdapters()).map(adapter => ({ ...adapter, pollEveryMs: 50 }));
  t = await startTestHub({ agencies, adapters, population, reference: true, environment: issuer.environment });
  await t.synchronised();
  globalThis.fetch = async (input, init) => {
    const response = await plainFetch(input, init);
    if (String(input).startsWith(t.hub.url)) {
      answers.push({ body: await response.clone().text(), headers: JSON.stringify([...response.headers]) });
    }
    return response;
  };
  const bearer = async (role: string, agency?: string) =>
    new HallClient(t.hub.url, await issuer.token({ role, ...(agency && { agency }) }));
  clerk = new HallClient(t.hub.url, await issuer.token({ role: 'clerk' }), 'task:test');
  analyst = await bearer('analyst');
  integrator = await bearer('integrator', 'commerce');
  const bad = await issuer.badTokens({ role: 'clerk' });
  nobody = new HallClient(t.hub.url, null);
  refused = {
    'an integrator of nothing': await bearer('integrator'),
    ...Object.fromEntries(
      Object.entries(bad).flatMap(([name, token]) => (token ? [[name, new HallClient(t.hub.url, token)]] : [])),
    ),
  };
  nouns = t.hub.store.catalog.all();
  open = nouns.filter(noun => noun.kind.open);
  closed = nouns.filter(noun => !noun.kind.open);
});
afterEach(async () => {
  for (const inbox of inboxes.splice(0)) await inbox.close();
});
afterAll(async () => {
  globalThis.fetch = plainFetch;
  await t?.stop();
});

const codes = ({ errors }: GraphqlAnswer) => [...new Set(errors?.map(e => e.extensions?.code))];
const singleOf = (noun: Noun) => noun.name[0]!.toLowerCase() + noun.name.slice(1);
const keyArgument = (noun: Noun) => {
  const name = noun.kind.key[0]!;
  const { table, scalar } = noun.columns.get(name)!.field;
  const value = table ? Object.keys(table.values)[0] : scalar === 'integer' ? 1 : '"1"';
  return `${name}: ${value}`;
};
const leaves = (noun: Noun) => {
  const fields = [...noun.columns.keys()].join(' ');
  const envelope = 'observedAt asOf source { agency sourceId version } spellings { field raw normalised faults }';
  return `id ${fields} ${isStated(noun) ? envelope : ''}`;
};
const follow = async (client: HallClient, selection: string, from: 'now' | 'oldest') => {
  const inbox = await client.subscribe(`subscription { changes(oldest: ${from === 'oldest'}) { ${selection} } }`);
  inboxes.push(inbox);
  return inbox;
};
const read = (text: string, values: unknown[] = []) => t.hub.store.database.read(text, values);

describe('the public', () => {
  test('the roots of the graph are those that this file walks', () => {
    const roots = Object.keys(makeSchema(t.hub.store.catalog, t.hub.adapters).getQueryType()!.getFields());
    const own = ['node', 'search', 'explainAccess', 'dataSubjectReport', 'auditEntries', 'viewer'];
    expect(roots.sort()).toEqual([...nouns.flatMap(n => [singleOf(n), n.kind.plural]), ...own].sort());
    expect(open.map(n => n.name).sort()).toEqual(
      [
        'Agency',
        'Delegation',
        'Hall',
        'Matter',
        'MatterFee',
        'MatterMaterial',
        'Outpost',
        'PowerListEntry',
        'Region',
        'Task',
        'Window',
      ].sort(),
    );
  });

  test('with a token that is not accepted, sees nothing at all', async () => {
    for (const [who, client] of Object.entries(refused)) {
      const answer = await client.ask(`{ ${open[0]!.kind.plural}(first: 1) { nodes { id } } }`);
      expect({ who, data: answer.data, codes: codes(answer) }).toEqual({
        who,
        data: undefined,
        codes: ['UNAUTHENTICATED'],
      });
    }
  });

  test('sees the public part, and null with FORBIDDEN for everything else', async () => {
    const roots = nouns.flatMap(noun => [
      `${noun.kind.plural}(first: 1) { totalCount nodes { id } }`,
      `${singleOf(noun)}(${keyArgument(noun)}) { id }`,
    ]);
    const administrative = [
      'dataSubjectReport(residentId: "1") { __typename }',
      'explainAccess(id: "Person:1", reader: { role: "clerk" }) { visible }',
      'auditEntries { next }',
    ];
    const answer = await nobody.ask(`{ ${[...roots, ...administrative].join('\n')} }`);
    for (const noun of open) {
      const some = answer.data[noun.kind.plural].totalCount > 0;
      expect({ kind: noun.name, some }).toEqual({ kind: noun.name, some: true });
    }
    for (const noun of closed) {
      const given = [answer.data[noun.kind.plural], answer.data[singleOf(noun)]];
      expect({ kind: noun.name, given }).toEqual({ kind: noun.name, given: [null, null] });
    }
    expect(codes(answer)).toEqual(['FORBIDDEN']);
    const names = closed.flatMap(n => [n.kind.plural, singleOf(n)]);
    expect(answer.errors!.map(e => e.path![0]).sort()).toEqual(
      [...names, 'auditEntries', 'dataSubjectReport', 'explainAccess'].sort(),
    );
  });

  test('cannot get beyond public records, neither by connections nor by links', async () => {
    for (const noun of open) {
      const ways = [...noun.relations.values()].filter(r => !r.to.kind.open);
      for (const { name, many, live } of ways) {
        const inner = many && !live ? 'totalCount nodes { id }' : 'id';
        const answer = await nobody.ask(`{ ${noun.kind.plural}(first: 1) { nodes { id ${name} { ${inner} } } } }`);
        const [node] = answer.data[noun.kind.plural].nodes;
        expect({ way: `${noun.name}.${name}`, node, codes: codes(answer) }).toEqual({
          way: `${noun.name}.${name}`,
          node: { id: expect.any(String), [name]: null },
          codes: ['FORBIDDEN'],
        });
      }
    }
  });

  test('finds nothing by node(id) or search that is not public', async () => {
    for (const noun of closed) {
      const [row] = await read(`select id from ${noun.table} limit 1`);
      const answer = await nobody.ask(
        `{ node(id: "${noun.name}:${row?.[0] ?? '00000000-0000-8000-a000-000000000000'}") { id } }`,
      );
      expect({ kind: noun.name, data: answer.data, codes: codes(answer) }).toEqual({
        kind: noun.name,
        data: { node: null },
        codes: ['FORBIDDEN'],
      });
    }
    const [[caseNo]] = (await read('select case_no from hub_case where not deleted limit 1')) as [[string]];
    const [[matter]] = (await read('select title from hub_matter limit 1')) as [[string]];
    for (const text of [residentIds[0]!, names[0]!, caseNo, '房寺']) {
      const { data, errors } = await nobody.ask(
        'query ($text: String!) { search(text: $text, first: 50) { __typename } }',
        { text },
      );
      expect(errors).toBeUndefined();
      for (const { __typename } of data.search) expect(open.map(n => n.name)).toContain(__typename);
    }
    const { data } = await nobody.ask('query ($text: String!) { search(text: $text) { __typename } }', {
      text: matter,
    });
    expect(data.search).toContainEqual({ __typename: 'Matter' });
  });

  test('sees how fresh each agency is, but not what failed there', async () => {
    const { data, errors } = await nobody.ask(
      '{ agencies(first: 100) { nodes { code freshness { modes lagSeconds parked error } } } }',
    );
    expect(errors).toBeUndefined();
    const fresh = data.agencies.nodes.filter((a: { freshness: object | null }) => a.freshness);
    expect(fresh).toHaveLength(5);
    for (const { freshness } of fresh) expect(freshness).toMatchObject({ lagSeconds: expect.any(Number), error: null });
  });

  test('receives only public changes from a subscription', async () => {
    const inbox = await follow(nobody, 'kind agency caseNo node { id }', 'now');
    const staff = await follow(clerk, 'node { id }', 'now');
    const { kind, sourceId } = await t.systems.get('police')!.touch();
    const id = `${kind}:${t.hub.store.identity.ofRecord(kind, 'police', sourceId)}`;
    await staff.nextWhere(({ data }) => data.changes.node?.id === id);
    await stateRecords(t.hub.store, 'town', [
      plainStatement(Region, '371482101999', { code: '371482101999', name: 'A village' }, Date.now()),
    ]);
    const { data } = await inbox.next();
    expect(data.changes).toMatchObject({ kind: 'Region', agency: 'town', caseNo: null });
    expect(JSON.stringify(data)).not.toContain(id);
  });
});

/** What may remain of a value, by its mask. */
const masked: Readonly<Record<MaskName, RegExp | null>> = {
  identity: /^([0-9A-Z]{6}\*+[0-9A-Z]{4}|\*+)$/,
  region: /^([0-9A-Z]{6}\*+|\*+)$/,
  name: /^[^*]{1,8}\*+[^*]?$/,
  phone: /^(.{3}\*+.{4}|0\d{2,3}-?\*+\d{3}|\*+)$/,
  address: /^([^*]*[省市县区旗镇乡道村])?\**$/,
  plate: /^(.{2}\*+.{2}|\*+)$/,
  account: /^\*+.{0,4}$/,
  stars: /^\*+$/,
  hidden: null,
};
function expectMasked(place: string, mask: MaskName, scalar: string, whole: unknown, seen: unknown): void {
  if (whole === null || mask === 'hidden' || scalar !== 'text') expect({ place, seen }).toEqual({ place, seen: null });
  else expect({ place, seen }).toEqual({ place, seen: expect.stringMatching(masked[mask]!) });
}

/** An analyst sees the region part of identity numbers. */
const shownAs = (mask: MaskName): MaskName => (mask === 'identity' ? 'region' : mask);

describe('an analyst', () => {
  type Row = Record<string, unknown> & { id: string; spellings?: { field: string; raw: string; normalised: string }[] };
  const compare = (noun: Noun, whole: Row, seen: Row) => {
    for (const [name, { field }] of noun.columns) {
      const place = `${noun.name}.${name}`;
      if (field.sensitivity === 'personal')
        expectMasked(place, shownAs(field.mask), field.scalar, whole[name], seen[name]);
      else if (namesPerson(field, whole[name])) expectMasked(place, 'region', 'text', whole[name], seen[name]);
      else expect({ place, seen: seen[name] }).toEqual({ place, seen: whole[name] });
    }
    // A masked value stands nowhere else in the row either, such as in the source's id.
    const text = JSON.stringify(seen);
    for (const { name, field } of noun.columns.values()) {
      const value = whole[name];
      if (field.sensitivity !== 'personal' || typeof value !== 'string' || !/^\d{8,}[\dX]$/.test(value)) continue;
      expect({ place: `${noun.name}.${name}`, elsewhere: text.includes(value) }).toEqual({
        place: `${noun.name}.${name}`,
        elsewhere: false,
      });
    }
    for (const [i, { field, raw, normalised }] of (seen.spellings ?? []).entries()) {
      const declared = noun.columns.get(field)!.field;
      if (declared.sensitivity !== 'personal') continue;
      const first = whole.spellings![i]!;
      expect({ field, raw }).toEqual({ field, raw: null });
      expectMasked(`spelling of ${noun.name}.${field}`, shownAs(declared.mask), 'text', first.normalised, normalised);
    }
  };

  test('sees every row, and every personal field of it masked, also in spellings', async () => {
    for (const noun of nouns) {
      const query = `{ rows: ${noun.kind.plural}(first: 200) { totalCount nodes { ${leaves(noun)} } } }`;
      const [whole, seen] = [await clerk.ask(query), await analyst.ask(query)];
      expect({ kind: noun.name, errors: seen.errors ?? whole.errors }).toEqual({ kind: noun.name, errors: undefined });
      expect(seen.data.rows.totalCount).toBe(whole.data.rows.totalCount);
      whole.data.rows.nodes.forEach((row: Row, i: number) => {
        compare(noun, row, seen.data.rows.nodes[i]);
      });
      expectNoPersonalNumbers(noun.name, JSON.stringify(seen));
    }
  });

  test('sees live answers of the police masked as well', async () => {
    for (const noun of [...t.hub.store.catalog.nouns.values()].filter(n => n.kind.live === 'only')) {
      const relation = [...t.hub.store.catalog.get('Person').relations.values()].find(r => r.to === noun)!.name;
      const query = `query ($after: String) { persons(first: 200, after: $after) {
        nodes { live: ${relation} { ${leaves(noun)} } } pageInfo { hasNextPage endCursor } } }`;
      // Few people have a permit, so this reads page by page until somebody has one.
      let [whole, seen, lists]: [GraphqlAnswer, GraphqlAnswer, Row[][]] = [{}, {}, []];
      for (let after: string | null = null; lists.flat().length === 0; after = whole.data.persons.pageInfo.endCursor) {
        if (whole.data) expect([noun.name, whole.data.persons.pageInfo.hasNextPage]).toEqual([noun.name, true]);
        [whole, seen] = [await clerk.ask(query, { after }), await analyst.ask(query, { after })];
        expect(seen.errors).toBeUndefined();
        lists = whole.data.persons.nodes.map((node: { live: Row[] }) => node.live);
      }
      lists.forEach((live, i) => {
        live.forEach((row, j) => {
          compare(noun, row, seen.data.persons.nodes[i].live[j]);
        });
      });
      expectNoPersonalNumbers(noun.name, JSON.stringify(seen));
    }
  });

  test('sees that agencies differ about a person, with the claims masked', async () => {
    const query = '{ persons(first: 200) { nodes { conflicts { fact claims { value agency record { id } } } } } }';
    const [whole, seen] = [await clerk.ask(query), await analyst.ask(query)];
    expect(seen.errors).toBeUndefined();
    const person = t.hub.store.catalog.get('Person');
    let claims = 0;
    type Conflict = { fact: string; claims: { value: string }[] };
    whole.data.persons.nodes.forEach(({ conflicts }: { conflicts: Conflict[] }, i: number) => {
      const others: Conflict[] = seen.data.persons.nodes[i].conflicts;
      expect(others.map(c => c.fact)).toEqual(conflicts.map(c => c.fact));
      conflicts.forEach(({ fact, claims: said }, j) => {
        const { mask, scalar } = person.columns.get(fact)!.field;
        said.forEach(({ value }, k) => {
          claims += 1;
          expectMasked(`claim of ${fact}`, shownAs(mask), scalar, value, others[j]!.claims[k]!.value);
        });
      });
    });
    expect(claims).toBeGreaterThan(0);
  });

  test('receives changes with the same masks', async () => {
    const spoken = nouns.filter(n => n.origin === 'agency' || n.origin === 'hall');
    // Fields with one name have different types in different kinds.
    const parts = spoken.map(
      n => `... on ${n.name} { ${[...n.columns.keys()].map(name => `${n.name}_${name}: ${name}`).join(' ')} }`,
    );
    const last = t.hub.tail.position;
    const inbox = await follow(analyst, `position node { __typename id ${parts.join(' ')} }`, 'oldest');
    for (let position = 0, told = 0; position < last && told < 400; told++) {
      const { data, errors } = await inbox.next();
      expect(errors).toBeUndefined();
      position = data.changes.position;
      const node = data.changes.node;
      const noun = node && spoken.find(n => n.name === node.__typename);
      if (!noun) continue;
      for (const [name, { field }] of noun.columns) {
        const seen = node[`${noun.name}_${name}`];
        if (field.sensitivity === 'personal' && seen !== null) {
          expectMasked(`event of ${noun.name}.${name}`, shownAs(field.mask), field.scalar, seen, seen);
        }
      }
      expectNoPersonalNumbers(noun.name, JSON.stringify(data));
    }
  });

  test('may not filter, order or look up by fields that they see masked', async () => {
    for (const noun of nouns) {
      const personal = [...noun.columns.values()].filter(
        c => c.field.sensitivity === 'personal' && c.field.scalar !== 'geometry',
      );
      const { plural, key } = noun.kind;
      for (const { name, column } of personal) {
        const order = column.toUpperCase();
        const answer = await analyst.ask(
          `{ where: ${plural}(where: { ${name}: { isNull: false } }) { nodes { id } }
             nested: ${plural}(where: { or: [{ not: { and: [{ ${name}: { isNull: true } }] } }] }) { nodes { id } }
             count: ${plural}(where: { ${name}: { isNull: false } }) { totalCount }
             up: ${plural}(orderBy: [${order}_ASC]) { nodes { id } }
             down: ${plural}(orderBy: [OBSERVED_AT_ASC, ${order}_DESC]) { nodes { id } } }`,
        );
        expect({ field: `${noun.name}.${name}`, codes: codes(answer), errors: answer.errors?.length }).toEqual({
          field: `${noun.name}.${name}`,
          codes: ['FILTER_FORBIDDEN'],
          errors: 5,
        });
      }
      if (personal.some(c => c.name === key[0])) {
        const answer = await analyst.ask(`{ it: ${singleOf(noun)}(${keyArgument(noun)}) { id } }`);
        expect({ kind: noun.name, data: answer.data, codes: codes(answer) }).toEqual({
          kind: noun.name,
          data: { it: null },
          codes: ['FILTER_FORBIDDEN'],
        });
      }
    }
  });

  test('finds nobody by a name or a number', async () => {
    const known = (await read('select resident_id, name from hub_person where name is not null limit 20')) as [
      string,
      string,
    ][];
    for (const text of known.flat()) {
      const { data, errors } = await analyst.ask(
        'query ($text: String!) { search(text: $text, first: 50) { __typename } }',
        { text },
      );
      expect(errors).toBeUndefined();
      expect(data.search.filter((hit: { __typename: string }) => hit.__typename === 'Person')).toEqual([]);
    }
  });
});

/** No identity number and no telephone number of the town stands anywhere in the text. */
function expectNoPersonalNumbers(place: string, text: string): void {
  const found = [...residentIds, ...phones].filter(number => text.includes(number));
  expect({ place, found: found.length }).toEqual({ place, found: 0 });
}

describe('an integrator', () => {
  const own = (noun: Noun) =>
    noun.kind.open || noun.name === 'Case' || (noun.origin !== 'town' && noun.agencies.includes('commerce'));

  test('sees persons and organisations that their own agency states something about, and only that', async () => {
    for (const plural of ['persons', 'organisations']) {
      const query = `{ rows: ${plural}(first: 30) { nodes { records(first: 50) { source { agency } } } } }`;
      const { data, errors } = await integrator.ask(query);
      expect(errors).toBeUndefined();
      expect(data.rows.nodes.length).toBeGreaterThan(0);
      for (const { records } of data.rows.nodes) {
        const told = records.map((record: { source: { agency: string } }) => record.source.agency);
        expect(new Set(told)).toEqual(new Set(['commerce', ...told.filter((agency: string) => agency === 'town')]));
      }
    }
  });

  test("sees the rows of their own agency's kinds, and no other kind", async () => {
    for (const noun of closed.filter(n => n.origin !== 'derived' || n.name === 'Case')) {
      const field = noun.name === 'Case' ? 'leadAgencyCode' : 'source { agency }';
      const query = `{ rows: ${noun.kind.plural}(first: 200) { totalCount nodes { id ${isStated(noun) || noun.name === 'Case' ? field : ''} } } }`;
      const answer = await integrator.ask(query);
      if (!own(noun)) {
        expect({ kind: noun.name, data: answer.data, codes: codes(answer) }).toEqual({
          kind: noun.name,
          data: { rows: null },
          codes: ['FORBIDDEN'],
        });
        continue;
      }
      expect(answer.errors).toBeUndefined();
      const column = noun.name === 'Case' ? 'lead_agency_code' : 'agency';
      const [[count]] = (await read(
        `select count(*) from ${noun.table} where not deleted and ${column} = 'commerce'`,
      )) as [[string]];
      expect({ kind: noun.name, count: answer.data.rows.totalCount }).toEqual({
        kind: noun.name,
        count: Number(count),
      });
      for (const row of answer.data.rows.nodes) expect(row.leadAgencyCode ?? row.source.agency).toBe('commerce');
    }
  });

  test('cannot find rows of other agencies by id, by number or in a subscription', async () => {
    const [[id, caseNo]] = (await read(
      `select id, case_no from hub_case where lead_agency_code = 'police' and not deleted limit 1`,
    )) as [[string, string]];
    const answer = await integrator.ask(
      `{ node(id: "Case:${id}") { id } case(caseNo: "${caseNo}") { id } search(text: "${caseNo}") { id } }`,
    );
    expect(answer).toEqual({ data: { node: null, case: null, search: [] } });
    const last = t.hub.tail.position;
    const inbox = await follow(integrator, 'position agency kind node { __typename }', 'oldest');
    await stateRecords(t.hub.store, 'town', [
      plainStatement(Region, '371482101998', { code: '371482101998' }, Date.now()),
    ]);
    for (let position = 0; position <= last; ) {
      const { data } = await inbox.next();
      position = data.changes.position;
      if (data.changes.agency !== 'commerce') expect(open.map(n => n.name)).toContain(data.changes.kind);
    }
  });

  test('sees people masked', async () => {
    const { data } = await integrator.ask(
      '{ marketEntities(first: 200) { nodes { legalRepresentativeName legalRepresentativeId phone } } }',
    );
    expectNoPersonalNumbers('MarketEntity', JSON.stringify(data));
    for (const { legalRepresentativeName } of data.marketEntities.nodes) {
      if (legalRepresentativeName) expect(legalRepresentativeName).toMatch(masked.name!);
    }
  });
});

test('no error, header or cursor of all these answers holds a number or a name of the town', () => {
  expect(answers.length).toBeGreaterThan(100);
  const pieces = answers.flatMap(({ body, headers }) => [
    headers,
    JSON.stringify(JSON.parse(body).errors ?? []),
    ...(body.match(/"(?:start|end)?[cC]ursor":"[^"]*"/g) ?? []),
  ]);
  const text = pieces.join('\n');
  const found = [...residentIds, ...phones, ...names].filter(secret => text.includes(secret));
  expect(found.length).toBe(0);
});

test('a kind that is only asked for live is not stored, so it has no root', () => {
  for (const noun of t.hub.store.catalog.nouns.values())
    if (noun.kind.live === 'only') expect(isStored(noun)).toBe(false);
});
