/** W5: the hub's ingest beside bare COPY and upsertMany, each into an empty database, in alternating rounds. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { createTables } from '../support/create-tables.ts';
import { project } from '../support/source-imports.ts';
import { median, mediansOf, type WorkloadReport } from './bench-report.ts';
import type { BenchSize } from './bench-size.ts';
import { startFlags } from './contenders.ts';
import { type IngestOutcome, type IngestTask, type WriterName, writerNames } from './ingest-task.ts';
import { cores, pin, postmasterOf, processTree } from './process-tree.ts';
import type { BenchServer } from './town-database.ts';

const pageSize = 2_000;
const template = 'bench_ingest_empty';
const written = 'bench_ingest_written';
const target = 'bench_ingest';
const warm = 'bench_ingest_warm';

export async function measureIngest(
  server: BenchServer,
  catalog: Catalog,
  size: BenchSize,
  contenders: readonly string[],
): Promise<WorkloadReport> {
  const databases = await Databases.open(server, catalog);
  const postmaster = await postmasterOf(server.url('postgres'));
  if (postmaster !== null) pin(cores.rest, processTree(postmaster));
  const task = {
    count: size.ingested,
    pageSize,
    postmaster,
    writtenUrl: server.url(written),
    warmUrl: server.url(warm),
  };
  const writers = writerNames.filter(name => contenders.includes(name));
  const rounds = new Map<WriterName, IngestOutcome[][]>(writers.map(name => [name, []]));
  try {
    if (writers.includes('limit')) {
      await databases.make(written);
      await databases.make(warm);
      await runWriter({ ...task, writer: 'hub', databaseUrl: server.url(written), passes: ['first'] });
    }
    for (let round = 0; round < size.rounds; round++) {
      for (const writer of round % 2 ? writers.toReversed() : writers) {
        await databases.make(target);
        await databases.make(warm);
        rounds.get(writer)!.push(await runWriter({ ...task, writer, databaseUrl: server.url(target) }));
      }
    }
  } finally {
    await databases.close();
  }
  return report(rounds, size.ingested);
}

function report(rounds: ReadonlyMap<WriterName, readonly IngestOutcome[][]>, count: number): WorkloadReport {
  const contenders: Record<string, unknown> = {};
  const ratios: Record<string, number> = {};
  const digits = (value: number) => Number(value.toPrecision(4));
  const hub = rounds.get('hub') ?? [];
  for (const [writer, measured] of rounds) {
    contenders[writer] = figuresOf(
      measured.map(passes => passes[0]!),
      count,
    );
    if (writer !== 'hub') {
      const faster = hub.map((passes, round) => measured[round]![0]!.seconds / passes[0]!.seconds);
      ratios[writer] = digits(median(faster));
    }
  }
  for (const pass of [1, 2]) {
    const measured = hub.map(passes => passes[pass]!);
    if (measured.length) contenders[`hub, ${measured[0]!.pass}`] = figuresOf(measured, count);
  }
  if (hub.length) {
    ratios.unchangedPage = digits(median(hub.map(([, again, changed]) => again!.seconds / changed!.seconds)));
    ratios.memoryGrowth = digits(median(hub.flatMap(passes => passes[0]!.memoryGrowth ?? [])));
  }
  const title = `${count} source records: validated, normalised, matched, with history and changes, in pages of ${pageSize}`;
  return { title, ...contenders, ratios };
}

/** `rps` are records per second, CPU times are those of one record. */
const figuresOf = (measured: readonly IngestOutcome[], count: number) =>
  mediansOf(
    measured.map(({ seconds, cpuMs, postgresCpuMs, rssMb }) => ({
      rps: count / seconds,
      p50Ms: null,
      p99Ms: null,
      serverCpuMs: cpuMs / count,
      postgresCpuMs: postgresCpuMs === null ? null : postgresCpuMs / count,
      rssMb,
    })),
  );

async function runWriter(task: IngestTask): Promise<IngestOutcome[]> {
  const env = { ...process.env, BENCH_TASK: JSON.stringify(task) };
  const execArgv = [...process.execArgv, ...(task.writer === 'hub' ? startFlags() : [])];
  const child = fork(`${project}/bin/run.mjs`, ['test/load/ingest-writer.ts'], { cwd: project, env, execArgv });
  pin(cores.server, [child.pid!]);
  const outcomes = await Promise.race([
    once(child, 'message').then(([message]) => message as IngestOutcome[]),
    once(child, 'exit').then(() => null),
  ]);
  if (!outcomes) throw new Error(`The writer ${task.writer} of W5 ended by itself`);
  return outcomes;
}

/** Databases with the hub's tables, made from a template. */
class Databases {
  private constructor(private readonly admin: pg.Client) {}

  static async open(server: BenchServer, catalog: Catalog): Promise<Databases> {
    const admin = new pg.Client(server.url('postgres'));
    await admin.connect();
    const databases = new Databases(admin);
    await databases.make(template, 'template0');
    await createTables(server.url(template), catalog);
    return databases;
  }
  async make(name: string, from = template): Promise<void> {
    await this.admin.query(`drop database if exists ${name} with (force)`);
    await this.admin.query(`create database ${name} template ${from}`);
  }
  async close(): Promise<void> {
    for (const name of [target, warm, written, template])
      await this.admin.query(`drop database if exists ${name} with (force)`);
    await this.admin.end();
  }
}
