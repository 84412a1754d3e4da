/** The audit log of a hub, and the entries for what agencies write. */
import type { Logger } from 'pino';
import { policyVersion } from '../access/policy.ts';
import type { AuditSettings } from '../audit/audit-log.ts';
import { onOneFileSystem } from '../audit/one-file-system.ts';
import { openAudit, type RunningAudit } from '../audit/open-audit.ts';
import { BrokenProof } from '../audit/root-ledger.ts';
import { commandSigner, keySigner, type RootSigner } from '../audit/root-signing.ts';
import { type AuditConfig, type Config, ConfigError } from '../config.ts';
import { errorFacts } from '../domain/error-facts.ts';
import type { WrittenPage } from '../store/apply.ts';

/** What the log needs to know. Throws a ConfigError where settings do not fit each other. */
export function auditSettings(config: AuditConfig): AuditSettings {
  return {
    dir: config.hubAuditDir,
    roots: config.hubAuditRoots,
    batchMs: config.hubAuditBatchMs,
    batchEntries: config.hubAuditBatchEntries,
    segmentBytes: config.hubAuditSegmentBytes,
    subjectCap: config.hubAuditSubjects,
    signer: signerOf(config),
    oneFileSystemAllowed: config.hubAuditOneFileSystem,
  };
}

function signerOf(config: AuditConfig): RootSigner | undefined {
  const { hubAuditSigningKey: keys, hubAuditSigningCommand: program, hubAuditSigningDeadlineMs: deadlineMs } = config;
  const [key, second] = keys ?? [];
  if (second)
    throw new ConfigError('HUB_AUDIT_SIGNING_KEY should hold one key; older ones belong in HUB_AUDIT_TRUSTED_KEYS');
  if (program && !key)
    throw new ConfigError('HUB_AUDIT_SIGNING_KEY should hold the public key of HUB_AUDIT_SIGNING_COMMAND');
  if (!key) return undefined;
  if (program) return commandSigner(program, key, deadlineMs);
  if (key.type === 'private') return keySigner(key);
  throw new ConfigError('HUB_AUDIT_SIGNING_KEY should hold a private key, unless HUB_AUDIT_SIGNING_COMMAND signs');
}

/** Without its log a hub may not serve personal data, so it does not start. */
export async function startAudit(config: Config, log: Logger): Promise<RunningAudit> {
  const settings = { ...auditSettings(config), keepMonths: config.hubAuditKeepMonths };
  const onError = (error: unknown) => log.error({ error: errorFacts(error) }, 'the audit log has a failure');
  const audit = await openAudit(settings, policyVersion(), onError).catch((error: NodeJS.ErrnoException) => {
    throw forTheOperator(error);
  });
  if (!audit)
    throw new ConfigError(
      'HUB_AUDIT_DIR should be a directory of this hub alone; a living process writes there: end it, or name another ' +
        'directory (no file has to be removed, the lock ends with its process)',
    );
  if (onOneFileSystem(settings.dir, settings.roots))
    log.warn(
      config.hubAuditOneFileSystem
        ? 'the audit log and its roots are on one file system, as HUB_AUDIT_ONE_FILE_SYSTEM allows'
        : 'the audit log and its roots are on one file system, so `audit verify` fails: keep HUB_AUDIT_ROOTS elsewhere, or allow it by HUB_AUDIT_ONE_FILE_SYSTEM=true',
    );
  return audit;
}

function forTheOperator(error: NodeJS.ErrnoException): Error {
  if (error instanceof BrokenProof) return new ConfigError(error.message);
  if (error.code === 'ERR_SQLITE_ERROR')
    return new ConfigError(
      `HUB_AUDIT_DIR should be a directory where files can be locked; writer.lock there cannot (${error.message})`,
    );
  if (!/^(EACCES|EPERM|EROFS|ENOSPC|ENOTDIR|EEXIST)$/.test(error.code ?? '')) return error;
  return new ConfigError(`HUB_AUDIT_DIR should be a directory that can be written; it cannot (${error.code})`);
}

/** What whoever watches the hub should know; empty when all is well. */
export function auditWarnings({ log }: RunningAudit): string[] {
  const behind = log.rootsBehind;
  const isLate = behind && Date.now() - Date.parse(behind.since) > rootsMayWaitMs;
  return isLate ? [`${behind.count} roots of the audit log wait for their signature or their second place`] : [];
}
const rootsMayWaitMs = 15_000;

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
