import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Noun, Relation, StoredNoun } from '../../../src/catalog/catalog.ts';
import { isStated, isStored } from '../../../src/catalog/catalog.ts';
import type { GraphqlAnswer } from '../../../src/cli/hall-client.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];
let t: TestHub;
let read: TestHub['hub']['store']['database']['read'];
let nouns: StoredNoun[];

beforeAll(async () => {
  t = await startTestHub({ agencies, population: 600, seed: 2, reference: true });
  await t.synchronised();
  read = t.hub.store.database.read;
  nouns = t.hub.store.catalog.all();
});
afterAll(() => t?.stop());

const dataOf = ({ data, errors }: GraphqlAnswer) => {
  expect(errors).toBeUndefined();
  return data;
};
const fullWidth = (text: string) =>
  [...text].map(character => String.fromCharCode(character.charCodeAt(0) + 0xfee0)).join('');

/** The agencies that state something about each person or organisation, by key: read from the tables, not the graph. */
async function speakersBy(target: 'Person' | 'Organisation', key: string): Promise<Map<string, Set<string>>> {
  const noun = t.hub.store.catalog.stored(target);
  const links = nouns.flatMap(from =>
    isStated(from) && from.origin !== 'town'
      ? from.links
          .filter(link => link.target === noun)
          .map(link => `select "${link.column}" as id, agency from ${from.table} where not deleted`)
      : [],
  );
  const rows = await read(
    `select distinct n.${key}, s.agency from ${noun.table} n join (${links.join(' union all ')}) s on s.id = n.id order by 1`,
    [],
  );
  const speakers = new Map<string, Set<string>>();
  for (const [id, agency] of rows) speakers.set(id!, (speakers.get(id!) ?? new Set()).add(agency!));
  return speakers;
}
const bestKnown = (speakers: Map<string, Set<string>>) =>
  [...speakers].reduce((best, next) => (next[1].size > best[1].size ? next : best));

const storedRelations = (noun: Noun): (Relation & { readonly to: StoredNoun })[] =>
  [...noun.relations.values()].filter(r => r.many && !r.live && isStored(r.to)) as never;

/** All relations of a noun, each with the way back. */
const relationsQuery = (relations: readonly (Relation & { readonly to: StoredNoun })[]) =>
  relations
    .map(({ name, to, link }) => {
      const envelope = isStated(to) ? 'source { agency sourceId version } observedAt asOf' : '';
      return `${name}(first: 200) { totalCount nodes { __typename id ${envelope} back: ${link.role} { id } } }`;
    })
    .join('\n');

