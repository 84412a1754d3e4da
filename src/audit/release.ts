/**
 * Releases a sealed entry before its order ends: from then on the person's report shows it. The release is itself an
 * entry.
 */
import type { AuditLog } from './audit-log.ts';
import type { Who } from './entry.ts';
import { entriesAbout, findEntry } from './subject-report.ts';

/**
 * The number of the entry for the release, or why there is none. The caller checks that the asker is an audit
 * administrator.
 */
export async function releaseEntry(
  log: AuditLog,
  seq: number,
  who: Who,
  reason: string,
): Promise<{ readonly entry: number } | { readonly refused: string }> {
  const { dir } = log.settings;
  const entry = await findEntry(dir, seq);
  if (!entry) return { refused: `The log holds no entry ${seq}` };
  if (!entry.sealed) return { refused: `Entry ${seq} is not sealed` };
  const [subject] = entry.subjects.ids;
  if (subject && (await isReleased(dir, subject, seq))) return { refused: `Entry ${seq} is released already` };
  const released = await log.append({
    act: 'release',
    who,
    outcome: 'allowed',
    reason,
    purpose: null,
    operation: null,
    channel: 'command',
    subjects: entry.subjects.ids,
    result: null,
    policy: entry.policy,
    counts: {},
    of: { entry: seq },
  });
  return { entry: released };
}

async function isReleased(dir: string, subject: string, seq: number): Promise<boolean> {
  for await (const { act, of } of entriesAbout(dir, subject)) {
    if (act === 'release' && of?.entry === seq) return true;
  }
  return false;
}
