/**
 * What readers do, and what is refused to them, for the audit log. An act is noted before it is done; a refusal is noted
 * beside the answer, and holds nobody up.
 */
import { type GraphQLError, Kind } from 'graphql';
import { nobody, type Principal } from '../../access/principal.ts';
import { holderOf } from '../../access/tokens.ts';
import type { Draft, Who } from '../../audit/entry.ts';
import type { Refusals } from '../../audit/refusals.ts';
import type { AuditAct } from '../../domain/audit-acts.ts';
import { type ErrorCode, HubError } from '../../domain/error-codes.ts';
import type { Context } from './context.ts';

/** What somebody does: why, to what, and about whom. */
export interface NotedAct extends Partial<Pick<Draft, 'reason' | 'about' | 'subjects' | 'counts'>> {
  /** In the place of the reader's own purpose. */
  readonly purpose?: Draft['purpose'];
}

const whoIs = ({ subject, role, agency, session }: Principal): Who => ({ subject, role, agency, session });

/** Resolves with the number of the entry, once it is on disk. Throws AUDIT_UNAVAILABLE: then it must not be done. */
export async function noteAct(context: Context, act: AuditAct, what: NotedAct): Promise<number> {
  const { hub, principal, trail, purpose } = context;
  const entry = await hub.audit.log.append({
    act,
    who: whoIs(principal),
    purpose,
    operation: trail.operation,
    channel: trail.channel,
    outcome: 'allowed',
    subjects: [],
    result: null,
    policy: hub.audit.policy,
    counts: {},
    ...what,
  });
  trail.acts.push({ act, entry });
  return entry;
}

/** Refusals that are noted already, so that they are noted once. */
const known = new WeakSet<Error>();

/** Notes that an act was refused, or failed after it had been noted as allowed. Never throws. */
export async function noteFailedAct(
  context: Context,
  { act, entry, field }: { readonly act: AuditAct; readonly entry: number | null; readonly field: string },
  error: unknown,
): Promise<void> {
  if (error instanceof Error) known.add(error);
  const code = error instanceof HubError ? error.code : 'INTERNAL';
  const { hub, principal, trail, purpose } = context;
  const { operation, channel } = trail;
  const about = { field, code };
  if (entry === null) {
    hub.audit.refusals.note({ act, who: whoIs(principal), purpose, operation, channel, about });
    return;
  }
  const nothing = { subjects: [], result: null, counts: {} };
  const failed = {
    act,
    who: whoIs(principal),
    purpose,
    operation,
    channel,
    about,
    outcome: 'failed',
    ...nothing,
  } as const;
  // The entry that allowed the act stands already; the log itself reports that it cannot be written.
  await hub.audit.log.append({ ...failed, policy: hub.audit.policy, of: { entry } }).catch(() => {});
}

/** These say something about who asked; others are about the form and the size of a request, or about the hub. */
const notedCodes: ReadonlySet<ErrorCode> = new Set([
  'FORBIDDEN',
  'FILTER_FORBIDDEN',
  'OPERATION_NOT_STORED',
  'CURSOR_FOREIGN',
  'RATE_LIMITED',
]);

/** Notes what of an answer was refused: the field by its name in the schema, never an alias or a value. */
export function noteRefusedReads(context: Context, errors: readonly GraphQLError[]): void {
  for (const error of errors) {
    const original = originalOf(error);
    if (!(original instanceof HubError) || !notedCodes.has(original.code) || known.has(original)) continue;
    const { hub, principal, trail, purpose } = context;
    const { operation, channel } = trail;
    const about = { field: fieldOf(error), code: original.code };
    hub.audit.refusals.note({ act: 'refuse', who: whoIs(principal), purpose, operation, channel, about });
  }
}

/** Notes a request that was refused as a whole, before anything of it ran. */
export function noteRefusedRequest(refusals: Pick<Refusals, 'note'>, principal: Principal, error: unknown): void {
  if (!(error instanceof HubError) || !notedCodes.has(error.code)) return;
  const { purpose } = principal;
  const about = { field: 'the request', code: error.code };
  refusals.note({ act: 'refuse', who: whoIs(principal), purpose, channel: 'hub', about });
}

/** Notes credentials that were refused: why, and whose they are where a signature proves it; never themselves. */
export function noteRefusedToken(refusals: Pick<Refusals, 'note'>, error: unknown): void {
  if (!(error instanceof HubError)) return;
  const { subject, session } = holderOf(error) ?? nobody();
  const { code, details } = error;
  const about = { code, ...(typeof details.reason === 'string' && { problem: details.reason }) };
  refusals.note({ act: 'token', who: { subject, role: 'public', agency: null, session }, channel: 'http', about });
}

function fieldOf({ nodes }: GraphQLError): string {
  const [node] = nodes ?? [];
  return node?.kind === Kind.FIELD ? node.name.value : 'the request';
}

function originalOf(error: GraphQLError): unknown {
  let current: unknown = error;
  while ((current as GraphQLError).originalError) current = (current as GraphQLError).originalError;
  return current;
}
