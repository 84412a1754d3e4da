/** npm run bench: measures the hub beside its peers on one machine, writes bench.json and says which floors are met. */
import os from 'node:os';
import { runAsProcess } from '../../src/cli/command.ts';
import { readBenchArguments } from './bench-arguments.ts';
import { printReport, reportRounds, type WorkloadReport, writeBenchJson } from './bench-report.ts';
import { sizes } from './bench-size.ts';
import { installPeers } from './contenders.ts';
import { measureFanOut } from './measure-fan-out.ts';
import { measureIngest } from './measure-ingest.ts';
import { type Bench, checkAnswers, inRounds, measureWorkload } from './measure-workload.ts';
import { cores, pin, postmasterOf, processTree } from './process-tree.ts';
import { benchCatalog, openTown, startBenchServer } from './town-database.ts';
import { workloads } from './workload.ts';

const usage = 'npm run bench [-- --quick] [--only W1,W2] [--contenders hub,limit] [--rounds N] [--output FILE]';
const about = 'Measures the hub beside its peers and the limit on this machine, and says which floors are met.';

await runAsProcess(usage, about, async args => {
  const { size, chosen, contenders, output } = readBenchArguments(args);
  const since = performance.now();
  const withPeers = contenders.some(name => name === 'postgraphile' || name === 'byTheBook');
  if (withPeers && chosen.some(name => name !== 'W5')) installPeers();
  const server = await startBenchServer();
  try {
    const catalog = await benchCatalog();
    const reports: Record<string, WorkloadReport> = {};
    const asked = workloads.filter(({ name }) => chosen.some(one => one === name));
    if (asked.length) {
      const town = await openTown(server, catalog, size);
      const postmaster = await postmasterOf(town.url);
      if (postmaster !== null) pin(cores.rest, processTree(postmaster));
      const bench: Bench = { catalog, databaseUrl: town.url, size, contenders, postmaster };
      await checkAnswers(bench, asked);
      for (const workload of asked) {
        const rounds = await inRounds(bench, name => measureWorkload(bench, name, workload));
        reports[workload.name] = reportRounds(workload.title, rounds);
      }
    }
    if (chosen.includes('W4')) {
      // The size of the town does not matter to subscribers of one case.
      const town = await openTown(server, catalog, sizes.small);
      const postmaster = await postmasterOf(town.url);
      if (postmaster !== null) pin(cores.rest, processTree(postmaster));
      reports.W4 = await measureFanOut({ catalog, databaseUrl: town.url, size, contenders, postmaster });
    }
    if (chosen.includes('W5')) reports.W5 = await measureIngest(server, catalog, size, contenders);
    const [cpu] = os.cpus();
    const machine = { cpu: cpu?.model, cores: os.availableParallelism(), node: process.version };
    writeBenchJson(
      output,
      { size: size.name, rounds: size.rounds, machine, measuredAt: new Date().toISOString() },
      reports,
    );
    const missed = printReport(reports);
    const seconds = ((performance.now() - since) / 1000).toFixed(0);
    console.log(
      `\n${output} is written after ${seconds} s; ${missed ? `${missed} floors are missed` : 'every floor is met'}${size.name === 'full' ? '' : ' (they are promised at full size)'}.`,
    );
  } finally {
    await server.stop();
  }
  return 0;
});
