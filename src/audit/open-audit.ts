/** The audit log with the tasks that run beside it, as a hub uses it. */
import { AuditLog, type AuditSettings } from './audit-log.ts';
import { CommandInbox } from './command-inbox.ts';
import { ofTheHub } from './entry.ts';
import { openingOf } from './opening.ts';
import { Refusals } from './refusals.ts';
import { Retention } from './retention.ts';
import { entriesOf, listSegments, readSegment } from './segments.ts';
import type { AuditDesk } from './trail.ts';

export interface RunningAudit extends AuditDesk {
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
  await noteRules(log, policy).catch(onError);
  const refusals = new Refusals(log, policy, onError);
  const commands = new CommandInbox(log, onError);
  const retention = new Retention({ log, keepMonths: settings.keepMonths, policy, onError });
  const stop = async () => {
    await commands.close();
    await retention.close();
    await refusals.close();
    await log.close();
  };
  return { log, policy, refusals, stop };
}

/** Notes that other rules decide than those under which the last entry was written. */
async function noteRules(log: AuditLog, policy: string): Promise<void> {
  const before = await lastPolicy(log.settings.dir);
  if (before === policy) return;
  await log.append(ofTheHub('rules', policy, { about: { ...(before && { before }), now: policy } }));
}

/** Entries of commands and of the log itself have no policy. */
async function lastPolicy(dir: string): Promise<string | null> {
  for (const { file } of (await listSegments(dir)).reverse()) {
    const last = entriesOf(await readSegment(file)).findLast(({ entry }) => entry.policy);
    if (last) return last.entry.policy;
  }
  return null;
}
