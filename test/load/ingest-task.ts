import type { Pass } from './ingest-records.ts';

/** What a process that writes the records of W5 is told, and what it answers. */
export const writerNames = ['hub', 'limit', 'byTheBook'] as const;
export type WriterName = (typeof writerNames)[number];

export interface IngestTask {
  readonly writer: WriterName;
  /** Of a database that is empty before the first pass. */
  readonly databaseUrl: string;
  /** Of another empty database, for records that are written before the time counts: code has to be compiled first. */
  readonly warmUrl: string;
  /** Of a database in which the hub has written the records: the limit copies its rows. */
  readonly writtenUrl: string;
  readonly count: number;
  /** Source records of a page. */
  readonly pageSize: number;
  /** The main process of PostgreSQL, for its CPU time. */
  readonly postmaster: number | null;
  /** All without it. */
  readonly passes?: readonly Pass[];
}

/** Records written to warm up. */
export const warmCount = 20_000;

/** What it took to write all records once. */
export interface IngestOutcome {
  readonly pass: string;
  readonly seconds: number;
  readonly cpuMs: number;
  readonly postgresCpuMs: number | null;
  readonly rssMb: number;
  /** Most memory while the second half was written, over the most before; null where nobody looked. */
  readonly memoryGrowth: number | null;
}

/** Measures `work`; connections that it uses must be open and stay open, because CPU time of the dead is lost. */
export async function outcomeOf(
  pass: string,
  postgresCpu: () => number | null,
  work: () => Promise<void>,
): Promise<IngestOutcome> {
  const before = { at: performance.now(), cpu: process.cpuUsage(), postgres: postgresCpu() };
  await work();
  const seconds = (performance.now() - before.at) / 1000;
  const { user, system } = process.cpuUsage(before.cpu);
  const after = postgresCpu();
  return {
    pass,
    seconds,
    cpuMs: (user + system) / 1000,
    postgresCpuMs: after === null ? null : after - before.postgres!,
    rssMb: process.memoryUsage.rss() / 2 ** 20,
    memoryGrowth: null,
  };
}
