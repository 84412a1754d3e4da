import { expect, test } from '@jest/globals';
import { policyOf } from '../../../src/access/policy.ts';
import { nobody, type Role, roles } from '../../../src/access/principal.ts';
import { rules } from '../../../src/access/rules.ts';
import { makeCatalog } from '../../../src/catalog/catalog.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';

const catalog = makeCatalog(await findAdapters());
const trader = '92371482MA3ABCDE1X';

const policyFor = (role: Role) => {
  const ground = { catalog, idOf: (noun: string, key: string) => `${noun} ${key}`, town: 'town', grants: [] };
  return policyOf({ ...nobody(), role, subject: 's' }, ground);
};

test.each(roles)('a %s sees no year of birth beside ten characters of the number', role => {
  const policy = policyFor(role);
  const alone = rules[role].internal === 'whole' && rules[role].unmaskMinutes === 0 ? 'whole' : 'hidden';
  const years = { Person: 'birthYear', Benefit: 'drawnSinceYear', HouseholdChange: 'registeredYear' };
  for (const [noun, year] of Object.entries(years)) {
    expect(policy.field(catalog.get(noun), year, false)).toBe(alone);
    expect(policy.mayFilter(catalog.get(noun), year)).toBe(alone === 'whole');
    expect(policy.field(catalog.get(noun), year, true)).toBe(rules[role].internal);
  }
});

test('the time at which a birth was reported is masked with its row', () => {
  const [change, right] = [catalog.get('HouseholdChange'), catalog.get('Right')];
  const policy = policyFor('analyst');
  expect([policy.statementTime(change, false), policy.statementTime(change, true)]).toEqual(['stars', 'whole']);
  expect(policy.statementTime(right, false)).toBe('whole');
});

test.each(roles)('a %s sees of an identity number what they need: only the region, if they never unmask', role => {
  const policy = policyFor(role);
  const acts = rules[role].unmaskMinutes > 0;
  const [part, id] = [acts ? 'identity' : 'region', acts ? 'account' : 'stars'];
  expect(policy.field(catalog.get('Person'), 'residentId', false)).toBe(part);
  expect(policy.field(catalog.get('Organisation'), 'creditCode', false, trader)).toBe(part);
  expect(policy.field(catalog.get('Person'), 'name', false)).toBe('name');
  const card = catalog.get('IdentityCard');
  expect([policy.sourceId(card, false), policy.sourceId(card, true)]).toEqual([id, 'whole']);
  expect(policy.sourceId(catalog.get('Approval'), false)).toBe('whole');
});
