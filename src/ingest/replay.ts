/**
 * Tries parked items again with the present adapter; an item waits while an older one of the same record still fails.
 */
import type { Adapter } from '../../adapters/kit/contract.ts';
import type { Store } from '../store/apply.ts';
import { listParked, type StoredParked } from '../store/parked.ts';
import { refusalOf } from '../store/refusals.ts';
import { Restater } from './restate.ts';

export interface Replayed {
  readonly replayed: number;
  /** Still failing, with the present reason. */
  readonly failing: readonly { readonly id: number; readonly field: string; readonly reason: string }[];
}

/** If more items are parked, the operator should repair the adapter first. */
const maxConcurrent = 100_000;

export async function replayParked(store: Store, adapter: Adapter, only: readonly number[] | null): Promise<Replayed> {
  const agency = adapter.agency.code;
  const restater = new Restater(adapter);
  const parked = await listParked(store.database, agency, maxConcurrent);
  const failing: { id: number; field: string; reason: string }[] = [];
  const held = new Held();
  let replayed = 0;
  for (const item of parked.sort((a, b) => a.id - b.id)) {
    if (only && !only.includes(item.id)) {
      // Not selected, so it stays parked: later items of the same record have to wait for it.
      held.add(item);
    } else if (held.holds(item)) {
      failing.push({ id: item.id, field: item.field, reason: 'waits for an older item of the same record' });
    } else {
      const bad = await replayOne(store, restater, agency, item);
      if (bad) {
        failing.push({ id: item.id, ...bad });
        held.add(item);
      } else replayed += 1;
    }
  }
  return { replayed, failing };
}

/** Records with an item that still fails. An item whose kind could not be read may be about a record of any kind. */
class Held {
  private readonly kinds = new Map<string, Set<string | null>>();

  add({ kind, sourceId }: StoredParked): void {
    if (sourceId === null) return;
    this.kinds.set(sourceId, (this.kinds.get(sourceId) ?? new Set()).add(kind));
  }
  holds({ kind, sourceId }: StoredParked): boolean {
    const kinds = sourceId === null ? undefined : this.kinds.get(sourceId);
    return kinds !== undefined && (kind === null || kinds.has(null) || kinds.has(kind));
  }
}

async function replayOne(store: Store, restater: Restater, agency: string, item: StoredParked) {
  if (item.native === null)
    return { field: item.field, reason: 'could not be read at all: the source must send it again' };
  const { records, parked } = restater.restate([{ raw: item.raw, native: item.native }]);
  if (parked[0]) return { field: parked[0].field, reason: parked[0].reason };
  try {
    await store.apply({ agency, records, parked: [], settles: [item.id] });
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    return { field: refusal.field, reason: refusal.reason };
  }
}
