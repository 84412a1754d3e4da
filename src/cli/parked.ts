/** npm run hub -- parked: shows items that could not be stored, and tries them again. */
import { orderAtLog } from '../audit/command-inbox.ts';
import { readAuditConfig } from '../config.ts';
import type { OpenStore } from '../hub/open-store.ts';
import { auditSettings } from '../hub/start-audit.ts';
import { replayParked } from '../ingest/replay.ts';
import type { Database } from '../store/database.ts';
import { findParked, listParked } from '../store/parked.ts';
import { type Command, readWords, UsageError } from './command.ts';
import { operator } from './operator.ts';

const shownAtOnce = 1000;

export const parked: Command = async (words, open) => {
  const [what, given, ...more] = readWords(words, {}, Number.POSITIVE_INFINITY).positionals;
  const ids = more.map(Number);
  if (what === 'list' && !more.length) return list((await open()).database, given ?? null);
  if (what === 'show' && /^\d+$/.test(given ?? '') && !more.length) return show((await open()).database, Number(given));
  if (what === 'replay' && given && ids.every(Number.isInteger)) return replay(await open(), given, ids);
  throw new UsageError(
    '`parked` takes list, show with the number of an item, or replay with the code of an agency and numbers of items',
  );
};

async function list(database: Database, agency: string | null): Promise<number> {
  const items = await listParked(database, agency, shownAtOnce);
  for (const { id, agency: of, kind, field, reason, adapterVersion, parkedAt } of items) {
    console.log(`${id}\t${of}\t${kind ?? '-'}\t${field || '-'}\t${reason}\t${adapterVersion}\t${parkedAt}`);
  }
  console.error(`${items.length === shownAtOnce ? 'the first ' : ''}${items.length} parked`);
  return 0;
}

async function show(database: Database, id: number): Promise<number> {
  const item = await findParked(database, id);
  if (!item) {
    console.error(`Nothing is parked under ${id}`);
    return 1;
  }
  const { raw, native, ...facts } = item;
  if (!(await noteRead(id))) return 1;
  // This command is meant to show the raw bytes: to the integrator, on a terminal, not in a log.
  console.log(JSON.stringify({ ...facts, native, raw: Buffer.from(raw).toString('utf8') }, null, 2));
  return 0;
}

async function replay({ store, adapters }: OpenStore, code: string, ids: readonly number[]): Promise<number> {
  const adapter = adapters.find(({ agency }) => agency.code === code);
  if (!adapter) {
    const known = adapters.map(({ agency }) => agency.code).join(', ');
    throw new UsageError(`No agency has the code \`${code}\`; there are ${known}`);
  }
  const { replayed, failing } = await replayParked(store, adapter, ids.length ? ids : null);
  for (const { id, field, reason } of failing) console.log(`${id}\t${field || '-'}\t${reason}`);
  console.error(`${replayed} replayed, ${failing.length} still parked`);
  return failing.length ? 1 : 0;
}

/**
 * What could not be read may name anybody, so showing it is a read of personal data: it is noted first, or not shown.
 */
async function noteRead(parked: number): Promise<boolean> {
  const settings = auditSettings(readAuditConfig(process.env));
  const order = { who: operator('integrator'), does: { reads: 'parked show', of: { parked } } };
  try {
    await orderAtLog(settings, order, () => {});
    return true;
  } catch {
    console.error(
      'It is not shown, because it could not be noted: HUB_AUDIT_DIR should be the directory of the audit log',
    );
    return false;
  }
}
