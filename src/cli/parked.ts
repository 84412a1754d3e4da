/** npm run hub -- parked: shows items that could not be stored, and tries them again. */
import type { OpenStore } from '../hub/open-store.ts';
import { replayParked } from '../ingest/replay.ts';
import type { Database } from '../store/database.ts';
import { findParked, listParked } from '../store/parked.ts';
import { type Command, readWords, UsageError } from './command.ts';
import { noted, reasonFlag } from './operator.ts';

const shownAtOnce = 1000;

export const parked: Command = async (words, open) => {
  const { values, positionals } = readWords(words, reasonFlag, Number.POSITIVE_INFINITY);
  const [what, given, ...more] = positionals;
  const { reason } = values;
  const ids = more.map(Number);
  if (what === 'list' && !more.length) return list((await open()).database, given ?? null);
  if (what === 'show' && /^\d+$/.test(given ?? '') && !more.length)
    return show((await open()).database, Number(given), reason);
  if (what === 'replay' && given && ids.every(Number.isInteger)) return replay(await open(), given, ids, reason);
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

/** What could not be read may name anybody, so showing it is a read of personal data. */
async function show(database: Database, id: number, reason: string | undefined): Promise<number> {
  const item = await findParked(database, id);
  if (!item) {
    console.error(`Nothing is parked under ${id}`);
    return 1;
  }
  const { raw, native, ...facts } = item;
  const act = { act: 'read', command: 'parked show', role: 'integrator', reason, of: { parked: id } } as const;
  return noted(act, async () => {
    // This command is meant to show the raw bytes: to the integrator, on a terminal, not in a log.
    console.log(JSON.stringify({ ...facts, native, raw: Buffer.from(raw).toString('utf8') }, null, 2));
    return 0;
  });
}

async function replay(
  { store, adapters }: OpenStore,
  code: string,
  ids: readonly number[],
  reason: string | undefined,
): Promise<number> {
  const adapter = adapters.find(({ agency }) => agency.code === code);
  if (!adapter) {
    const known = adapters.map(({ agency }) => agency.code).join(', ');
    throw new UsageError(`No agency has the code \`${code}\`; there are ${known}`);
  }
  const about = { agency: code, items: ids.length ? ids.join(' ') : 'all' };
  return noted({ act: 'command', command: 'parked replay', role: 'integrator', reason, about }, async () => {
    const { replayed, failing } = await replayParked(store, adapter, ids.length ? ids : null);
    for (const { id, field, reason: why } of failing) console.log(`${id}\t${field || '-'}\t${why}`);
    console.error(`${replayed} replayed, ${failing.length} still parked`);
    return failing.length ? 1 : 0;
  });
}
