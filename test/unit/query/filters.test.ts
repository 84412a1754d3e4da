import { expect, test } from '@jest/globals';
import { residentIdCheck } from '../../../adapters/kit/identifiers/resident-id.ts';
import type { Policy } from '../../../src/access/policy.ts';
import { makeCatalog } from '../../../src/catalog/catalog.ts';
import { whereSql } from '../../../src/query/filters.ts';
import { cursorOf, idOfCursor, maxPageSize, pagingSql } from '../../../src/query/paging.ts';
import { type Scope, Values } from '../../../src/query/scope.ts';

const catalog = makeCatalog([]);
const person = catalog.stored('Person');
const cases = catalog.stored('Case');
/** A reader who sees everything except names. */
const policy = {
  mayFilter: (_, name) => name !== 'name',
  sees: noun => noun.name !== 'Officer',
  rows: noun => (noun.name === 'Matter' ? { column: 'agency', is: 'town' } : 'all'),
} as Partial<Policy> as Policy;
const scopeOf = (asOf: string | null = null): Scope => ({ catalog, policy, values: new Values(), asOf });
const compile = (where: Record<string, unknown>, noun = cases, asOf: string | null = null) => {
  const scope = scopeOf(asOf);
  return { sql: whereSql(scope, noun, where), values: scope.values.list };
};
const id = '01234567-89ab-8def-a123-456789abcdef';

test('values are bound, never written into the statement', () => {
  const evil = `'; drop table hub_case; --`;
  for (const op of ['eq', 'startsWith', 'contains']) {
    const { sql, values } = compile({ caseNo: { [op]: evil } });
    expect(sql).not.toContain(evil);
    expect(values).toEqual([evil]);
  }
  expect(compile({ caseNo: { in: [evil, 'b'] } })).toEqual({
    sql: '(t."case_no" = any($1::text[]))',
    values: [[evil, 'b']],
  });
});

test('tests of one field and of several must all fit; a filter that is null is not asked', () => {
  expect(compile({ submittedAt: { gt: 'a', lte: 'b' }, state: { eq: 'CLOSED' } })).toEqual({
    sql: '(t."submitted_at" > $1::timestamptz) and (t."submitted_at" <= $2::timestamptz) and (t."state" = $3::text)',
    values: ['a', 'b', 'CLOSED'],
  });
  expect(compile({})).toEqual({ sql: 'true', values: [] });
  expect(compile({ state: null, and: null, or: null, not: null, compare: null, matter: null }).sql).toBe('true');
});

