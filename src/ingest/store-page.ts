/** Stores what was restated; when the database refuses it, the items that are to blame are parked and the others stored. */
import type { Item } from '../../adapters/kit/contract.ts';
import type { Applied, ApplyPage, Store } from '../store/apply.ts';
import type { ParkedItem } from '../store/parked.ts';
import type { PreparedPage } from '../store/prepared-page.ts';
import { type Refusal, refusalOf } from '../store/refusals.ts';
import type { ValidRecord } from '../store/rows.ts';
import type { Restated, Restater } from './restate.ts';

export interface RestatedPage extends Omit<ApplyPage, 'records' | 'parked'>, Omit<Restated, 'present'> {}

export interface StoredPage extends Applied {
  readonly records: number;
  /** All that is parked of the page: what could not be restated, and what the database refused. */
  readonly items: readonly ParkedItem[];
}

/** An item with its records, which are stored together or not at all. */
type Whole = readonly [item: Item<unknown>, records: ValidRecord[]];

/** Throws the database's refusal where no item alone is to blame for it. */
export async function storePage(
  store: Store,
  restater: Restater,
  { origins, ...page }: RestatedPage,
  prepared?: PreparedPage,
): Promise<StoredPage> {
  try {
    const applied = await store.apply(page, prepared);
    return { ...applied, records: page.records.length, items: page.parked };
  } catch (error) {
    if (!refusalOf(error)) throw error;
    const wholes = wholeItems(page.records, origins);
    const refused = await refusedItems(store, page.agency, wholes);
    if (!refused.size) throw error;
    const records = wholes.filter(([item]) => !refused.has(item)).flatMap(([, own]) => own);
    const parked = wholes
      .filter(([item]) => refused.has(item))
      .map(([item, own]) => parkRefused(store, restater, item, own, refused.get(item)!));
    const items = [...page.parked, ...parked];
    return { ...(await store.apply({ ...page, records, parked: items })), records: records.length, items };
  }
}

function wholeItems(records: readonly ValidRecord[], origins: readonly Item<unknown>[]): Whole[] {
  const wholes = new Map<Item<unknown>, ValidRecord[]>();
  for (const [n, record] of records.entries()) {
    const own = wholes.get(origins[n]!) ?? [];
    wholes.set(origins[n]!, own);
    own.push(record);
  }
  return [...wholes];
}

/**
 * The items that the database refuses alone, found by halves: of 2,000 items one costs about four times the page. Items
 * that it refuses only together are none of them.
 */
async function refusedItems(
  store: Store,
  agency: string,
  items: readonly Whole[],
): Promise<Map<Item<unknown>, Refusal>> {
  const refused = new Map<Item<unknown>, Refusal>();
  const divide = async (part: readonly Whole[]): Promise<void> => {
    if (!part.length) return;
    const refusal = await store.refusalOf(
      agency,
      part.flatMap(([, records]) => records),
    );
    if (!refusal) return;
    if (part.length === 1) return void refused.set(part[0]![0], refusal);
    const middle = part.length >> 1;
    await divide(part.slice(0, middle));
    await divide(part.slice(middle));
  };
  await divide(items);
  return refused;
}

function parkRefused(store: Store, restater: Restater, item: Item<unknown>, records: ValidRecord[], refusal: Refusal) {
  const nouns = records.map(({ statement }) => store.catalog.stored(statement.kind));
  const at = Math.max(
    0,
    nouns.findIndex(({ table }) => table === refusal.table),
  );
  const { kind, sourceId, version } = records[at]!.statement;
  const column = [...nouns[at]!.columns.values()].find(known => known.column === refusal.field);
  return restater.park(item, { field: column?.name ?? '', reason: refusal.reason, kind, sourceId, version });
}
