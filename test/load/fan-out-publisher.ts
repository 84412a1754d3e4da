/** W4's publisher, in a process of its own: writes events through the hub's store, and says when each was committed. */
import { makeCatalog } from '../../src/catalog/catalog.ts';
import { checkStatement } from '../../src/ingest/check.ts';
import { Store } from '../../src/store/apply.ts';
import { Database } from '../../src/store/database.ts';
import { Identity } from '../../src/store/identity.ts';
import { noGuard } from '../../src/store/whole-set.ts';
import { silentAdapters } from '../support/silent-adapters.ts';
import { eventAgency, eventChannel, eventStatement, peerEvent } from './fan-out-event.ts';
import { benchIdentityKey } from './town-database.ts';

export interface PublisherTask {
  readonly databaseUrl: string;
  /** Whether to send NOTIFY too, for those who do not read the hub's log. */
  readonly notify: boolean;
}

const { databaseUrl, notify } = JSON.parse(process.env.BENCH_TASK!) as PublisherTask;
const database = new Database(databaseUrl, { connections: 2, onError: error => console.error(error) });
const store = new Store(database, makeCatalog(await silentAdapters()), new Identity(benchIdentityKey), noGuard);
const kind = store.catalog.stored('Approval').kind;

/**
 * Writes the events from `from` to `to` in one transaction, and reports the nanosecond at which they were committed.
 */
async function publish(from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) {
    const outcome = checkStatement(kind, eventStatement(n));
    if (!('record' in outcome)) throw new Error('An event of W4 is not valid');
    await store.apply({ agency: eventAgency, records: [outcome.record], parked: [] });
    process.send!({ n, at: String(process.hrtime.bigint()) });
    if (notify) await database.pool.query('select pg_notify($1, $2)', [eventChannel, JSON.stringify(peerEvent(n))]);
  }
}

let working = Promise.resolve();
process.on('message', ({ from, to }: { from: number; to: number }) => {
  working = working.then(() => publish(from, to));
});
process.on('disconnect', () => process.exit(0));
process.send!({ ready: true });
