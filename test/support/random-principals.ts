/** Random readers of a town, in every role, with and without purposes that fit it. */
import type { Random } from '../../seeds/township/model.ts';
import { nobody, type Principal, roles } from '../../src/access/principal.ts';
import type { TownInMemory } from './town-in-memory.ts';

export const townAgencies = ['police', 'land', 'commerce', 'human-resources', 'food-drug'];

export function randomPrincipal(random: Random, { rows }: TownInMemory): Principal {
  const purposes = [
    null,
    { kind: 'case', value: String(random.pick(rows.get('Case')!).case_no) },
    { kind: 'case', value: 'no such case' },
    { kind: 'matter', value: random.pick(['POL-HJ-001', 'FD-JY-001', 'POL-HJ-002', 'HR-DY-001']) },
    { kind: 'task', value: 'a check' },
  ] as const;
  return {
    ...nobody(),
    role: random.pick(roles),
    subject: 'somebody',
    agency: random.pick(townAgencies),
    host: random.chance(0.8) ? 'town' : 'another-town',
    village: String(random.pick(rows.get('Region')!).code),
    purpose: random.pick(purposes),
  };
}
