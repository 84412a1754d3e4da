/** Readers of every role, agency, village and purpose, and their policies on a hub. */
import type { Random } from '../../seeds/township/model.ts';
import { type Policy, policyOf } from '../../src/access/policy.ts';
import { nobody, type Principal, roles } from '../../src/access/principal.ts';
import type { SharingGrant } from '../../src/access/sharing.ts';
import type { Store } from '../../src/store/apply.ts';
import type { LoadedWorld } from './world.ts';

const agencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];

export class RandomReaders {
  constructor(
    private readonly store: Store,
    private readonly tables: LoadedWorld['tables'],
    private readonly random: Random,
    private readonly grants: () => readonly SharingGrant[] = () => [],
  ) {}

  principal(): Principal {
    const { random, tables } = this;
    const purposes = [
      null,
      { kind: 'case', value: String(random.pick(tables.get('Case')!).case_no) },
      { kind: 'case', value: 'no such case' },
      { kind: 'matter', value: random.pick(['POL-HJ-001', 'FD-JY-001', 'POL-HJ-002', 'HR-DY-001']) },
      { kind: 'task', value: 'a check' },
    ] as const;
    return {
      ...nobody(),
      role: random.pick(roles),
      subject: 'somebody',
      agency: random.pick(agencies),
      host: random.chance(0.8) ? 'town' : 'another-town',
      village: String(random.pick(tables.get('Region')!).code),
      purpose: random.pick(purposes),
    };
  }

  policy(principal: Principal): Policy {
    const { catalog, identity } = this.store;
    const idOf = (noun: string, key: string) => identity.ofNoun(catalog.get(noun), key);
    return policyOf(principal, { catalog, idOf, town: 'town', grants: this.grants() });
  }

  /** A reader who sees all masked, one who sees all whole, and a stranger. */
  plain() {
    const of = (role: Principal['role'], purpose: Principal['purpose'] = null) =>
      this.policy({ ...nobody(), role, subject: role, purpose });
    return { analyst: of('analyst'), clerk: of('clerk', { kind: 'task', value: 'a check' }), public: of('public') };
  }
}
