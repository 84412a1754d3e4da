import { beforeAll, describe, expect, test } from '@jest/globals';
import { policyOf } from '../../../src/access/policy.ts';
import { type Catalog, isStored, makeCatalog } from '../../../src/catalog/catalog.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';
import type { GroupQuery, Measure } from '../../../src/query/groups/group-query.ts';
import { groupsSql } from '../../../src/query/groups/groups-sql.ts';
import { testsPersonal } from '../../../src/query/personal-tests.ts';
import { Values } from '../../../src/query/scope.ts';
import { personalFields } from '../../support/personal-questions.ts';
import { clerkWithTask } from '../../support/plain-readers.ts';

let catalog: Catalog;
beforeAll(async () => {
  catalog = makeCatalog(await findAdapters());
});

describe('a where tests personal fields', () => {
  const name = { name: { startsWith: '王' } };
  test.each([
    ['Person', name],
    ['Person', { name: {} }],
    ['Person', { and: [{}, { or: [{ not: name }] }] }],
    ['Case', { applicant: name }],
    ['Case', { applicant: { insurances: { none: { unit: { representativeName: { isNull: true } } } } } }],
    ['Matter', { cases: { some: { applicantId: { eq: '1' } }, none: null } }],
    ['InsuredPerson', { compare: [{ field: 'insuredSince', is: '<', than: 'birthDate' }] }],
  ])('%s %j', (noun, where) => {
    expect(testsPersonal(catalog.get(noun), where)).toBe(true);
  });

  test.each([
    ['Person', null],
    ['Person', {}],
    ['Person', { name: null, and: [], not: {} }],
    ['Case', { agency: { eq: 'land' }, observedAt: { gt: '2026-01-01T00:00:00Z' } }],
    ['Case', { applicant: { cases: { some: { state: { eq: 'CLOSED' } } } }, matter: { code: { eq: 'x' } } }],
    ['InsuredPerson', { compare: [{ field: 'insuredSince', is: '<', than: 'handledAt' }] }],
  ])('but not: %s %j', (noun, where) => {
    expect(testsPersonal(catalog.get(noun), where)).toBe(false);
  });
});

test('the compiler of groups refuses personal fields, whatever calls it', () => {
  const policy = policyOf(clerkWithTask, { catalog, idOf: (_noun, key) => key, town: 'town', grants: [] });
  const nothing = { keys: [], measures: [], having: [], orderBy: [], limit: 1, skip: 0 } as const;
  const compile = (noun: string, question: Partial<GroupQuery>, where = {}) =>
    groupsSql({ catalog, policy, values: new Values(), asOf: null }, catalog.stored(noun), where, null, {
      ...nothing,
      ...question,
    });
  const refused = expect.objectContaining({ code: 'FILTER_FORBIDDEN' });
  for (const { noun, name } of personalFields(catalog.all())) {
    const key = { name: 'key.k', path: [], field: name, per: 'DAY' } as const;
    const span = { from: name, to: name };
    const measures: Measure[] = [
      { name: 'm', take: 'countDistinct', field: name },
      { name: 'm', take: 'earliest', field: name },
      { name: 'm', take: 'sum', of: { field: name } },
      { name: 'm', take: 'quantile', of: { days: span }, at: 0.5, exact: false },
      { name: 'm', take: 'avg', of: { workingDays: span } },
      { name: 'm', take: 'count', where: { not: { [name]: { isNull: true } } } },
      { name: 'm', take: 'share', where: { [name]: { isNull: true } } },
    ];
    expect(() => compile(noun.name, { keys: [key] })).toThrow(refused);
    for (const measure of measures) expect(() => compile(noun.name, { measures: [measure] })).toThrow(refused);
    expect(() => compile(noun.name, {}, { [name]: { isNull: true } })).toThrow(refused);
  }
  for (const from of catalog.all()) {
    for (const relation of [...from.relations.values()].filter(({ many, to }) => !many && isStored(to))) {
      const [personal] = [...relation.to.columns.values()].filter(({ field }) => field.sensitivity === 'personal');
      if (!personal) continue;
      const key = { name: 'key.k', path: [relation], field: personal.name, per: 'DAY' } as const;
      expect(() => compile(from.name, { keys: [key] })).toThrow(refused);
    }
  }
});