describe('one person', () => {
  test('is found by every spelling of the resident id', async () => {
    const ids = (await read(`select resident_id from hub_person order by resident_id`, [])).map(([id]) => id!);
    const withX = ids.find(id => id.endsWith('X'))!;
    const bornBefore2000 = ids.find(id => id.slice(6, 8) === '19' && !/99[6-9]$/.test(id.slice(0, 17)))!;
    const spellings = [
      [ids[0]!, fullWidth(ids[0]!)],
      [ids[0]!, ` ${ids[0]!.slice(0, 6)} ${ids[0]!.slice(6, 14)}\u3000${ids[0]!.slice(14)}`],
      [withX, withX.toLowerCase()],
      [withX, fullWidth(withX.toLowerCase())],
      [bornBefore2000, bornBefore2000.slice(0, 6) + bornBefore2000.slice(8, 17)],
    ] as const;
    for (const [residentId, spelling] of spellings) {
      const { person } = dataOf(
        await t.clerk.ask('query ($id: String!) { person(residentId: $id) { residentId } }', { id: spelling }),
      );
      expect({ spelling, person }).toEqual({ spelling, person: { residentId } });
    }
  });

  test('is null without an error when nobody knows the id', async () => {
    expect(await t.clerk.ask('{ person(residentId: "110101190001010000") { id } }')).toEqual({
      data: { person: null },
    });
  });

  test('leads to what each of the five agencies says about them', async () => {
    const [residentId, speakers] = bestKnown(await speakersBy('Person', 'resident_id'));
    const { person } = dataOf(
      await t.clerk.ask(
        `query ($id: String!) { person(residentId: $id) {
           records(first: 200) { __typename id source { agency } }
           residents { residentId source { agency sourceId } observedAt asOf }
         } }`,
        { id: residentId },
      ),
    );
    const told = new Set<string>(person.records.map((r: { source: { agency: string } }) => r.source.agency));
    expect(told).toEqual(speakers);
    expect(person.residents).toEqual([
      {
        residentId,
        source: { agency: 'police', sourceId: expect.any(String) },
        observedAt: expect.any(String),
        asOf: expect.any(String),
      },
    ]);
    expect([...told, 'police'].sort()).toEqual(
      expect.arrayContaining(['commerce', 'food-drug', 'human-resources', 'land', 'police']),
    );
  });

  test.each([
    ['Person', 'resident_id', 'person(residentId: $key)'],
    ['Organisation', 'credit_code', 'organisation(creditCode: $key)'],
  ] as const)(
    '%s: every relation holds what the tables hold, and each record leads back',
    async (name, column, root) => {
      const noun = t.hub.store.catalog.stored(name);
      const relations = storedRelations(noun);
      const speakers = await speakersBy(name, column);
      const keys = [...speakers].sort((a, b) => b[1].size - a[1].size).slice(0, 3);
      for (const [key] of keys) {
        const answer = dataOf(
          await t.clerk.ask(`query ($key: String!) { it: ${root} { id ${relationsQuery(relations)} } }`, { key }),
        );
        const [[own]] = (await read(`select id from ${noun.table} where ${column} = $1`, [key])) as [[string]];
        expect(answer.it.id).toBe(`${name}:${own}`);
        for (const { name: relation, to, link } of relations) {
          const rows = await read(
            `select id from ${to.table} where "${link.column}" = $1 and not deleted order by id limit 200`,
            [own],
          );
          const { totalCount, nodes } = answer.it[relation];
          expect({ relation, totalCount }).toEqual({ relation, totalCount: rows.length });
          expect(nodes.map((n: { id: string }) => n.id)).toEqual(rows.map(([id]) => `${to.name}:${id}`));
          for (const node of nodes) expect(node.back.id).toBe(`${name}:${own}`);
        }
      }
    },
  );

  test.each(['Person', 'Organisation'] as const)(
    '%s: `records` is all of these in one list, the latest first, as many as are asked for',
    async name => {
      const noun = t.hub.store.catalog.stored(name);
      const [column, root] =
        name === 'Person'
          ? (['resident_id', 'person(residentId: $key)'] as const)
          : (['credit_code', 'organisation(creditCode: $key)'] as const);
      const [key] = bestKnown(await speakersBy(name, column));
      const { it } = dataOf(
        await t.clerk.ask(
          `query ($key: String!) { it: ${root} {
             records(first: 200) { id observedAt asOf source { agency sourceId version } }
             few: records(first: 2) { id }
           } }`,
          { key },
        ),
      );
      const relations = storedRelations(noun).filter(r => isStated(r.to));
      const [[own]] = (await read(`select id from ${noun.table} where ${column} = $1`, [key])) as [[string]];
      const ids = new Set<string>();
      for (const { to, link } of relations) {
        const rows = await read(`select id from ${to.table} where "${link.column}" = $1 and not deleted`, [own]);
        for (const [id] of rows) ids.add(`${to.name}:${id}`);
      }
      expect(it.records.map((r: { id: string }) => r.id).sort()).toEqual([...ids].sort());
      const times = it.records.map((r: { observedAt: string }) => Date.parse(r.observedAt));
      expect(times).toEqual([...times].sort((a, b) => b - a));
      expect(it.few).toEqual(it.records.slice(0, 2).map(({ id }: { id: string }) => ({ id })));
      for (const { source, observedAt } of it.records) {
        expect(source).toEqual({
          agency: expect.stringMatching(/^[a-z-]+$/),
          sourceId: expect.stringMatching(/./),
          version: expect.stringMatching(/./),
        });
        expect(Date.parse(observedAt)).toBeGreaterThan(0);
      }
    },
  );
});

