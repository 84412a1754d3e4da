/** The policy for one reader: everything that reads, delivers or explains asks it, and nothing else decides. */
import { createHash } from 'node:crypto';
import type { Field, MaskName } from '../../adapters/kit/record.ts';
import { type Catalog, isStored, type Noun } from '../catalog/catalog.ts';
import type { AuditAct } from '../domain/audit-acts.ts';
import type { UnmaskGrant } from '../domain/unmask-grant.ts';
import type { Principal } from './principal.ts';
import { type IdOf, makeRelations } from './relations.ts';
import { anyOf, everyOf, type RowRule } from './rows.ts';
import { rules as currentRules, type Feature, type RoleRule, type Rules, type Shown } from './rules.ts';
import type { SharingGrant } from './sharing.ts';

/** What the policy needs to know of the hub. */
export interface PolicyGround {
  readonly catalog: Catalog;
  readonly idOf: IdOf;
  /** Code of the hosting town. */
  readonly town: string;
  /** Sharing grants in force. */
  readonly grants: readonly SharingGrant[];
  /** Records that this reader may see whole for a while, for a reason that they gave. */
  readonly unmasked?: readonly UnmaskGrant[];
}
/** How a reader sees a field: whole, in part, or not at all. */
export type FieldView = 'whole' | MaskName;

export interface Policy {
  /**
   * Policies with the same identity decide the same about everything, so a plan made for one serves the other. The
   * identity changes as soon as an unmask grant has ended.
   */
  readonly identity: string;
  /** Readers of one class see the same; for logs and shared work. It changes when an unmask grant has ended. */
  readonly name: string;
  sees(noun: Noun): boolean;
  rows(noun: Noun): RowRule;
  /** The rows whose personal fields are shown whole now: unmask grants end also for a policy that is cached. */
  whole(noun: Noun): RowRule;
  /**
   * How a field of a row looks; `whole` says whether the row is one of `whole(noun)`. The value matters for identifiers
   * that name a person in some rows only: sole traders count as persons.
   */
  field(noun: Noun, name: string, whole: boolean, value?: unknown): FieldView;
  /** How the source's id of a record looks: it is often made of the record's key. */
  sourceId(noun: Noun, whole: boolean): FieldView;
  /** How the time of a statement looks: its `asOf`, and its version, which often contains a time. */
  statementTime(noun: Noun, whole: boolean): FieldView;
  /** Whether the reader may filter and order by a field: only if they see it whole in every row. */
  mayFilter(noun: Noun, name: string): boolean;
  /**
   * Whether identifiers of persons can find somebody: only with a purpose. Otherwise a sole trader's credit code counts
   * as absent.
   */
  readonly findsPersons: boolean;
  /** Whether a noun may be found by its key, even where the key is shown in part. */
  mayFind(noun: Noun): boolean;
  may(feature: Feature): boolean;
  /** The acts whose entries in the audit log the reader may read. */
  readonly readsOfLog: readonly AuditAct[];
}

/** Changes with every rule; noted in the audit log. */
export const policyVersion = (rules: unknown = currentRules): string =>
  createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 16);

