/**
 * W4: one event to many subscribers: at saturation, and at 20 events a second. Server, subscribers and publisher are
 * processes of their own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { project } from '../support/source-imports.ts';
import { median, mediansOf, type WorkloadReport } from './bench-report.ts';
import { warmUpSeconds } from './bench-size.ts';
import { type ContenderName, type RunningContender, startContender } from './contenders.ts';
import type { ClientsReport, ClientsTask } from './fan-out-clients.ts';
import { eventAgency, hubSubscription, peerSubscription } from './fan-out-event.ts';
import type { PublisherTask } from './fan-out-publisher.ts';
import type { Bench } from './measure-workload.ts';
import { cores, cpuMs, pin, processTree, rssMb } from './process-tree.ts';

/**
 * Figures of deliveries: `rps` per second, CPU times of one; p50 and p99 from commit to subscriber at 20 events a
 * second.
 */
interface FanOut {
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCpuMs: number;
  readonly postgresCpuMs: number | null;
  readonly rssMb: number;
  readonly kbPerSubscriber: number;
}
/** The subscribers: all alike, or in 50 ways and with 5 kinds of rights. */
type Crowd = 'alike' | 'mixed';

const eventsUnderWay = 8;
const eventsPerSecond = 20;

export async function measureFanOut(bench: Bench): Promise<WorkloadReport> {
  const counts = bench.size.subscribers;
  const most = counts.at(-1)!;
  const rounds = new Map<string, FanOut[]>();
  const note = (name: string, measured: FanOut) => rounds.set(name, [...(rounds.get(name) ?? []), measured]);
  for (let round = 0; round < bench.size.rounds; round++) {
    for (const name of round % 2 ? bench.contenders.toReversed() : bench.contenders) {
      for (const count of counts) {
        const measured = await fanOut(bench, name, count, 'alike');
        note(count === most ? name : `${name}, ${count} subscribers`, measured);
      }
    }
    if (bench.contenders.includes('hub')) note('hub, 50 filters', await fanOut(bench, 'hub', most, 'mixed'));
  }
  const contenders = Object.fromEntries([...rounds].map(([name, measured]) => [name, mediansOf(measured)]));
  const title = `one event to ${most} subscribers: deliveries at saturation, and from commit to subscriber at 20 events a second`;
  return { title, ...contenders, ratios: ratiosOf(rounds) };
}

function ratiosOf(rounds: ReadonlyMap<string, readonly FanOut[]>): Record<string, number> {
  const ratio = (one: string, other: string, of: (measured: FanOut) => number) => {
    const [a, b] = [rounds.get(one), rounds.get(other)];
    if (!a || !b) return null;
    return Number(median(a.map((measured, round) => of(measured) / of(b[round]!))).toPrecision(4));
  };
  const own = rounds.get('hub');
  const all = {
    limit: ratio('hub', 'limit', m => m.rps),
    postgraphile: ratio('hub', 'postgraphile', m => m.rps),
    byTheBook: ratio('hub', 'byTheBook', m => m.rps),
    limitOf500: ratio('hub, 500 subscribers', 'limit, 500 subscribers', m => m.rps),
    cpuPerMessage: ratio('hub', 'limit', m => m.serverCpuMs),
    p99At20: ratio('hub', 'limit', m => m.p99Ms),
    kbPerSubscriber: own ? Number(median(own.map(m => m.kbPerSubscriber)).toPrecision(4)) : null,
    manyFilters: ratio('hub, 50 filters', 'hub', m => m.rps),
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, number] => entry[1] !== null));
}

async function fanOut(bench: Bench, name: ContenderName, count: number, crowd: Crowd): Promise<FanOut> {
  const contender = await startContender(name, bench.databaseUrl, bench.catalog);
  const clients = helper('fan-out-clients.ts', {});
  const task: PublisherTask = { databaseUrl: bench.databaseUrl, notify: name !== 'hub' };
  const publisher = helper('fan-out-publisher.ts', task);
  try {
    await once(publisher, 'message');
    const last = await bornEvent(publisher, await lastEvent(bench.databaseUrl));
    if (name === 'hub') await allNumbered(bench.databaseUrl);
    const pids = processTree(contender.pid);
    const before = rssMb(pids);
    const subscribers = await subscribersOf(contender, count, crowd);
    clients.send({ connect: { port: contender.port, subscribers } satisfies ClientsTask });
    const [connected] = (await once(clients, 'message')) as [ClientsReport];
    if ('failure' in connected) throw new Error(`${name}: ${connected.failure}`);
    await delay(1_000);
    const kbPerSubscriber = ((rssMb(pids) - before) * 1024) / count;
    const hall = new Hall(name, clients, publisher, last);
    await hall.saturate(warmUpSeconds(bench.size));
    const postgres = () => (bench.postmaster === null ? null : cpuMs(processTree(bench.postmaster)));
    const start = { server: cpuMs(pids), postgres: postgres() };
    const { events, seconds } = await hall.saturate(bench.size.seconds);
    const end = { server: cpuMs(pids), postgres: postgres() };
    const latencies = await hall.steadily(bench.size.seconds);
    const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
    const deliveries = events * count;
    return {
      rps: deliveries / seconds,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      serverCpuMs: (end.server - start.server) / deliveries,
      postgresCpuMs: end.postgres === null ? null : (end.postgres - start.postgres!) / deliveries,
      rssMb: rssMb(pids),
      kbPerSubscriber,
    };
  } finally {
    clients.disconnect();
    publisher.disconnect();
    await contender.stop();
  }
}

