/** Readers that tests compare: one who sees everything masked, one who sees everything whole, and a stranger. */
import { nobody } from '../../src/access/principal.ts';

export const analyst = { ...nobody(), role: 'analyst', subject: 'an analyst' } as const;
export const clerkWithTask = {
  ...nobody(),
  role: 'clerk',
  subject: 'a clerk',
  purpose: { kind: 'task', value: 'a check' },
} as const;
export const stranger = nobody();