describe('a case', () => {
  test('shows its matter in the right edition, its steps, its closing and who leads it', async () => {
    const rows = await read(
      `select c.case_no from hub_case c where not c.deleted and c.about_matter is not null
         and exists (select 1 from hub_approval a where a.about_case = c.id and not a.deleted)
         and exists (select 1 from hub_case_closing x where x.about_case = c.id and not x.deleted)
       order by c.case_no`,
      [],
    );
    const matterRows = await read(
      `select c.case_no, m.code, m.edition, m.title from hub_case c join hub_matter m on m.id = c.about_matter and not m.deleted where not c.deleted`,
      [],
    );
    const matters = new Map(matterRows.map(([caseNo, ...matter]) => [caseNo, matter]));
    expect(rows.length).toBeGreaterThan(5);
    for (const [caseNo] of rows.slice(0, 5)) {
      const { case: found } = dataOf(
        await t.clerk.ask(
          `query ($no: String!) { case(caseNo: $no) {
             caseNo state result closedAt leadAgencyCode leadAgency { code name }
             matterCode matterEdition matter { code edition title }
             approvals(first: 100) { totalCount nodes { caseNo stepNo state case { caseNo } source { agency } } }
             closings { nodes { result closedAt case { caseNo } } }
             reports { nodes { caseNo matterCode case { caseNo } } }
           } }`,
          { no: caseNo },
        ),
      );
      expect(found).toMatchObject({ caseNo, state: 'CLOSED' });
      expect(agencies).toContain(found.leadAgencyCode);
      expect(found.leadAgency.code).toBe(found.leadAgencyCode);
      const matter = matters.get(caseNo!);
      expect(found.matter && [found.matter.code, String(found.matter.edition), found.matter.title]).toEqual(
        matter ?? null,
      );
      if (found.matter) {
        expect([found.matter.code, found.matter.edition]).toEqual([found.matterCode, found.matterEdition]);
      }
      expect(found.approvals.totalCount).toBe(found.approvals.nodes.length);
      for (const { case: back } of [...found.approvals.nodes, ...found.closings.nodes, ...found.reports.nodes]) {
        expect(back.caseNo).toBe(caseNo);
      }
      expect(found.closings.nodes.map((c: { result: string }) => c.result)).toContain(found.result);
    }
    expect(matters.size).toBeGreaterThan(0);
  });

  test('exists for every agency that reports cases', async () => {
    const { agencies: list } = dataOf(
      await t.clerk.ask('{ agencies(first: 200) { nodes { code ledCases { totalCount } } } }'),
    );
    for (const code of t.hub.store.catalog.stored('CaseReport').agencies) {
      const led = list.nodes.find((agency: { code: string }) => agency.code === code).ledCases.totalCount;
      expect({ code, some: led > 0 }).toEqual({ code, some: true });
    }
  });
});

test('node(id) returns a record of every stored kind', async () => {
  const selections = nouns.map(({ name, kind }) => `${name}: ${kind.plural}(first: 1) { nodes { id } }`);
  const firsts = dataOf(await t.clerk.ask(`{ ${selections.join('\n')} }`));
  const empty: string[] = [];
  for (const { name, kind } of nouns) {
    const id: string | undefined = firsts[name].nodes[0]?.id;
    if (!id) {
      empty.push(name);
      continue;
    }
    const { node } = dataOf(
      await t.clerk.ask(`query ($id: ID!) { node(id: $id) { __typename id ... on ${name} { ${kind.key[0]} } } }`, {
        id,
      }),
    );
    expect(node).toEqual({ __typename: name, id, [kind.key[0]!]: expect.anything() });
  }
  expect(empty).toEqual([]);
});

test('node(id) of an unknown id is null, and of an invalid one a clear error', async () => {
  const unknown = await t.clerk.ask('{ node(id: "Person:00000000-0000-8000-a000-000000000000") { id } }');
  expect(unknown).toEqual({ data: { node: null } });
  for (const id of [
    '',
    'Person',
    'Person:1',
    'Nobody:00000000-0000-8000-a000-000000000000',
    'Resident:00000000-0000-8000-a000-000000000000',
  ]) {
    const { data, errors } = await t.clerk.ask('query ($id: ID!) { node(id: $id) { id } }', { id });
    expect({ id, data, code: errors?.[0]?.extensions?.code }).toEqual({
      id,
      data: { node: null },
      code: 'BAD_USER_INPUT',
    });
  }
});

