/** One pass of W5 through the hub's own Puller, in a process of its own. The lines are made before the time counts. */
import { makeCatalog } from '../../src/catalog/catalog.ts';
import { makeLog } from '../../src/hub.ts';
import { Health } from '../../src/ingest/health.ts';
import { Puller } from '../../src/ingest/pull.ts';
import { Store } from '../../src/store/apply.ts';
import { Database } from '../../src/store/database.ts';
import { Identity } from '../../src/store/identity.ts';
import { noGuard } from '../../src/store/whole-set.ts';
import { silentAdapters } from '../support/silent-adapters.ts';
import { ingestAdapter, ingestLine, type Pass } from './ingest-records.ts';
import type { IngestOutcome, IngestTask } from './ingest-task.ts';
import { benchIdentityKey } from './town-database.ts';

const mb = (bytes: number) => bytes / 2 ** 20;

export async function ingestWithHub({ databaseUrl, count, pass, pageSize }: IngestTask): Promise<IngestOutcome> {
  const lines = Array.from({ length: count }, (_, n) => ingestLine(n, count, pass as Pass));
  const database = new Database(databaseUrl, { connections: 4, onError: error => console.error(error) });
  await database.pool.query('delete from hub_cursor');
  const store = new Store(database, makeCatalog(await silentAdapters()), new Identity(benchIdentityKey), noGuard);
  let end = () => {};
  const ended = new Promise<void>(resolve => {
    end = resolve;
  });
  const adapter = ingestAdapter(lines, () => end());
  const limits = { pageSize, deadlineMs: 60_000, pauseMs: 10, longestPauseMs: 100 };
  const parts = { adapter, source: adapter.connect({}, undefined as never), store, health: new Health(database), limits };
  const half = { at: Number.POSITIVE_INFINITY, first: 0, second: 0 };
  const puller = new Puller({ ...parts, log: makeLog('warn'), onChanges: () => {} });
  const watch = setInterval(() => {
    const share = performance.now() < half.at ? 'first' : 'second';
    half[share] = Math.max(half[share], mb(process.memoryUsage.rss()));
  }, 50);
  const [since, cpu] = [performance.now(), process.cpuUsage()];
  puller.start();
  await ended;
  const seconds = (performance.now() - since) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(watch);
  await puller.stop();
  await database.close();
  return { seconds, cpuMs: (user + system) / 1000, rssMb: mb(process.memoryUsage.rss()) };
}
