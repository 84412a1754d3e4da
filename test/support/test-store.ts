/** A real Store over a database of its own, without a hub, for tests of how a page changes the tables. */
import type { Adapter, Item } from '../../adapters/kit/contract.ts';
import { makeCatalog } from '../../src/catalog/catalog.ts';
import { Restater } from '../../src/ingest/restate.ts';
import { type Applied, type ApplyPage, Store } from '../../src/store/apply.ts';
import { Database } from '../../src/store/database.ts';
import { Identity } from '../../src/store/identity.ts';
import { noGuard, type RemovalGuard } from '../../src/store/whole-set.ts';
import { createTables } from './create-tables.ts';
import { clonedDatabase } from './database.ts';
import { testIdentityKey } from './identity-key-file.ts';

export interface TestStore {
  readonly url: string;
  readonly store: Store;
  close(): Promise<void>;
}

/** @param template names the tables of these adapters; the same name must always mean the same kinds */
export async function openTestStore(
  template: string,
  adapters: readonly Adapter[],
  guard: RemovalGuard = noGuard,
): Promise<TestStore> {
  const catalog = makeCatalog(adapters);
  const created = await clonedDatabase(template, url => createTables(url, catalog));
  const database = new Database(created.url, { connections: 6, onError: () => {} });
  return {
    url: created.url,
    store: new Store(database, catalog, new Identity(testIdentityKey), guard),
    close: async () => {
      await database.close();
      await created.drop();
    },
  };
}

type Rest = Omit<ApplyPage, 'agency' | 'records' | 'parked' | 'set'>;

/** Restates items with an adapter and applies them as one page, as the Puller and the Receiver do. */
export function applyItems(
  store: Store,
  adapter: Adapter,
  items: readonly Item<unknown>[],
  rest: Rest = {},
): Promise<Applied> {
  const { records, parked } = new Restater(adapter).restate(items);
  return store.apply({ agency: adapter.agency.code, records, parked, ...rest });
}
