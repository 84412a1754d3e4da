/**
 * A filter never becomes wider by accident: a test without a value is an error that names its place, written out or by a
 * variable. A whole filter that is null or absent is not asked, which is how clients write optional filters.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { project } from '../../support/source-imports.ts';
import { startTestHub, type TestHub } from '../../support/test-hub.ts';

let town: TestHub;
let all: number;
let closed: number;
beforeAll(async () => {
  town = await startTestHub({ agencies: ['police', 'land'], population: 150, reference: true });
  await town.synchronised();
  const { data } = await town.clerk.ask(
    '{ a: cases { totalCount } c: cases(where: { state: { eq: CLOSED } }) { totalCount } }',
  );
  all = data.a.totalCount;
  closed = data.c.totalCount;
  expect(closed).toBeGreaterThan(0);
  expect(closed).toBeLessThan(all);
});
afterAll(() => town?.stop());

type Variables = Readonly<Record<string, unknown>>;
const problemOf = async (query: string, variables?: Variables) => {
  const { data, errors } = await town.clerk.ask(query, variables);
  return {
    data: data && Object.values(data),
    codes: errors?.map(e => e.extensions!.code),
    message: errors?.[0]?.message,
  };
};
const refused = (place: string) => ({
  codes: ['BAD_USER_INPUT'],
  message: expect.stringMatching(new RegExp(`^\`${place.replace(/[[\].]/g, '\\$&')}\` .*isNull`)),
});

/** Tests that leave something open: a `where` of cases with `$v` in it or a literal, and the place that the error names. */
const open: readonly (readonly [where: string, place: string])[] = [
  ['{ caseNo: { eq: $v } }', 'where.caseNo.eq'],
  ['{ caseNo: { startsWith: "A", contains: $v } }', 'where.caseNo.contains'],
  ['{ or: [{ caseNo: { eq: "x" } }, { caseNo: { eq: $v } }] }', 'where.or[1].caseNo.eq'],
  ['{ not: { caseNo: { eq: $v } } }', 'where.not.caseNo.eq'],
  ['{ and: [{ not: { or: [{ matter: { code: { eq: $v } } }] } }] }', 'where.and[0].not.or[0].matter.code.eq'],
  ['{ approvals: { some: { name: { eq: $v } } } }', 'where.approvals.some.name.eq'],
  ['{ approvals: { none: { case: { caseNo: { in: [], eq: $v } } } } }', 'where.approvals.none.case.caseNo.eq'],
];
/** Empty ones, without any variable. */
const empty: readonly (readonly [where: string, place: string])[] = [
  ['{ caseNo: {} }', 'where.caseNo'],
  ['{ state: { in: null } }', 'where.state.in'],
  ['{ submittedAt: { gte: "2026-01-01T00:00:00Z", lt: null } }', 'where.submittedAt.lt'],
  ['{ caseNo: { isNull: null } }', 'where.caseNo.isNull'],
  ['{ observedAt: { lt: null } }', 'where.observedAt.lt'],
  ['{ or: [{}] }', 'where.or[0]'],
  ['{ or: [{ state: { eq: CLOSED } }, { caseNo: null, state: null }] }', 'where.or[1]'],
  ['{ or: [{ and: [{}, { compare: [] }] }] }', 'where.or[0]'],
  ['{ not: {} }', 'where.not'],
  ['{ not: { and: [] } }', 'where.not'],
  ['{ not: { or: [{ not: null }] } }', 'where.not.or[0]'],
  ['{ approvals: {} }', 'where.approvals'],
  ['{ approvals: { some: null } }', 'where.approvals.some'],
  ['{ approvals: { some: {}, none: null } }', 'where.approvals.none'],
  ['{ matter: { cases: { some: { not: {} } } } }', 'where.matter.cases.some.not'],
];
const literal = (where: string) => where.replaceAll('$v', 'null');

