/** Readers of every role, without a purpose, for a case, a matter and a task, and with a record unmasked. */
import { type Policy, type PolicyGround, policyOf } from '../../../src/access/policy.ts';
import { nobody, type Principal, parsePurpose, type Role, roles } from '../../../src/access/principal.ts';
import { features, rules } from '../../../src/access/rules.ts';
import type { UnmaskGrant } from '../../../src/domain/unmask-grant.ts';
import { testTask } from '../test-purposes.ts';
import type { TokenIssuer } from '../token-issuer.ts';

export const looks = ['no purpose', 'case', 'task', 'matter', 'unmasked'] as const;
export type Look = (typeof looks)[number];

export interface Reader {
  /** For example `clerk, task`. */
  readonly name: string;
  readonly role: Role;
  readonly look: Look;
  /** The reader's subject in the audit log. */
  readonly subject: string | null;
  readonly purpose: string | null;
  readonly token: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly principal: Principal;
  policy: Policy;
  /** Their policy equals that of an earlier reader, so asking for their lists is enough. */
  isRepeated: boolean;
  /** They see everything, so a live record that they receive shows what the agency knows. */
  readonly teaches: boolean;
}
/** What readers can state as their purpose in this town. */
export interface Stated {
  readonly caseNo: string;
  /** The agency that leads the case, and the village of the case. */
  readonly agency: string;
  readonly village: string;
}

const matters: Readonly<Record<string, string>> = { officer: 'FD-JY-001' };
/** The agency that the officer with each look works for. */
const employers: Readonly<Record<Look, string | null>> = {
  'no purpose': 'police',
  case: null,
  matter: 'food-drug',
  task: 'human-resources',
  unmasked: 'commerce',
};

export async function makeReaders(issuer: TokenIssuer, stated: Stated, ground: PolicyGround): Promise<Reader[]> {
  const wanted = roles.flatMap(role => looksOf(role).map(look => ({ role, look })));
  const readers = await Promise.all(wanted.map(each => makeReader(issuer, stated, ground, each)));
  const known = new Set<string>();
  for (const reader of readers) {
    const sight = reader.look === 'unmasked' ? reader.name : sightOf(reader.policy, ground);
    reader.isRepeated = known.has(sight);
    known.add(sight);
  }
  return readers;
}

/** Everything that can make two readers see something different. */
const sightOf = (policy: Policy, { catalog }: PolicyGround): string =>
  JSON.stringify([
    ...features.map(feature => policy.may(feature)),
    policy.findsPersons,
    ...[...catalog.nouns.values()].map(noun => [
      policy.rows(noun),
      policy.whole(noun),
      [...noun.columns.keys()].map(name => [false, true].map(whole => policy.field(noun, name, whole))),
    ]),
  ]);

/** The public states no purpose that counts, and readers whose role may not unmask have no unmasked record. */
const looksOf = (role: Role): Look[] =>
  looks.filter(look => (look === 'unmasked' ? rules[role].unmaskMinutes > 0 : role !== 'public' || look !== 'case'));

async function makeReader(
  issuer: TokenIssuer,
  { caseNo, agency: leading, village }: Stated,
  ground: PolicyGround,
  { role, look }: { role: Role; look: Look },
): Promise<Reader> {
  const subject = role === 'public' ? null : `${role} ${look}`;
  const agency = role === 'officer' ? (employers[look] ?? leading) : 'commerce';
  const claims = { role, sub: subject ?? undefined, agency, host: 'town', village };
  const token = subject && (await issuer.token(claims));
  const texts = { case: `case:${caseNo}`, matter: `matter:${matters[role] ?? 'POL-HJ-001'}`, task: `task:${testTask}` };
  const purpose = look === 'no purpose' || look === 'unmasked' ? null : texts[look];
  const principal = { ...nobody(), role, subject, agency, host: 'town', village, purpose: parsePurpose(purpose) };
  return {
    ...{ name: `${role}, ${look}`, role, look, subject, purpose, token, principal },
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
      ...(purpose && { 'x-purpose': purpose }),
    },
    policy: policyOf(principal, ground),
    isRepeated: false,
    teaches: role === 'clerk' && look === 'task',
  };
}

/** Gives a reader the policy that follows once the records are unmasked. */
export function unmask(reader: Reader, ground: PolicyGround, records: readonly { noun: string; id: string }[]): void {
  const { role, subject, principal } = reader;
  const unmasked = records.map(
    ({ noun, id }): UnmaskGrant => ({
      ...{ id: `grant of ${id}`, role, subject: subject!, session: null, noun, recordId: id },
      endsAtMs: Number.POSITIVE_INFINITY,
    }),
  );
  reader.policy = policyOf(principal, { ...ground, unmasked });
}
