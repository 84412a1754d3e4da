/** Who works at this terminal, and what they do there, for the audit log. */
import { userInfo } from 'node:os';
import { type CommandAct, orderAtLog } from '../audit/command-inbox.ts';
import type { Who } from '../audit/entry.ts';
import { readAuditConfig } from '../config.ts';
import { isReason, reasonForm } from '../domain/reason.ts';
import { auditSettings } from '../hub/start-audit.ts';
import { UsageError } from './command.ts';

/** @param role the role that the command belongs to; whoever may run it has it */
export const operator = (role: string): Who => ({
  subject: userInfo().username,
  role,
  agency: null,
  session: null,
});

/** The flag by which operators say why. */
export const reasonFlag = { reason: { type: 'string' } } as const;

/** For what somebody has to decide. Throws a UsageError. */
export function demandReasonFlag(reason: string | undefined): string {
  if (reason !== undefined && isReason(reason)) return reason;
  throw new UsageError(`\`--reason\` should say why ${reasonForm}`);
}

export interface OperatorAct extends Pick<CommandAct, 'act' | 'command'>, Partial<Pick<CommandAct, 'about' | 'of'>> {
  readonly role: string;
  readonly reason?: string | undefined;
  /** Persons of whom something is shown: pseudonyms. */
  readonly subjects?: readonly string[];
}

/**
 * Does it once it is noted, and returns its exit code; 1 when it cannot be noted. If it fails, that is noted as well.
 */
export async function noted(act: OperatorAct, work: () => Promise<number>): Promise<number> {
  const entry = await note(act, 'allowed', act.of ?? {});
  if (entry === null) {
    console.error(
      'It is not done, because it could not be noted: HUB_AUDIT_DIR should be the directory of the audit log',
    );
    return 1;
  }
  const failed = () => note(act, 'failed', { ...act.of, entry });
  try {
    const code = await work();
    if (code) await failed();
    return code;
  } catch (error) {
    await failed();
    throw error;
  }
}

async function note(act: OperatorAct, outcome: CommandAct['outcome'], of: CommandAct['of']): Promise<number | null> {
  const settings = auditSettings(readAuditConfig(process.env));
  const { role, reason = null, about = {}, subjects = [], ...rest } = act;
  const does = { ...rest, outcome, reason, about, of, subjects };
  const done = await orderAtLog(settings, { who: operator(role), does }, () => {}).catch(() => null);
  return done && 'entry' in done ? done.entry : null;
}