describe('a test without a value is an error that names its place', () => {
  test.each(open)('%s, by a variable that is null or not given, and written out', async (where, place) => {
    const query = `query ($v: String) { cases(where: ${where}) { totalCount } }`;
    // The same document first with a value: its plan is kept, and must not answer for the others.
    expect(await problemOf(query, { v: 'x' })).toMatchObject({ codes: undefined });
    for (const variables of [{ v: null }, {}, { v: undefined }])
      expect(await problemOf(query, variables)).toMatchObject(refused(place));
    expect(await problemOf(`{ cases(where: ${literal(where)}) { totalCount } }`)).toMatchObject(refused(place));
    expect(await problemOf(query, { v: 'x' })).toMatchObject({ codes: undefined });
  });

  test.each(empty)('%s', async (where, place) => {
    expect(await problemOf(`{ cases(where: ${where}) { totalCount } }`)).toMatchObject(refused(place));
  });

  const everywhere = [...open.map(([where, place]) => [literal(where), place] as const), ...empty];
  test('in every part of a list, and in the whole filter as a variable', async () => {
    for (const [where, place] of everywhere) {
      for (const part of ['nodes { id }', 'edges { cursor }', 'pageInfo { hasNextPage }', 'groups { nodes { count } }'])
        expect(await problemOf(`{ cases(where: ${where}) { ${part} } }`)).toMatchObject(refused(place));
      const asJson = JSON.parse(where.replaceAll(/(\w+): /g, '"$1": ').replaceAll(/: ([A-Z]+)\b/g, ': "$1"'));
      const asked = await problemOf('query ($where: CaseWhere) { cases(where: $where) { totalCount } }', {
        where: asJson,
      });
      expect({ where, ...asked }).toMatchObject(refused(place));
    }
  });

  test('in lists of a row, in counts and shares of groups, and as of the past', async () => {
    for (const [where, place] of everywhere) {
      for (const query of [
        `{ agencies(first: 1) { nodes { ledCases(where: ${where}) { totalCount } } } }`,
        `{ cases { groups { nodes { count(where: ${where}) } } } }`,
        `{ cases { groups { nodes { share(where: ${where}) } } } }`,
        `{ cases(asOf: "2026-01-01T00:00:00Z", where: ${where}) { totalCount } }`,
      ])
        expect(await problemOf(query)).toMatchObject(refused(place));
    }
  });

  test('in tests of groups', async () => {
    const ask = (having: string, variables?: Variables) =>
      problemOf(`query ($n: Float) { cases { groups(having: ${having}) { nodes { n: count } } } }`, variables);
    for (const variables of [{}, { n: null }])
      expect(await ask('[{ of: "n", gt: 0 }, { of: "n", gte: 0, lt: $n }]', variables)).toMatchObject(
        refused('having[1].lt'),
      );
    expect(await problemOf('{ cases { groups(having: [{ of: "n" }]) { nodes { n: count } } } }')).toMatchObject(
      refused('having[0]'),
    );
    expect(await ask('[{ of: "n", gt: $n }]', { n: 0 })).toMatchObject({ codes: undefined });
  });

  test('in boards and in changes', async () => {
    for (const [where, place] of everywhere) {
      for (const [subscription, at] of [
        [`caseBoard(where: ${where}) { type }`, place],
        [`changes(where: { cases: ${where} }) { kind }`, place.replace('where', 'where.cases')],
      ] as const) {
        const inbox = await town.clerk.subscribe(`subscription { ${subscription} }`);
        const { errors } = await inbox.next();
        expect({ codes: errors?.map(e => e.extensions!.code), message: errors?.[0]?.message }).toMatchObject(
          refused(at),
        );
        await inbox.close();
      }
    }
    for (const variables of [{}, { n: null }]) {
      const board = 'subscription ($n: String) { caseBoard(where: { caseNo: { startsWith: "A", eq: $n } }) { type } }';
      const inbox = await town.clerk.subscribe(board, variables);
      expect((await inbox.next()).errors?.[0]?.message).toMatch(/^`where\.caseNo\.eq` .*isNull/);
      await inbox.close();
    }
    const nothing = await town.clerk.subscribe('subscription { changes(where: { cases: null }) { kind } }');
    expect((await nothing.next()).errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    await nothing.close();
  });

  test('in an export, which then is no file', async () => {
    const operation = 'query ($v: String) { cases(where: { caseNo: { eq: $v } }) { nodes { caseNo } } }';
    const { data, errors } = await town.clerk.ask(
      'mutation ($operation: String!) { orderExport(operation: $operation, format: "csv") { path } }',
      { operation },
    );
    const response = errors
      ? null
      : await fetch(`${town.hub.url}${data.orderExport.path}`, { headers: town.clerk.headers });
    const told = errors ? JSON.stringify(errors) : await response!.text();
    expect({ refused: errors !== undefined || response!.status === 400, told }).toEqual({
      refused: true,
      told: expect.stringContaining('where.caseNo.eq'),
    });
  });
});

describe('what keeps its meaning', () => {
  const count = async (where: string) => {
    const { data, errors } = await town.clerk.ask(`{ cases(where: ${where}) { totalCount } }`);
    expect({ where, errors }).toEqual({ where, errors: undefined });
    return data.cases.totalCount as number;
  };
  test('some and none of nothing ask whether there are rows, and so does a single one', async () => {
    const [some, none] = [await count('{ approvals: { some: {} } }'), await count('{ approvals: { none: {} } }')];
    expect(some).toBeGreaterThan(0);
    expect(some + none).toBe(all);
    expect((await count('{ applicant: {} }')) + (await count('{ not: { applicant: {} } }'))).toBe(all);
  });
  test('all of no tests fits every row, any of no alternatives fits none, and one of no values none', async () => {
    expect(await count('{ and: [] }')).toBe(all);
    expect(await count('{ and: [{}, { state: { eq: CLOSED } }] }')).toBe(closed);
    expect(await count('{ or: [] }')).toBe(0);
    expect(await count('{ caseNo: { in: [] } }')).toBe(0);
  });
});

describe('a whole filter that is null or absent is not asked', () => {
  const optional = `query ($where: CaseWhere, $state: CaseStateFilter, $order: [CaseOrder!], $first: Int, $after: String) {
    whole: cases(where: $where, orderBy: $order, first: $first, after: $after) { totalCount nodes { id } }
    field: cases(where: { state: $state, caseNo: null }) { totalCount }
    parts: cases(where: { and: [{ state: $state }], or: null, not: null }) { totalCount } }`;
  const names = ['where', 'state', 'order', 'first', 'after'];
  const wires: Readonly<Record<string, (given: Variables) => unknown>> = {
    'Apollo and urql leave out what is undefined': given => JSON.parse(JSON.stringify(given)),
    'Relay sends null for what is not set': given => ({ ...Object.fromEntries(names.map(n => [n, null])), ...given }),
  };
  test.each(Object.entries(wires))('%s', async (_name, wire) => {
    const ask = async (given: Variables) => {
      const { data, errors } = await town.clerk.ask(optional, wire(given) as Variables);
      expect(errors).toBeUndefined();
      return [data.whole.totalCount, data.whole.nodes.length, data.field.totalCount, data.parts.totalCount];
    };
    const page = (of: number) => Math.min(20, of);
    expect(await ask({ where: undefined, state: undefined })).toEqual([all, page(all), all, all]);
    expect(await ask({ state: { eq: 'CLOSED' } })).toEqual([all, page(all), closed, closed]);
    expect(await ask({ where: { state: { eq: 'CLOSED' } }, first: 1 })).toEqual([closed, 1, all, all]);
    expect(await ask({ where: {} })).toEqual([all, page(all), all, all]);
  });

  test('so is a size of a page of groups, of records or of a search', async () => {
    const query = `query ($n: Int, $skip: Int) {
      cases { groups(limit: $n, skip: $skip, having: null, orderBy: null) { nodes { key { state } count } } }
      search(text: "宅基地", first: $n) { id }
      organisations(first: 1) { nodes { records(first: $n) { __typename } } } }`;
    const without = await town.clerk.ask(query);
    expect(without.errors).toBeUndefined();
    expect(without.data.cases.groups.nodes.length).toBeGreaterThan(1);
    expect(await town.clerk.ask(query, { n: null, skip: null })).toEqual(without);
  });

  test('on a board too', async () => {
    const board = (variable: string, where: string) =>
      `subscription (${variable}, $after: String) { caseBoard(where: ${where}, orderBy: null, after: $after) { type nodes { id } } }`;
    const whole = board('$where: CaseWhere', '$where');
    const some = board('$state: CaseStateFilter', '{ state: $state, and: null, or: null, not: null }');
    const sizes: number[] = [];
    for (const [document, variables] of [
      [whole, {}],
      [whole, { where: null, after: null }],
      [some, {}],
      [some, { state: null }],
      [some, { state: { eq: 'CLOSED' } }],
    ] as const) {
      const inbox = await town.clerk.subscribe(document, variables);
      let size = 0;
      for (let type = ''; type !== 'READY'; ) {
        const { data, errors } = await inbox.next();
        expect(errors).toBeUndefined();
        type = data.caseBoard.type;
        size += data.caseBoard.nodes.length;
      }
      sizes.push(size);
      await inbox.close();
    }
    expect(sizes).toEqual([all, all, all, all, closed]);
  });

  test('stored operations are written so', async () => {
    const stored = (name: string) => readFileSync(path.join(project, 'schema/operations', `${name}.graphql`), 'utf8');
    for (const variables of [{}, { state: null, after: null }]) {
      const { data, errors } = await town.clerk.ask(stored('case-board'), variables);
      expect([errors, data?.cases.totalCount]).toEqual([undefined, all]);
    }
    const some = await town.clerk.ask(stored('case-board'), { state: { in: ['CLOSED'] } });
    expect(some.data.cases.totalCount).toBe(closed);
    const list = await town.clerk.ask(stored('power-list'), { origin: null, after: null });
    expect(list.data.powerListEntries.totalCount).toBeGreaterThan(0);
    const empty = await town.clerk.ask(stored('case-board'), { state: { in: null } });
    expect(empty.errors?.[0]).toMatchObject({ message: expect.stringMatching(/^`where\.state\.in` /) });
  });
});
