/** npm run hub -- audit: verifies the log, shows who read a person's data, counts sealed entries, and releases them. */
import { existsSync } from 'node:fs';
import { residentId } from '../../adapters/kit/identifiers/resident-id.ts';
import { orderAtLog } from '../audit/command-inbox.ts';
import type { Entry } from '../audit/entry.ts';
import { countSealed } from '../audit/sealed-entries.ts';
import { reportSubject } from '../audit/subject-report.ts';
import { verifyLog } from '../audit/verify-log.ts';
import { ConfigError, readAuditConfig } from '../config.ts';
import { type Command, readWords, UsageError } from './command.ts';
import { operator } from './operator.ts';

const shownAtOnce = 10_000;

export const audit: Command = async (words, open) => {
  const [what, given, second] = readWords(words, {}, 3).positionals;
  const { hubAuditDir, hubAuditRoots } = readAuditConfig(process.env);
  if (what === 'verify') return verify(logAt(given ?? hubAuditDir), second ?? hubAuditRoots);
  const dir = () => logAt(hubAuditDir);
  if (second !== undefined) throw new UsageError(`\`${second}\` is one word too many`);
  if (what === 'sealed' && !given) return sealed(dir());
  if (what === 'report' && given) return report(dir(), await subjectOf(given, open));
  if (what === 'release' && given && /^\d{1,15}$/.test(given)) return release(dir(), hubAuditRoots, Number(given));
  throw new UsageError(
    '`audit` takes verify, report with a pseudonym or a resident id, release with a number, or sealed',
  );
};

function logAt(dir: string): string {
  if (existsSync(dir)) return dir;
  throw new ConfigError(`HUB_AUDIT_DIR should be the directory of an audit log; there is none at ${dir}`);
}

async function verify(dir: string, roots: string): Promise<number> {
  if (/^syslog(\+tcp)?:/.test(roots)) {
    throw new UsageError('The roots went to a syslog server: name a file of it that holds them, behind the directory');
  }
  if (!existsSync(roots))
    throw new ConfigError(
      `HUB_AUDIT_ROOTS should be the second place for roots of the audit log; there is none at ${roots}`,
    );
  const { faults, remarks, first, last, roots: count } = await verifyLog(dir, roots);
  for (const fault of faults) console.log(fault);
  for (const remark of remarks) console.error(remark);
  const extent = first ? `entries ${first.seq} to ${last}, from ${first.at}, under ${count} roots` : 'no entries';
  console.error(
    faults.length ? `NOT as it was written: ${faults.length} faults in ${extent}` : `As it was written: ${extent}`,
  );
  return faults.length ? 1 : 0;
}

/** A pseudonym needs nothing of the hub; for a resident id the installation's key is read from the database. */
async function subjectOf(given: string, open: Parameters<Command>[1]): Promise<string> {
  if (/^[0-9a-f-]{36}$/.test(given)) return given;
  const key = residentId.normalise(given);
  if (residentId.faults(key).length) throw new UsageError('What is reported is a pseudonym or a valid resident id');
  const { store, catalog } = await open();
  return store.identity.ofNoun(catalog.get('Person'), key);
}

async function report(dir: string, subject: string): Promise<number> {
  const { entries, more } = await reportSubject(dir, subject, { first: shownAtOnce });
  for (const entry of entries) console.log(lineOf(entry));
  console.error(`${more ? 'the latest ' : ''}${entries.length} accesses`);
  return 0;
}

/** Prints order, reader, agency, last day, entries, and how many of them were released before. */
async function sealed(dir: string): Promise<number> {
  const counts = await countSealed(dir);
  for (const { order, reader, agency, until, entries, released } of counts)
    console.log([order ?? '-', reader ?? '-', agency ?? '-', until ?? '-', entries, released].join('\t'));
  console.error(`${counts.reduce((sum, { entries }) => sum + entries, 0)} sealed entries, by ${counts.length} orders`);
  return 0;
}

const lineOf = ({ seq, at, act, channel, who, purpose, operation }: Entry) =>
  [
    ...[seq, at, act, channel, who.role, who.subject ?? '-', who.agency ?? '-'],
    ...[purpose ? `${purpose.kind}:${purpose.value}` : '-', operation?.name ?? '-'],
  ].join('\t');

/** Whoever may write to the log's directory counts as its administrator: the command has no other way to know. */
async function release(dir: string, roots: string, seq: number): Promise<number> {
  const order = { who: operator('audit-admin'), does: { release: seq } };
  const outcome = await orderAtLog({ dir, roots }, order, error => console.error(error));
  const done = 'entry' in outcome;
  console.error(done ? `Entry ${seq} is released, by entry ${outcome.entry}` : outcome.refused);
  return done ? 0 : 1;
}
