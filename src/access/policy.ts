/**
 * Who may see which row and which field. Rules are data: the same ones become SQL, are applied to events and to live
 * records, and can be printed. This is the hook for the full policy; today it knows four roles.
 */
import type { Field, MaskName } from '../../adapters/kit/record.ts';
import { isStated, type Noun } from '../catalog/catalog.ts';
import type { Principal, Role } from './principal.ts';

/** Rows whose column has this value. `agency` is the source of a stated record. */
export interface RowRule {
  readonly column: string;
  readonly equals: string;
}
/** `null`: the whole value. */
export type FieldRule = MaskName | null;
export type Feature = 'lookup' | 'freshness' | 'parked';

export interface Policy {
  /** Names the class of readers that see the same; for logs and shared work. */
  readonly name: string;
  sees(noun: Noun): boolean;
  /** Null: every row. */
  rows(noun: Noun): RowRule | null;
  field(noun: Noun, name: string): FieldRule;
  /** Whether the reader may filter and order by a field: never by one that he sees masked. */
  mayFilter(noun: Noun, name: string): boolean;
  may(feature: Feature): boolean;
}

interface RoleRule {
  /** `open`: only nouns that anyone may see. `own`: those of the own agency too. */
  readonly nouns: 'open' | 'own' | 'all';
  readonly personal: 'whole' | 'masked';
  readonly internal: 'whole' | 'hidden';
  readonly features: readonly Feature[];
}
export const roleRules: Readonly<Record<Role, RoleRule>> = {
  public: { nouns: 'open', personal: 'masked', internal: 'hidden', features: ['freshness'] },
  clerk: { nouns: 'all', personal: 'whole', internal: 'whole', features: ['freshness', 'lookup'] },
  analyst: { nouns: 'all', personal: 'masked', internal: 'whole', features: ['freshness', 'lookup'] },
  integrator: { nouns: 'own', personal: 'masked', internal: 'whole', features: ['freshness', 'parked'] },
  officer: { nouns: 'own', personal: 'whole', internal: 'whole', features: ['freshness', 'lookup'] },
  'village-agent': { nouns: 'open', personal: 'masked', internal: 'hidden', features: ['freshness'] },
  director: { nouns: 'all', personal: 'masked', internal: 'whole', features: ['freshness'] },
  auditor: { nouns: 'open', personal: 'masked', internal: 'hidden', features: ['freshness'] },
  'system-admin': { nouns: 'open', personal: 'masked', internal: 'hidden', features: ['freshness', 'parked'] },
  'security-admin': { nouns: 'open', personal: 'masked', internal: 'hidden', features: ['freshness'] },
  'audit-admin': { nouns: 'open', personal: 'masked', internal: 'hidden', features: ['freshness'] },
};

export function policyOf({ role, agency }: Principal): Policy {
  const rule = roleRules[role];
  const ruleOf = (field: Field): FieldRule => {
    if (field.sensitivity === 'public') return null;
    if (field.sensitivity === 'internal') return rule.internal === 'whole' ? null : 'hidden';
    return rule.personal === 'whole' ? null : field.mask;
  };
  const field = (noun: Noun, name: string): FieldRule => {
    const column = noun.columns.get(name);
    return column ? ruleOf(column.field) : null;
  };
  return {
    name: rule.nouns === 'own' ? `${role} ${agency}` : role,
    sees: noun => rule.nouns === 'all' || noun.kind.open || (rule.nouns === 'own' && belongsTo(noun, agency!)),
    rows: noun => (rule.nouns === 'own' && !noun.kind.open ? ownRows(noun, agency!) : null),
    field,
    mayFilter: (noun, name) => field(noun, name) === null,
    may: feature => rule.features.includes(feature),
  };
}

const belongsTo = (noun: Noun, agency: string) =>
  noun.name === 'Case' || (noun.origin !== 'town' && noun.agencies.includes(agency));

const ownRows = (noun: Noun, agency: string): RowRule => ({
  column: isStated(noun) ? 'agency' : 'lead_agency_code',
  equals: agency,
});
