/** The one policy, as data: who, which rows, how fields look, for which purpose, while which relation holds. */
import { type AuditAct, auditActNames } from '../domain/audit-acts.ts';
import type { Purpose, Role } from './principal.ts';

/** Relations between a reader and rows; `relations.ts` says for each noun which rows they are. */
export const rowRelations = ['open', 'everything', 'own agency', 'own village', 'shared with own agency'] as const;
export type RowRelation = (typeof rowRelations)[number];
/** The rows whose personal fields are shown whole; in the others they are masked. */
export const shownRows = ['none', 'of the case', 'all'] as const;
export type Shown = (typeof shownRows)[number];
export const features = [
  'sql',
  'lookup',
  'freshness',
  'parked',
  'changes',
  'explain',
  'report',
  'end sessions',
  'order sealing',
] as const;
export type Feature = (typeof features)[number];

export interface RoleRule {
  /** Why the rule makes sense. */
  readonly why: string;
  /** The rows that the role may see: those of any of these relations. */
  readonly rows: readonly RowRelation[];
  /** Whose personal data is shown whole, by the purpose that the request states. */
  readonly personal: Readonly<Record<'without' | Purpose['kind'], Shown>>;
  readonly internal: 'whole' | 'hidden';
  /** May find a person by an identifier, with a purpose; they then see of that person what the purpose allows. */
  readonly finds: boolean;
  /**
   * For how many minutes at most a masked record may be shown whole to the reader for a stated reason (揭敏); 0: never.
   */
  readonly unmaskMinutes: number;
  readonly features: readonly Feature[];
  /**
   * Which entries of the audit log the role may read, by their acts (`auditEntries`); a role of one agency reads those about
   * its agency only.
   */
  readonly log: readonly AuditAct[];
}
export type Rules = Readonly<Record<Role, RoleRule>>;
/** Also what a rule grants by a part of its own. */
export type AnyFeature = Feature | 'unmask' | 'log';
export function hasFeature({ features, unmaskMinutes, log }: RoleRule, only: AnyFeature): boolean {
  if (only === 'unmask') return unmaskMinutes > 0;
  return only === 'log' ? log.length > 0 : features.includes(only);
}
/** Whether the role is limited to the reader's own agency. */
export const isOfOneAgency = ({ rows }: RoleRule): boolean => rows.includes('own agency');

const never = { without: 'none', case: 'none', matter: 'none', task: 'none' } as const;
const forWork = { without: 'none', case: 'of the case', matter: 'all', task: 'all' } as const;

export const rules: Rules = {
  public: {
    why: 'Anyone: what the law has published, and how fresh it is.',
    rows: ['open'],
    personal: never,
    internal: 'hidden',
    finds: false,
    unmaskMinutes: 0,
    features: ['freshness', 'changes'],
    log: [],
  },
  clerk: {
    why: 'One window accepts for all agencies (一窗受理): every row, persons whole only for a stated purpose.',
    rows: ['everything'],
    personal: forWork,
    internal: 'whole',
    finds: true,
    unmaskMinutes: 30,
    features: ['freshness', 'lookup', 'changes'],
    log: [],
  },
  officer: {
    why: 'Employed by a bureau and working for the town (双重管理): the rows of the own agency and what others share with it, and only with both relations.',
    rows: ['open', 'own agency', 'shared with own agency'],
    personal: forWork,
    internal: 'whole',
    finds: true,
    unmaskMinutes: 30,
    features: ['freshness', 'lookup', 'changes'],
    log: [],
  },
  'village-agent': {
    why: 'Acts for residents of the own village (代办员), and sees them whole only in a case.',
    rows: ['open', 'own village'],
    personal: { ...never, case: 'of the case' },
    internal: 'hidden',
    finds: false,
    unmaskMinutes: 15,
    features: ['freshness', 'changes'],
    log: [],
  },
  director: {
    why: 'Watches queue, load and limits of the whole hall; needs no person for it.',
    rows: ['everything'],
    personal: never,
    internal: 'whole',
    finds: false,
    unmaskMinutes: 0,
    features: ['freshness', 'changes'],
    log: [],
  },
  analyst: {
    why: 'May send any query, and sees no person whole.',
    rows: ['everything'],
    personal: never,
    internal: 'whole',
    finds: false,
    unmaskMinutes: 0,
    features: ['freshness', 'lookup', 'changes'],
    log: [],
  },
  integrator: {
    why: 'Looks after one adapter: its rows masked, its parked items, its health.',
    rows: ['open', 'own agency'],
    personal: never,
    internal: 'whole',
    finds: false,
    unmaskMinutes: 0,
    features: ['freshness', 'parked', 'sql', 'changes'],
    log: ['delivery', 'write'],
  },
  auditor: {
    why: 'Reads the proof, not the data.',
    rows: ['open'],
    personal: never,
    internal: 'hidden',
    finds: false,
    unmaskMinutes: 0,
    features: ['freshness', 'explain', 'report'],
    log: [
      'read',
      'write',
      'unmask',
      'export',
      'refuse',
      'quota',
      'explain',
      'end-session',
      'rules',
      'command',
      'consult',
    ],
  },
  'system-admin': {
    why: 'Keeps the hub running; sees no record of a person (三员分立).',
    rows: ['open'],
    personal: never,
    internal: 'hidden',
    finds: false,
    unmaskMinutes: 0,
    features: ['freshness', 'parked', 'sql'],
    log: ['delivery', 'rules', 'command', 'open', 'prune', 'repair'],
  },
  'security-admin': {
    why: 'Grants and ends access; sees no record of a person (三员分立).',
    rows: ['open'],
    personal: never,
    internal: 'hidden',
    finds: false,
    unmaskMinutes: 0,
    features: ['freshness', 'explain', 'end sessions', 'order sealing'],
    log: ['unmask', 'refuse', 'quota', 'token', 'delivery', 'explain', 'end-session', 'seal', 'rules'],
  },
  'audit-admin': {
    why: 'Keeps the proof; sees no record of a person (三员分立).',
    rows: ['open'],
    personal: never,
    internal: 'hidden',
    finds: false,
    unmaskMinutes: 0,
    features: ['freshness'],
    log: auditActNames,
  },
};
