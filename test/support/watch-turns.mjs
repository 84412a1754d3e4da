/**
 * Loaded before a hub (`node --import`): reports every turn of its event loop that used more thread CPU than the bound,
 * without what the garbage collector took, as a line of JSON in the file that TURNS_REPORT names.
 *
 * A timer of a millisecond runs in each turn that has something to do, so the CPU between two of its callbacks is that
 * of one turn, or of several short ones within a millisecond. CPU is that of the main thread: a turn that waits for its
 * processor does not become longer.
 */
import { appendFileSync } from 'node:fs';
import { PerformanceObserver, performance } from 'node:perf_hooks';

const { TURNS_REPORT: report, TURNS_BOUND_MS: bound = '50' } = process.env;
const isHub = process.argv.some(word => word.endsWith('src/cli/serve.ts'));

/** Milliseconds of CPU of the calling thread. */
const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

if (report && isHub && process.threadCpuUsage) {
  /** Collections that were reported, with their times. */
  let collections = [];
  new PerformanceObserver(list => {
    for (const { startTime, duration } of list.getEntries()) collections.push({ startTime, duration });
  }).observe({ entryTypes: ['gc'] });

  let [cpu, at] = [cpuMs(), performance.now()];
  const write = (from, until, used) => {
    const collected = collections
      .filter(({ startTime, duration }) => startTime >= from && startTime + duration <= until)
      .reduce((sum, { duration }) => sum + duration, 0);
    const ms = used - Math.min(used, collected);
    if (ms < Number(bound)) return;
    const line = { atMs: performance.timeOrigin + from, endMs: performance.timeOrigin + until, ms, collected };
    appendFileSync(report, `${JSON.stringify(line)}\n`);
  };
  setInterval(() => {
    const [nowCpu, now] = [cpuMs(), performance.now()];
    const used = nowCpu - cpu;
    const from = at;
    [cpu, at] = [nowCpu, now];
    // Collections are reported a turn later.
    if (used >= Number(bound)) setTimeout(write, 20, from, now, used);
    else if (collections.length > 1_000) collections = collections.slice(-500);
  }, 1).unref();
}
