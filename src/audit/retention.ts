/**
 * Removes whole closed segments that are older than the retention of the log; their roots stay, and the removal is an
 * entry.
 */
import { rm } from 'node:fs/promises';
import type { AuditLog } from './audit-log.ts';
import { ofTheHub } from './entry.ts';
import { entriesOf, listSegments, readSegment, type SegmentName } from './segments.ts';

const dayMs = 86_400_000;

/** Returns the last entry that was removed; null when nothing was old enough. */
export async function pruneLog(log: AuditLog, keepMonths: number, now: Date, policy: string): Promise<number | null> {
  const oldest = new Date(now);
  oldest.setUTCMonth(oldest.getUTCMonth() - keepMonths);
  const old: SegmentName[] = [];
  let through: number | null = null;
  // The last segment stays: it may be the one being written, and what follows is chained to it.
  for (const segment of (await listSegments(log.settings.dir)).slice(0, -1)) {
    const last = entriesOf(await readSegment(segment.file)).at(-1)?.entry;
    if (last && Date.parse(last.at) >= oldest.getTime()) break;
    old.push(segment);
    through = last?.seq ?? through;
  }
  if (through === null) return null;
  await log.append(ofTheHub('prune', policy, { counts: { segments: old.length }, of: { through } }));
  for (const { file, index } of old) {
    await rm(file);
    await rm(index, { force: true });
  }
  return through;
}

/** Runs once at the start and then every day. */
export class Retention {
  private readonly timer: NodeJS.Timeout;
  private pruning: Promise<unknown>;

  constructor(
    private readonly parts: {
      readonly log: AuditLog;
      readonly keepMonths: number;
      readonly policy: string;
      readonly onError: (error: unknown) => void;
    },
  ) {
    this.pruning = this.prune();
    this.timer = setInterval(() => {
      this.pruning = this.pruning.then(() => this.prune());
    }, dayMs).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.pruning;
  }

  private prune(): Promise<unknown> {
    const { log, keepMonths, policy, onError } = this.parts;
    return pruneLog(log, keepMonths, new Date(), policy).catch(onError);
  }
}
