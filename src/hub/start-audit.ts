/** The audit log of a hub, and the entries for what agencies write. */
import type { Logger } from 'pino';
import { policyVersion } from '../access/policy.ts';
import { openAudit, type RunningAudit } from '../audit/open-audit.ts';
import { type Config, ConfigError } from '../config.ts';
import { errorFacts } from '../domain/error-facts.ts';
import type { WrittenPage } from '../store/apply.ts';

/** Without its log a hub may not serve personal data, so it does not start. */
export async function startAudit(config: Config, log: Logger): Promise<RunningAudit> {
  const settings = {
    dir: config.hubAuditDir,
    roots: config.hubAuditRoots,
    batchMs: config.hubAuditBatchMs,
    batchEntries: config.hubAuditBatchEntries,
    segmentBytes: config.hubAuditSegmentBytes,
    subjectCap: config.hubAuditSubjects,
    keepMonths: config.hubAuditKeepMonths,
  };
  const onError = (error: unknown) => log.error({ error: errorFacts(error) }, 'the audit log has a failure');
  const audit = await openAudit(settings, policyVersion(), onError).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_SQLITE_ERROR')
      throw new ConfigError(
        `HUB_AUDIT_DIR should be a directory where files can be locked; writer.lock there cannot (${error.message})`,
      );
    if (!/^(EACCES|EPERM|EROFS|ENOSPC|ENOTDIR|EEXIST)$/.test(error.code ?? '')) throw error;
    throw new ConfigError(`HUB_AUDIT_DIR should be a directory that can be written; it cannot (${error.code})`);
  });
  if (audit) return audit;
  throw new ConfigError(
    'HUB_AUDIT_DIR should be a directory of this hub alone; a living process writes there: end it, or name another ' +
      'directory (no file has to be removed, the lock ends with its process)',
  );
}

/** An agency's page is stored in any case: if it cannot be noted, the log reports that failure. */
export async function noteWritten({ log, policy }: RunningAudit, page: WrittenPage, logger: Logger): Promise<void> {
  const { agency, persons, records, changes } = page;
  if (!persons.length) return;
  const who = { subject: agency, role: 'agency', agency, session: null };
  const nothing = { purpose: null, operation: null, result: null };
  const entry = { act: 'write', who, ...nothing, channel: 'hub', subjects: persons, policy } as const;
  await log
    .append({ ...entry, counts: { records, changes } })
    .catch((error: unknown) => logger.error({ agency, error: errorFacts(error) }, 'a page is not in the audit log'));
}
