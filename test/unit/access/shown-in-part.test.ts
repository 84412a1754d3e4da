import { expect, test } from '@jest/globals';
import { policyOf } from '../../../src/access/policy.ts';
import { nobody, roles } from '../../../src/access/principal.ts';
import { rules } from '../../../src/access/rules.ts';
import { makeCatalog } from '../../../src/catalog/catalog.ts';
import { findAdapters } from '../../../src/ingest/find-adapters.ts';

const catalog = makeCatalog(await findAdapters());
const trader = '92371482MA3ABCDE1X';

test.each(roles)('a %s sees of an identity number what his work needs: who never unmasks sees the region', role => {
  const ground = { catalog, idOf: (noun: string, key: string) => `${noun} ${key}`, town: 'town', grants: [] };
  const policy = policyOf({ ...nobody(), role, subject: 's' }, ground);
  const acts = rules[role].unmaskMinutes > 0;
  const [part, id] = [acts ? 'identity' : 'region', acts ? 'account' : 'stars'];
  expect(policy.field(catalog.get('Person'), 'residentId', false)).toBe(part);
  expect(policy.field(catalog.get('Organisation'), 'creditCode', false, trader)).toBe(part);
  expect(policy.field(catalog.get('Person'), 'name', false)).toBe('name');
  const card = catalog.get('IdentityCard');
  expect([policy.sourceId(card, false), policy.sourceId(card, true)]).toEqual([id, 'whole']);
  expect(policy.sourceId(catalog.get('Approval'), false)).toBe('whole');
});
