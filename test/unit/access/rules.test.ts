import { describe, expect, test } from '@jest/globals';
import { roles } from '../../../src/access/principal.ts';
import { rules } from '../../../src/access/rules.ts';

const administrators = ['system-admin', 'security-admin', 'audit-admin'] as const;
const ofEverybody = new Set(rules.public.features);

describe('the three administrators (三员)', () => {
  test.each(administrators)('the %s can do nothing that another one does', role => {
    const own = rules[role].features.filter(feature => !ofEverybody.has(feature));
    const others = administrators.filter(other => other !== role).flatMap(other => rules[other].features);
    expect(own.filter(feature => others.includes(feature))).toEqual([]);
  });

  test.each(administrators)('the %s sees no record of a person, for no purpose, and unmasks none', role => {
    const { rows, personal, internal, finds, unmaskMinutes } = rules[role];
    expect({ rows, internal, finds, unmaskMinutes }).toEqual({
      rows: ['open'],
      internal: 'hidden',
      finds: false,
      unmaskMinutes: 0,
    });
    expect(new Set(Object.values(personal))).toEqual(new Set(['none']));
  });
});

describe('for every role', () => {
  test.each(roles)('%s: without a purpose nobody is seen whole', role => {
    expect(rules[role].personal.without).toBe('none');
  });

  test.each(roles)('%s: a role that never sees a person whole cannot unmask one either', role => {
    const { personal, unmaskMinutes } = rules[role];
    if (Object.values(personal).every(shown => shown === 'none')) expect(unmaskMinutes).toBe(0);
    // A grant is for an action at hand, not for a working day.
    expect(unmaskMinutes).toBeLessThanOrEqual(60);
  });
});