describe('search', () => {
  const search = async (text: string, first = 50) =>
    dataOf(
      await t.clerk.ask(
        'query ($text: String!, $first: Int!) { search(text: $text, first: $first) { __typename id } }',
        { text, first },
      ),
    ).search as { __typename: string; id: string }[];

  test('finds people and organisations by a part of their names', async () => {
    for (const [table, name] of [
      ['hub_person', 'Person'],
      ['hub_organisation', 'Organisation'],
    ] as const) {
      const [[id, text]] = (await read(
        `select id, name from ${table} where length(name) > 2 and not deleted order by id limit 1`,
        [],
      )) as [[string, string]];
      const [[count]] = (await read(`select count(*) from ${table} where strpos(name, $1) > 0 and not deleted`, [
        text,
      ])) as [[string]];
      const found = (await search(text)).filter(hit => hit.__typename === name);
      expect(found.map(hit => hit.id)).toContain(`${name}:${id}`);
      expect(found).toHaveLength(Number(count));
    }
  });

  test('finds one by any spelling of the identifier, and a case by its number', async () => {
    const [[person, residentId]] = (await read('select id, resident_id from hub_person order by id limit 1', [])) as [
      [string, string],
    ];
    const [[body, creditCode]] = (await read(
      'select id, credit_code from hub_organisation order by id limit 1',
      [],
    )) as [[string, string]];
    const [[matter, caseNo]] = (await read(
      'select id, case_no from hub_case where not deleted order by id limit 1',
      [],
    )) as [[string, string]];
    for (const spelling of [
      residentId,
      fullWidth(residentId.toLowerCase()),
      ` ${residentId.slice(0, 6)} ${residentId.slice(6)} `,
    ]) {
      expect(await search(spelling)).toEqual([{ __typename: 'Person', id: `Person:${person}` }]);
    }
    expect(await search(fullWidth(creditCode))).toContainEqual({
      __typename: 'Organisation',
      id: `Organisation:${body}`,
    });
    expect(await search(caseNo)).toContainEqual({ __typename: 'Case', id: `Case:${matter}` });
  });

  test('takes the text literally', async () => {
    for (const text of ['%', '_', '\\', "'", '%%_'])
      expect({ text, found: await search(text) }).toEqual({ text, found: [] });
  });
});

test('every record shows its source and since when it is known, every connected agency its freshness', async () => {
  const stated = nouns.filter(isStated);
  const data = dataOf(
    await t.clerk.ask(
      `{ ${stated.map(n => `${n.name}: ${n.kind.plural}(first: 5) { nodes { source { agency sourceId version } observedAt asOf } }`).join('\n')} }`,
    ),
  );
  for (const { name, agencies: speakers } of stated) {
    for (const { source, observedAt } of data[name].nodes) {
      expect(speakers).toContain(source.agency);
      expect(source.sourceId.length * source.version.length).toBeGreaterThan(0);
      expect(Math.abs(Date.now() - Date.parse(observedAt))).toBeLessThan(600_000);
    }
  }
  const { agencies: list } = dataOf(
    await t.anybody.ask(
      `{ agencies(first: 200) { nodes { code freshness { modes protocol lastSuccessAt caughtUpAt lagSeconds failures failingSince parked } } } }`,
    ),
  );
  const connected = list.nodes.filter((agency: { freshness: object | null }) => agency.freshness);
  expect(connected.map((agency: { code: string }) => agency.code).sort()).toEqual([...agencies].sort());
  for (const { code, freshness } of connected) {
    const { parked } = t.systems.get(code)!.ledger();
    expect(freshness).toMatchObject({ failures: 0, failingSince: null, parked });
    expect(freshness.modes.length).toBeGreaterThan(0);
    expect(Date.parse(freshness.lastSuccessAt)).toBeGreaterThanOrEqual(Date.parse(freshness.caughtUpAt));
    expect(freshness.lagSeconds).toBeLessThan(60);
  }
});
