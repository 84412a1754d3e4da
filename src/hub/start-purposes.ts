/** Which purposes hold: the registers of tasks, matters and sealing orders, and the cases that readers name. */
import type { Logger } from 'pino';
import { policyOf } from '../access/policy.ts';
import { Purposes } from '../access/purposes.ts';
import { SealingOrders } from '../access/sealing-orders.ts';
import type { SharingGrants } from '../access/sharing.ts';
import { errorFacts } from '../domain/error-facts.ts';
import { sealingOrdersInForce } from '../store/sealing-orders.ts';
import type { OpenStore } from './open-store.ts';

export interface RunningPurposes {
  readonly purposes: Purposes;
  readonly sealing: SealingOrders;
  stop: () => Promise<void>;
}

export async function startPurposes(
  { catalog, database, store, town }: OpenStore,
  sharing: Pick<SharingGrants, 'current'>,
  log: Logger,
): Promise<RunningPurposes> {
  const failed = (what: string) => (error: unknown) =>
    log.error({ error: errorFacts(error) }, `reading ${what} failed`);
  const idOf = (noun: string, key: string) => store.identity.ofNoun(catalog.get(noun), key);
  const grants = () => sharing.current();
  const sealing = new SealingOrders(() => sealingOrdersInForce(database), failed('sealing orders'));
  const purposes = new Purposes({
    catalog,
    read: database.read,
    idOf,
    policyOf: principal => policyOf(principal, { catalog, idOf, town, grants: grants() }),
    grants,
    sealing,
    onError: failed('the registers of purposes'),
  });
  await Promise.all([sealing.start(), purposes.start()]);
  const stop = async () => {
    await Promise.all([purposes.stop(), sealing.stop()]);
  };
  return { purposes, sealing, stop };
}
