/** The audit log with the tasks that run beside it, as a hub uses it. */
import { AuditLog, type AuditSettings } from './audit-log.ts';
import { CommandInbox } from './command-inbox.ts';
import { openingOf } from './opening.ts';
import { Retention } from './retention.ts';
import type { AuditBook } from './trail.ts';

export interface RunningAudit extends AuditBook {
  /** Writes what waits, and sends the last root to the second place. */
  stop(): Promise<void>;
}

/** Null when another process writes to the directory. Throws when it cannot be made or read. */
export async function openAudit(
  settings: AuditSettings & { readonly keepMonths: number },
  policy: string,
  onError: (error: unknown) => void,
): Promise<RunningAudit | null> {
  const log = await AuditLog.open(settings, onError);
  if (!log) return null;
  // A log that cannot be written says so; it refuses answers by itself until it can.
  await log.append(openingOf(settings)).catch(onError);
  const commands = new CommandInbox(log, onError);
  const retention = new Retention({ log, keepMonths: settings.keepMonths, policy, onError });
  const stop = async () => {
    await commands.close();
    await retention.close();
    await log.close();
  };
  return { log, policy, stop };
}
