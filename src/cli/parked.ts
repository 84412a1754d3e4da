/** npm run hub -- parked: shows items that could not be stored, and tries them again. */
import { orderAtLog } from '../audit/command-inbox.ts';
import { readAuditConfig } from '../config.ts';
import { replayParked } from '../ingest/replay.ts';
import { findParked, listParked } from '../store/parked.ts';
import type { Command } from './hub.ts';
import { operator } from './operator.ts';

const shownAtOnce = 1000;

export const parked: Command = async ([what, ...rest], { database, store, adapters }) => {
  if (what === 'list') {
    const items = await listParked(database, rest[0] ?? null, shownAtOnce);
    for (const { id, agency, kind, field, reason, adapterVersion, parkedAt } of items) {
      console.log(`${id}\t${agency}\t${kind ?? '-'}\t${field || '-'}\t${reason}\t${adapterVersion}\t${parkedAt}`);
    }
    console.error(`${items.length === shownAtOnce ? 'the first ' : ''}${items.length} parked`);
    return 0;
  }
  if (what === 'show' && /^\d+$/.test(rest[0] ?? '')) {
    const item = await findParked(database, Number(rest[0]));
    if (!item) {
      console.error(`Nothing is parked under ${rest[0]}`);
      return 1;
    }
    const { raw, native, ...facts } = item;
    if (!(await noteRead(Number(rest[0])))) return 1;
    // This command is meant to show the raw bytes: to the integrator, on a terminal, not in a log.
    console.log(JSON.stringify({ ...facts, native, raw: Buffer.from(raw).toString('utf8') }, null, 2));
    return 0;
  }
  if (what === 'replay' && rest[0]) {
    const adapter = adapters.find(a => a.agency.code === rest[0]);
    if (!adapter) {
      console.error(`No agency has the code ${rest[0]}; there are ${adapters.map(a => a.agency.code).join(', ')}`);
      return 1;
    }
    const ids = rest.slice(1).map(Number);
    if (ids.some(id => !Number.isInteger(id))) return 2;
    const { replayed, failing } = await replayParked(store, adapter, ids.length ? ids : null);
    for (const { id, field, reason } of failing) console.log(`${id}\t${field || '-'}\t${reason}`);
    console.error(`${replayed} replayed, ${failing.length} still parked`);
    return failing.length ? 1 : 0;
  }
  return 2;
};

/**
 * What could not be read may name anybody, so showing it is a read of personal data: it is noted first, or not shown.
 */
async function noteRead(parked: number): Promise<boolean> {
  const { hubAuditDir: dir, hubAuditRoots: roots } = readAuditConfig(process.env);
  const order = { who: operator('integrator'), does: { reads: 'parked show', of: { parked } } };
  try {
    await orderAtLog({ dir, roots }, order, () => {});
    return true;
  } catch {
    console.error(
      'It is not shown, because it could not be noted: HUB_AUDIT_DIR should be the directory of the audit log',
    );
    return false;
  }
}