test.each([
  [{ caseNo: { eq: null } }, 'where.caseNo.eq'],
  [{ caseNo: { eq: undefined, in: [] } }, 'where.caseNo.eq'],
  [{ caseNo: {} }, 'where.caseNo'],
  [{ or: [{ state: { eq: 'A' } }, { state: null }] }, 'where.or[1]'],
  [{ not: { and: [{ and: [] }] } }, 'where.not'],
  [{ matter: { cases: { none: { caseNo: { isNull: null } } } } }, 'where.matter.cases.none.caseNo.isNull'],
  [{ approvals: { some: null } }, 'where.approvals.some'],
])('%j leaves a test open, so it is an error that names %s', (where, place) => {
  const message = expect.stringContaining(`\`${place}\``);
  expect(() => compile(where)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', message }));
});

test('and, or and not nest; an empty or fits nothing, an empty and fits everything', () => {
  expect(
    compile({ or: [{ state: { eq: 'A' } }, { and: [{ state: { eq: 'B' } }, { not: { caseNo: { isNull: true } } }] }] }),
  ).toEqual({
    sql: '((t."state" = $1::text) or ((t."state" = $2::text) and (((t."case_no" is null) = $3::boolean)) is not true))',
    values: ['A', 'B', true],
  });
  expect([compile({ or: [] }).sql, compile({ and: [] }).sql]).toEqual(['false', 'true']);
});

test('a relation is tested by the rows that the reader may see and that are not deleted', () => {
  expect(compile({ matter: { code: { eq: 'M' } } })).toEqual({
    sql: 'exists (select from hub_matter tr where tr.id = t."about_matter" and not tr.deleted and tr."agency" = $1::text and (tr."code" = $2::text))',
    values: ['town', 'M'],
  });
  expect(compile({ approvals: { some: {}, none: { case: { state: { eq: 'PAUSED' } } } } })).toEqual({
    sql:
      'exists (select from hub_approval tr where tr."about_case" = t.id and not tr.deleted and true) and ' +
      'not exists (select from hub_approval tr where tr."about_case" = t.id and not tr.deleted and ' +
      'exists (select from hub_case trr where trr.id = tr."about_case" and not trr.deleted and (trr."state" = $1::text)))',
    values: ['PAUSED'],
  });
  expect(() => compile({ approvals: { none: { case: { applicant: { name: { isNull: true } } } } } })).toThrow(
    expect.objectContaining({ code: 'FILTER_FORBIDDEN' }),
  );
  const outpost = catalog.stored('Outpost');
  expect(() => compile({ officers: { some: {} } }, outpost)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
});

test('a moment and a day are compared as days of the town', () => {
  expect(compile({ compare: [{ field: 'closedAt', is: '>', than: 'promisedOn' }] }).sql).toBe(
    `((case when t."closed_at" >= timestamptz '1991-09-14T17:00:00.000Z' then t."closed_at" at time zone interval '8 hours' ` +
      `else t."closed_at" at time zone 'Asia/Shanghai' end)::date > t."promised_on")`,
  );
  expect(compile({ compare: [{ field: 'closedAt', is: '>', than: 'acceptedAt' }] }).sql).toBe(
    '(t."closed_at" > t."accepted_at")',
  );
});

test('with asOf the versions of that moment are tested, under the current policy', () => {
  const { sql, values } = compile({ matter: {} }, cases, '2026-01-01T00:00:00Z');
  expect(sql).toContain('hub_matter_history where observed_at <= $1::timestamptz and seen_until > $1::timestamptz');
  expect(sql).toContain('exists (select from hub_matter trn where trn.id = tr.id and trn."agency" = $2::text)');
  expect(values).toEqual(['2026-01-01T00:00:00Z', 'town']);
});

test('identifiers are looked for in their normalised spelling', () => {
  expect(compile({ residentId: { eq: ' ３７１４８２19900101001x' } }, person).values).toEqual(['37148219900101001X']);
  const body = '37148219900101001';
  const legacy = body.slice(0, 6) + body.slice(8);
  expect(compile({ residentId: { in: [legacy] } }, person).values).toEqual([[body + residentIdCheck(body)]]);
});

test('a masked field is refused wherever it stands', () => {
  for (const where of [
    { name: { eq: 'x' } },
    { name: { isNull: true } },
    { not: { name: { contains: 'x' } } },
    { or: [{ and: [{ name: { in: [] } }] }] },
  ]) {
    expect(() => compile(where, person)).toThrow(expect.objectContaining({ code: 'FILTER_FORBIDDEN' }));
  }
  expect(() => pagingSql(scopeOf(), person, { orderBy: ['name asc'] })).toThrow(
    expect.objectContaining({ code: 'FILTER_FORBIDDEN' }),
  );
});

test('a cursor is the 16 bytes of an id, in one spelling only', () => {
  expect(cursorOf(id)).toHaveLength(22);
  expect(idOfCursor(cursorOf(id))).toBe(id);
  for (const cursor of ['', 'x', `${cursorOf(id)}A`, cursorOf(id).slice(1), `${cursorOf(id)}==`, id]) {
    expect(() => idOfCursor(cursor)).toThrow(expect.objectContaining({ code: 'CURSOR_MALFORMED' }));
  }
});

test('a page is read in the order of the list, or from its end; rows without a value come last', () => {
  const paging = (args: Parameters<typeof pagingSql>[2]) => pagingSql(scopeOf(), cases, args);
  expect(paging({ orderBy: ['closedAt desc'] })).toEqual({
    size: 20,
    backward: false,
    condition: 'true',
    orderBy: 't."closed_at" desc nulls last, t."id" asc nulls last',
  });
  expect(paging({ orderBy: ['closedAt desc'], last: 5 })).toMatchObject({
    size: 5,
    backward: true,
    orderBy: 't."closed_at" asc nulls first, t."id" desc nulls first',
  });
});

test.each([{ first: maxPageSize + 1 }, { first: -1 }, { last: maxPageSize + 1 }, { first: 1, last: 1 }])(
  '%j is not a page',
  args => {
    expect(() => pagingSql(scopeOf(), cases, args)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  },
);
