/**
 * W1 to W3: checks first that all contenders answer the same, then measures how fast they answer, in alternating
 * rounds.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { project } from '../support/source-imports.ts';
import { type BenchSize, warmUpSeconds } from './bench-size.ts';
import { type ContenderName, type RunningContender, requestOf, startContender, wholeRequest } from './contenders.ts';
import { cores, cpuMs, pin, processTree, rssMb } from './process-tree.ts';
import type { LoopResult, LoopTask } from './request-loop.ts';
import type { Workload } from './workload.ts';

export interface Measured {
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of a request in the server, and in PostgreSQL; null when PostgreSQL runs elsewhere. */
  readonly serverCpuMs: number;
  readonly postgresCpuMs: number | null;
  readonly rssMb: number;
}

export interface Bench {
  readonly catalog: Catalog;
  readonly databaseUrl: string;
  readonly size: BenchSize;
  readonly contenders: readonly ContenderName[];
  readonly postmaster: number | null;
}

const sampled = 25;
const distinctRequests = 4_000;

/** Throws when a contender's answer differs from the first one's; the message shows where. */
export async function checkAnswers(bench: Bench, workloads: readonly Workload[]): Promise<void> {
  const expected = new Map<string, string>();
  for (const name of bench.contenders) {
    const contender = await startContender(name, bench.databaseUrl, bench.catalog);
    try {
      for (const workload of workloads) await compare(bench, contender, workload, expected);
    } finally {
      await contender.stop();
    }
  }
}

async function compare(bench: Bench, contender: RunningContender, workload: Workload, expected: Map<string, string>) {
  for (let n = 0; n < sampled; n++) {
    const variables = workload.variables(n * 7919, bench.size);
    const answer = JSON.stringify(workload.comparable(await askOnce(bench, contender, workload, variables)), null, 1);
    const key = `${workload.name} ${JSON.stringify(variables)}`;
    const other = expected.get(key);
    if (other === undefined) expected.set(key, answer);
    else if (other !== answer)
      throw new Error(`${contender.name} answers ${key} differently: ${difference(other, answer)}`);
  }
}

async function askOnce(bench: Bench, contender: RunningContender, workload: Workload, variables: object) {
  const { path: to, body } = requestOf(contender, bench.catalog, workload, variables);
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...contender.headers };
  const response = await fetch(`http://127.0.0.1:${contender.port}${to}`, { method: 'POST', headers, body });
  const text = await response.text();
  const answer = response.ok ? JSON.parse(text) : { errors: text };
  if (answer.errors)
    throw new Error(
      `${contender.name} does not answer ${workload.name}: ${JSON.stringify(answer.errors).slice(0, 1500)}`,
    );
  return contender.name === 'limit' ? answer : answer.data;
}

function difference(expected: string, got: string): string {
  const [one, other] = [expected.split('\n'), got.split('\n')];
  const line = one.findIndex((text, i) => text !== other[i]);
  const around = (lines: string[]) => lines.slice(Math.max(0, line - 2), line + 3).join(' ');
  return `expected ${around(one)}, got ${around(other)}`;
}

/** One round of one contender, in a fresh process. */
export async function measureWorkload(bench: Bench, name: ContenderName, workload: Workload): Promise<Measured> {
  const loop = startLoop();
  const contender = await startContender(name, bench.databaseUrl, bench.catalog);
  try {
    const requests = Array.from({ length: distinctRequests }, (_, n) =>
      wholeRequest(contender, requestOf(contender, bench.catalog, workload, workload.variables(n, bench.size))),
    );
    await tell(loop, {
      start: { port: contender.port, connections: workload.connections, requests } satisfies LoopTask,
    });
    await tell(loop, { seconds: warmUpSeconds(bench.size) });
    const pids = processTree(contender.pid);
    const postgres = () => (bench.postmaster === null ? null : cpuMs(processTree(bench.postmaster)));
    const before = { server: cpuMs(pids), postgres: postgres() };
    const result = await tell(loop, { seconds: bench.size.seconds });
    const after = { server: cpuMs(pids), postgres: postgres() };
    if (result.failure) throw new Error(`${name} failed in ${workload.name}: ${result.failure}`);
    return {
      rps: result.count / result.seconds,
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      serverCpuMs: (after.server - before.server) / result.count,
      postgresCpuMs: after.postgres === null ? null : (after.postgres - before.postgres!) / result.count,
      rssMb: rssMb(processTree(contender.pid)),
    };
  } finally {
    loop.disconnect();
    await contender.stop();
  }
}

function startLoop(): ChildProcess {
  const loop = fork(path.join(project, 'bin/run.mjs'), ['test/load/request-loop.ts'], { cwd: project });
  pin(cores.rest, [loop.pid!]);
  return loop;
}

async function tell(loop: ChildProcess, message: object): Promise<LoopResult> {
  loop.send(message);
  const [result] = (await once(loop, 'message')) as [LoopResult];
  return result;
}

/** Contenders take turns; every second round goes backwards, so that none always has the warmer machine. */
export async function inRounds(
  bench: Bench,
  measure: (name: ContenderName) => Promise<Measured>,
): Promise<Map<ContenderName, Measured[]>> {
  const rounds = new Map<ContenderName, Measured[]>(bench.contenders.map(name => [name, []]));
  for (let round = 0; round < bench.size.rounds; round++) {
    for (const name of round % 2 ? bench.contenders.toReversed() : bench.contenders) {
      rounds.get(name)!.push(await measure(name));
    }
  }
  return rounds;
}