/** The publisher and all subscribers, and the progress of each. */
class Hall {
  /** The number of events since the subscribers came. */
  private heard = 0;
  private published = 0;
  private failure: string | null = null;
  private readonly committed = new Map<number, bigint>();
  private readonly latencies: number[] = [];
  private readonly arrived = new Map<number, readonly string[]>();
  private wake = () => {};

  constructor(
    private readonly name: string,
    private readonly clients: ChildProcess,
    private readonly publisher: ChildProcess,
    /** The number of the last event before. */
    private readonly last: number,
  ) {
    this.listen(clients, report => {
      if ('failure' in report) this.failure ??= String(report.failure);
      else if (report.times) this.arrive(report.heard as number, report.times as readonly string[]);
      if ('heard' in report) this.heard = Math.max(this.heard, report.heard as number);
      this.wake();
    });
    this.listen(publisher, report => {
      if (report.at) this.commit((report.n as number) - this.last, BigInt(report.at as string));
    });
  }

  private async listen(child: ChildProcess, hear: (report: Record<string, unknown>) => void): Promise<void> {
    for await (const [report] of on(child, 'message', { close: ['disconnect'] })) hear(report);
  }

  /** Publishes as many events as get through, a few under way at any time. */
  async saturate(seconds: number): Promise<{ events: number; seconds: number }> {
    const since = performance.now();
    const first = this.heard;
    while (performance.now() - since < seconds * 1000) {
      this.publish();
      while (this.published - this.heard >= eventsUnderWay) await this.more();
    }
    while (this.heard < this.published) await this.more();
    return { events: this.heard - first, seconds: (performance.now() - since) / 1000 };
  }

  /** Publishes 20 events a second; returns the milliseconds from commit to each subscriber, sorted. */
  async steadily(seconds: number): Promise<Float64Array> {
    this.clients.send({ keepTimes: true });
    await delay(100);
    const since = performance.now();
    for (let i = 0; i < seconds * eventsPerSecond; i++) {
      this.publish();
      await delay(Math.max(0, since + ((i + 1) * 1000) / eventsPerSecond - performance.now()));
    }
    while (this.heard < this.published) await this.more();
    return Float64Array.from(this.latencies).sort();
  }

  private publish(): void {
    this.published += 1;
    const n = this.last + this.published;
    this.publisher.send({ from: n, to: n });
  }
  private async more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.wake = resolve;
    const killTimer = setTimeout(() => {
      this.failure ??= 'nothing was heard for 60 s';
      resolve();
    }, 60_000);
    await promise;
    clearTimeout(killTimer);
    if (this.failure) throw new Error(`${this.name} failed in W4: ${this.failure}`);
  }

  private commit(event: number, at: bigint): void {
    this.committed.set(event, at);
    const times = this.arrived.get(event);
    if (times) this.arrive(event, times);
  }
  private arrive(event: number, times: readonly string[]): void {
    const committed = this.committed.get(event);
    if (committed === undefined) this.arrived.set(event, times);
    else for (const time of times) this.latencies.push(Number(BigInt(time) - committed) / 1e6);
  }
}

function helper(file: string, task: object): ChildProcess {
  const env = { ...process.env, BENCH_TASK: JSON.stringify(task) };
  const child = fork(`${project}/bin/run.mjs`, [`test/load/${file}`], { cwd: project, env });
  pin(cores.rest, [child.pid!]);
  return child;
}

/** The first event makes its case known, which is a different change, so subscribers receive only those that follow. */
async function bornEvent(publisher: ChildProcess, last: number): Promise<number> {
  if (last) return last;
  publisher.send({ from: 1, to: 1 });
  await once(publisher, 'message');
  return 1;
}

/** The number of the event at which an earlier run ended, because events continue from there. */
async function lastEvent(url: string): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(
    `select coalesce(max(data_version), 0) as last from hub_approval where case_no = 'BJ371482009999999999'`,
  );
  await client.end();
  return rows[0].last;
}

/** Waits for the sequencer: what it numbers later would reach the present subscribers, but not those who come later. */
async function allNumbered(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  while ((await client.query('select from hub_batch where first_position is null limit 1')).rowCount) await delay(20);
  await client.end();
}

/** This many sockets, the most that a role may open, share a token. */
const socketsOfToken = 10;
const rights = [
  { claims: { role: 'clerk' }, purpose: 'task:test' },
  { claims: { role: 'clerk' } },
  { claims: { role: 'director' } },
  { claims: { role: 'analyst' } },
  { claims: { role: 'officer', agency: eventAgency, host: 'town' }, purpose: 'task:test' },
];
const filterCount = 50;

async function subscribersOf(
  contender: RunningContender,
  count: number,
  crowd: Crowd,
): Promise<ClientsTask['subscribers']> {
  if (!contender.anotherToken) {
    const subscribe = { query: peerSubscription, variables: { agency: eventAgency } };
    return Array.from({ length: count }, () => ({ init: {}, subscribe }));
  }
  const kinds = crowd === 'alike' ? 1 : rights.length;
  const tokens = await Promise.all(
    Array.from({ length: Math.ceil(count / socketsOfToken) }, (_, n) => {
      const { claims } = rights[n % kinds]!;
      return contender.anotherToken!({ ...claims, sub: `subscriber-${n}` } as Record<string, string>);
    }),
  );
  return Array.from({ length: count }, (_, n) => {
    const owner = Math.floor(n / socketsOfToken);
    const { purpose } = rights[owner % kinds]! as { purpose?: string };
    const agencies = crowd === 'alike' ? [eventAgency] : [eventAgency, `another-${n % filterCount}`];
    return {
      init: { authorization: `Bearer ${tokens[owner]}`, purpose },
      subscribe: { query: hubSubscription, variables: { kinds: ['Approval'], agencies } },
    };
  });
}