export function policyOf(principal: Principal, ground: PolicyGround, rules: Rules = currentRules): Policy {
  const rule = rules[principal.role];
  const relations = makeRelations(ground, principal);
  const shown = rule.personal[principal.purpose?.kind ?? 'without'];
  const rowsOf = remember((noun: Noun): RowRule => {
    // A live kind has no rows of its own: who may ask about a person is decided where that person is found.
    if (!isStored(noun)) return rule.features.includes('lookup') ? 'all' : 'none';
    return anyOf(rule.rows.map(relation => relations.rows(relation, noun)));
  });
  const wholeByPurpose = remember((noun: Noun): RowRule => {
    if (shown === 'none' || !isStored(noun)) return shown === 'all' ? 'all' : 'none';
    if (shown === 'all') return 'all';
    return principal.purpose ? everyOf([relations.ofCase(principal.purpose.value, noun)]) : 'none';
  });
  const granted = rule.unmaskMinutes ? (ground.unmasked ?? []) : [];
  const unmasked = () => granted.filter(grant => grant.endsAtMs > performance.now());
  const wholeOf = (noun: Noun): RowRule => {
    const rows = wholeByPurpose(noun);
    if (!granted.length || rows === 'all') return rows;
    const named = unmasked().filter(grant => grant.noun === noun.name);
    return anyOf([rows, ...named.map(({ recordId }): RowRule => ({ column: 'id', is: recordId }))]);
  };
  const withGrants = (of: string): string =>
    granted.length ? [of, ...unmasked().map(grant => grant.id)].join(' ') : of;
  // Finding a person is reading about them: it needs a purpose as that does.
  const findsPersons = rule.finds && principal.purpose !== null;
  const identity = identityOf(principal, rule, shown, ground);
  const view = (field: Field, whole: boolean): FieldView => viewOf(rule, field, whole);
  return {
    get identity() {
      return withGrants(identity);
    },
    get name() {
      return withGrants(className(principal, shown));
    },
    sees: noun => rowsOf(noun) !== 'none',
    rows: rowsOf,
    whole: wholeOf,
    field: (noun, name, whole, value) => {
      const field = noun.columns.get(name)?.field;
      if (!field) return 'whole';
      return !whole && namesPerson(field, value) ? maskOf(rule, 'identity') : view(field, whole);
    },
    sourceId: (noun, whole) => {
      const isKeyShown = noun.kind.key.every(name => view(noun.columns.get(name)!.field, whole) === 'whole');
      return isKeyShown ? 'whole' : rule.unmaskMinutes ? 'account' : 'stars';
    },
    statementTime: ({ kind }, whole) => (whole || !kind.timeReveals.length ? 'whole' : 'stars'),
    mayFilter: (noun, name) => {
      const column = noun.columns.get(name);
      return !column || view(column.field, wholeOf(noun) === 'all') === 'whole';
    },
    findsPersons,
    mayFind: noun =>
      noun.kind.key.every(name => {
        const { field } = noun.columns.get(name)!;
        return field.sensitivity === 'personal' ? findsPersons : view(field, false) === 'whole';
      }),
    may: feature => rule.features.includes(feature),
    readsOfLog: rule.log,
  };
}

function viewOf(rule: RoleRule, field: Field, whole: boolean): FieldView {
  const { hiddenBeside: beside } = field;
  if (beside && !whole && maskOf(rule, beside) === beside) return 'hidden';
  if (field.sensitivity === 'public') return 'whole';
  if (field.sensitivity === 'internal') return rule.internal === 'whole' ? 'whole' : 'hidden';
  return whole ? 'whole' : maskOf(rule, field.mask);
}

/** A role that never sees a person whole need not tell one person from another either. */
const maskOf = ({ unmaskMinutes }: RoleRule, mask: MaskName): MaskName =>
  mask === 'identity' && unmaskMinutes === 0 ? 'region' : mask;

export const namesPerson = ({ format }: Field, value: unknown): boolean =>
  format?.personPrefix !== undefined && typeof value === 'string' && value.startsWith(format.personPrefix);

/**
 * Only the parts of the purpose that decide: the words of a task do not, but a case does, and what is shared for a
 * matter.
 */
function identityOf(
  { role, agency, host, village, purpose }: Principal,
  rule: RoleRule,
  shown: Shown,
  { grants }: PolicyGround,
): string {
  const ofCase = shown === 'of the case' ? purpose?.value : null;
  const isShared = rule.rows.includes('shared with own agency') && purpose?.kind === 'matter';
  const shared = isShared ? grants.filter(grant => grant.taker === agency && grant.matterCode === purpose.value) : [];
  return JSON.stringify([role, agency, host, village, shown, ofCase, shared, rule]);
}

const className = ({ role, agency, host, village, purpose }: Principal, shown: Shown) =>
  [role, agency, host, village, shown === 'of the case' ? purpose?.value : shown].filter(Boolean).join(' ');

function remember<T>(decide: (noun: Noun) => T): (noun: Noun) => T {
  const known = new Map<Noun, T>();
  return noun => {
    if (!known.has(noun)) known.set(noun, decide(noun));
    return known.get(noun)!;
  };
}
