/** npm run hub -- audit: verifies the log, shows who read a person's data, counts sealed entries, and releases them. */
import { existsSync, readFileSync } from 'node:fs';
import { residentId } from '../../adapters/kit/identifiers/resident-id.ts';
import { orderAtLog } from '../audit/command-inbox.ts';
import type { Entry } from '../audit/entry.ts';
import { TrustedKeys } from '../audit/root-signing.ts';
import { countSealed } from '../audit/sealed-entries.ts';
import { reportSubject } from '../audit/subject-report.ts';
import { type Demands, verifyLog } from '../audit/verify-log.ts';
import { type AuditConfig, ConfigError, readAuditConfig } from '../config.ts';
import { readSigningKeys } from '../domain/signing-keys.ts';
import { auditSettings } from '../hub/start-audit.ts';
import { type Command, readWords, UsageError } from './command.ts';
import { demandReasonFlag, noted, operator, reasonFlag } from './operator.ts';

const shownAtOnce = 10_000;

export const audit: Command = async (words, open) => {
  const { positionals, values } = readWords(
    words,
    { expect: { type: 'string' }, keys: { type: 'string' }, ...reasonFlag },
    3,
  );
  const [what, given, second] = positionals;
  const config = readAuditConfig(process.env);
  const { hubAuditDir, hubAuditRoots } = config;
  if (what === 'verify') return verify(logAt(given ?? hubAuditDir), second ?? hubAuditRoots, demandsOf(values, config));
  const { reason, ...ofVerify } = values;
  const [option] = Object.keys(ofVerify);
  if (option) throw new UsageError(`\`--${option}\` belongs to \`audit verify\``);
  const dir = () => logAt(hubAuditDir);
  if (second !== undefined) throw new UsageError(`\`${second}\` is one word too many`);
  if (what === 'sealed' && !given) return sealed(dir(), reason);
  if (what === 'report' && given) return report(dir(), await subjectOf(given, open), reason);
  if (what === 'release' && given && /^\d{1,15}$/.test(given))
    return release(config, Number(given), demandReasonFlag(reason));
  throw new UsageError(
    '`audit` takes verify, report with a pseudonym or a resident id, release with a number, or sealed',
  );
};

function logAt(dir: string): string {
  if (existsSync(dir)) return dir;
  throw new ConfigError(`HUB_AUDIT_DIR should be the directory of an audit log; there is none at ${dir}`);
}

interface VerifyOptions {
  readonly expect?: string;
  readonly keys?: string;
}

function demandsOf({ expect, keys }: VerifyOptions, config: AuditConfig): Demands & { readonly trusted: TrustedKeys } {
  if (expect !== undefined && !/^[0-9a-f]{64}$/.test(expect))
    throw new UsageError('`--expect` is followed by a root that `audit verify` printed before: 64 hexadecimal digits');
  const { hubAuditSigningKey = [], hubAuditTrustedKeys = [] } = config;
  return {
    trusted: new TrustedKeys(keys === undefined ? [...hubAuditSigningKey, ...hubAuditTrustedKeys] : keysIn(keys)),
    expect,
    apart: !config.hubAuditOneFileSystem,
    rootsEveryMs: config.hubAuditBatchMs,
  };
}

function keysIn(file: string) {
  try {
    return readSigningKeys(readFileSync(file, 'utf8'));
  } catch {
    throw new UsageError('`--keys` is followed by the path of a PEM file with Ed25519 public keys');
  }
}

async function verify(dir: string, roots: string, demands: ReturnType<typeof demandsOf>): Promise<number> {
  if (/^syslog(\+tcp)?:/.test(roots)) {
    throw new UsageError('The roots went to a syslog server: name a file of it that holds them, behind the directory');
  }
  if (!existsSync(roots))
    throw new ConfigError(
      `HUB_AUDIT_ROOTS should be the second place for roots of the audit log; there is none at ${roots}`,
    );
  const { faults, remarks, first, last, roots: count, lastRoot } = await verifyLog(dir, roots, demands);
  for (const fault of faults) console.log(fault);
  for (const remark of remarks) console.error(remark);
  const { ids } = demands.trusted;
  console.error(`Trusted for signatures: ${ids.map(id => `the Ed25519 key ${id}`).join(', ') || 'no key'}`);
  const extent = first ? `entries ${first.seq} to ${last}, from ${first.at}, under ${count} roots` : 'no entries';
  console.error(
    faults.length ? `NOT as it was written: ${faults.length} faults in ${extent}` : `As it was written: ${extent}`,
  );
  if (lastRoot && !faults.length)
    console.error(`Write down the root of entry ${lastRoot.to}, and give it to the next: --expect ${lastRoot.root}`);
  return faults.length ? 1 : 0;
}

/** A pseudonym needs nothing of the hub; for a resident id the database and the identity key are opened. */
async function subjectOf(given: string, open: Parameters<Command>[1]): Promise<string> {
  if (/^[0-9a-f-]{36}$/.test(given)) return given;
  const key = residentId.normalise(given);
  if (residentId.faults(key).length) throw new UsageError('What is reported is a pseudonym or a valid resident id');
  const { store, catalog } = await open();
  return store.identity.ofNoun(catalog.get('Person'), key);
}

/** Who asks about whom is listed in the next report, as for auditors. */
async function report(dir: string, subject: string, reason: string | undefined): Promise<number> {
  const act = { act: 'read', command: 'audit report', role: 'audit-admin', reason, subjects: [subject] } as const;
  const { entries, more } = await reportSubject(dir, subject, { first: shownAtOnce });
  return noted(act, async () => {
    for (const entry of entries) console.log(lineOf(entry));
    console.error(`${more ? 'the latest ' : ''}${entries.length} accesses`);
    return 0;
  });
}

/** Prints order, reader, agency, last day, entries, and how many of them were released before. */
async function sealed(dir: string, reason: string | undefined): Promise<number> {
  return noted({ act: 'consult', command: 'audit sealed', role: 'audit-admin', reason }, async () => {
    const counts = await countSealed(dir);
    for (const { order, reader, agency, until, entries, released } of counts)
      console.log([order ?? '-', reader ?? '-', agency ?? '-', until ?? '-', entries, released].join('\t'));
    const total = counts.reduce((sum, { entries }) => sum + entries, 0);
    console.error(`${total} sealed entries, by ${counts.length} orders`);
    return 0;
  });
}

const lineOf = ({ seq, at, act, channel, who, purpose, operation }: Entry) =>
  [
    ...[seq, at, act, channel, who.role, who.subject ?? '-', who.agency ?? '-'],
    ...[purpose ? `${purpose.kind}:${purpose.value}` : '-', operation?.name ?? '-'],
  ].join('\t');

/** Whoever may write to the log's directory counts as its administrator: the command has no other way to know. */
async function release(config: AuditConfig, seq: number, reason: string): Promise<number> {
  const order = { who: operator('audit-admin'), does: { release: seq, reason } };
  const outcome = await orderAtLog(auditSettings(config), order, error => console.error(error));
  const done = 'entry' in outcome;
  console.error(done ? `Entry ${seq} is released, by entry ${outcome.entry}` : outcome.refused);
  return done ? 0 : 1;
}
