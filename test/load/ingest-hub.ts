/** W5 through the hub's own Puller, Restater and Store. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeCatalog } from '../../src/catalog/catalog.ts';
import { makeLog } from '../../src/hub/open-store.ts';
import { Health } from '../../src/ingest/health.ts';
import { Puller } from '../../src/ingest/pull.ts';
import { Store } from '../../src/store/apply.ts';
import { Database } from '../../src/store/database.ts';
import { Identity } from '../../src/store/identity.ts';
import { noGuard } from '../../src/store/whole-set.ts';
import { silentAdapters } from '../support/silent-adapters.ts';
import { ingestAdapter, ingestLine, passes } from './ingest-records.ts';
import { type IngestOutcome, type IngestTask, outcomeOf, warmCount } from './ingest-task.ts';
import { benchIdentityKey } from './town-database.ts';

export async function ingestWithHub(task: IngestTask, postgresCpu: () => number | null): Promise<IngestOutcome[]> {
  await ingestPasses({ ...task, databaseUrl: task.warmUrl, count: warmCount, passes: ['first'] }, postgresCpu);
  return ingestPasses(task, postgresCpu);
}

/** Each pass reads the agency from the beginning. */
async function ingestPasses(task: IngestTask, postgresCpu: () => number | null): Promise<IngestOutcome[]> {
  const database = new Database(task.databaseUrl, { connections: 4, onError: error => console.error(error) });
  const store = new Store(database, makeCatalog(await silentAdapters()), new Identity(benchIdentityKey), noGuard);
  const outcomes: IngestOutcome[] = [];
  for (const pass of task.passes ?? passes) {
    await database.pool.query('delete from hub_cursor');
    const lines = Array.from({ length: task.count }, (_, n) => ingestLine(n, task.count, pass));
    const memory = new MemoryWatch();
    const outcome = await outcomeOf(pass, postgresCpu, () =>
      pullAll(store, lines, task.pageSize, share => memory.look(share)),
    );
    const { growth, spentMs } = memory;
    const [seconds, cpuMs] = [outcome.seconds - spentMs / 1000, outcome.cpuMs - spentMs];
    outcomes.push({ ...outcome, seconds, cpuMs, memoryGrowth: growth });
  }
  await database.close();
  return outcomes;
}

async function pullAll(store: Store, lines: readonly string[], pageSize: number, onPage: (share: number) => void) {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const adapter = ingestAdapter(lines, from => {
    onPage(from / lines.length);
    if (from >= lines.length) resolve();
  });
  const bounds = { items: pageSize, bytes: Number.POSITIVE_INFINITY };
  const limits = { pageSize, bounds, deadlineMs: 60_000, pauseMs: 10, maxPauseMs: 100 };
  const source = adapter.connect({}, undefined as never);
  const parts = { adapter, source, store, health: new Health(store.database), limits, log: makeLog('warn') };
  const puller = new Puller({ ...parts, onChanges: () => {} });
  puller.start();
  await ended;
  await puller.stop();
}

/**
 * The memory that the process holds, besides the waiting records: measured when half and when nearly all is written.
 */
class MemoryWatch {
  private readonly collect = collector();
  private readonly before = this.live();
  private readonly looks: number[] = [];
  /** The time spent on measuring, which is no part of the work. */
  spentMs = 0;

  look(share: number): void {
    if (share < [0.5, 0.9, Number.POSITIVE_INFINITY][this.looks.length]!) return;
    const since = performance.now();
    this.looks.push(this.live() - this.before);
    this.spentMs += performance.now() - since;
  }
  /** Null when there were too few pages to measure twice. */
  get growth(): number | null {
    const [half, late] = this.looks;
    return half && late ? late / half : null;
  }
  private live(): number {
    this.collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
}

/** Without a collection, garbage that V8 has not collected yet would count. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
