import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Policy, policyOf } from '../../../src/access/policy.ts';
import { nobody, type Principal } from '../../../src/access/principal.ts';
import { UnmaskGrants } from '../../../src/access/unmask-grants.ts';
import { type Catalog, makeCatalog } from '../../../src/catalog/catalog.ts';
import type { UnmaskGrant } from '../../../src/domain/unmask-grant.ts';

let catalog: Catalog;
beforeAll(() => {
  catalog = makeCatalog([]);
});
const clerk: Principal = { ...nobody(), role: 'clerk', subject: 'clerk-1', session: 's1' };
const grant = (change: Partial<UnmaskGrant> = {}): UnmaskGrant => ({
  ...{ id: 'g1', role: 'clerk', subject: 'clerk-1', session: 's1', noun: 'Person', recordId: 'p1' },
  endsAtMs: performance.now() + 60_000,
  ...change,
});
const policyFor = (principal: Principal, unmasked: readonly UnmaskGrant[]): Policy =>
  policyOf(principal, { catalog, idOf: (noun, key) => `${noun} ${key}`, town: 'town', grants: [], unmasked });

describe('the policy of a reader who unmasked a person', () => {
  test('shows that person whole, no other row and no row of another noun', () => {
    const policy = policyFor(clerk, [grant()]);
    expect(policy.whole(catalog.get('Person'))).toEqual({ column: 'id', is: 'p1' });
    expect(policy.whole(catalog.get('Organisation'))).toBe('none');
  });

  test('adds to what their purpose shows', () => {
    const purpose = { kind: 'case', value: 'c1' } as const;
    const plain = policyFor({ ...clerk, purpose }, []).whole(catalog.get('Person'));
    const more = policyFor({ ...clerk, purpose }, [grant()]).whole(catalog.get('Person'));
    expect(more).toEqual({ any: [plain, { column: 'id', is: 'p1' }] });
  });

  test('lets them filter by nothing more', () => {
    expect(policyFor(clerk, [grant()]).mayFilter(catalog.get('Person'), 'name')).toBe(false);
  });

  test('stops showing it when the grant ends, even when the policy is cached, and is then of another class', () => {
    const policy = policyFor(clerk, [grant({ endsAtMs: performance.now() + 300 })]);
    const plain = policyFor(clerk, []);
    // Work is shared by both: the identity for plans, the name for streams.
    expect([policy.name, policy.identity]).not.toEqual([plain.name, plain.identity]);
    expect(policy.identity).not.toBe(policyFor(clerk, [grant({ id: 'g2' })]).identity);
    while (policy.whole(catalog.get('Person')) !== 'none');
    expect([policy.name, policy.identity]).toEqual([plain.name, plain.identity]);
  });

  test('shows nothing more where the rules of the role do not let it unmask', () => {
    for (const role of ['analyst', 'director', 'auditor'] as const)
      expect(policyFor({ ...clerk, role }, [grant()]).whole(catalog.get('Person'))).toBe('none');
  });
});

describe('grants in force', () => {
  test('are those of the same role, subject and session, until their end', async () => {
    const own = grant();
    const others = [
      grant({ role: 'officer' }),
      grant({ subject: 'clerk-2' }),
      grant({ session: 's2' }),
      grant({ session: null }),
      grant({ endsAtMs: performance.now() }),
    ];
    const grants = new UnmaskGrants(
      async () => [...others, own],
      () => {},
    );
    await grants.refresh();
    expect(grants.of(clerk)).toEqual([own]);
    expect(grants.of({ ...clerk, session: null })).toEqual([others[3]]);
    expect(grants.of(nobody())).toEqual([]);
  });

  test('are no longer in force when they cannot be read', async () => {
    let reads = 0;
    const failed = Promise.withResolvers<unknown>();
    const grants = new UnmaskGrants(async () => {
      reads += 1;
      if (reads > 1) throw new Error('down');
      return [grant()];
    }, failed.resolve);
    await grants.start();
    expect(grants.of(clerk)).toHaveLength(1);
    await failed.promise;
    expect(grants.of(clerk)).toEqual([]);
    await grants.stop();
  });

  test('are never replaced by an older read', async () => {
    const answers = [Promise.withResolvers<UnmaskGrant[]>(), Promise.withResolvers<UnmaskGrant[]>()];
    let asked = 0;
    const grants = new UnmaskGrants(
      () => answers[asked++]!.promise,
      () => {},
    );
    const [first, second] = [grants.refresh(), grants.refresh()];
    answers[1]!.resolve([grant()]);
    answers[0]!.resolve([]);
    await Promise.all([first, second]);
    expect(grants.of(clerk)).toHaveLength(1);
  });
});
