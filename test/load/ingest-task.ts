import type { Pass } from './ingest-records.ts';

/** The task of a process that writes the records of W5, and its answer. */
export const writerNames = ['hub', 'limit', 'byTheBook'] as const;
export type WriterName = (typeof writerNames)[number];

export interface IngestTask {
  readonly writer: WriterName;
  /** The URL of a database that is empty before the first pass. */
  readonly databaseUrl: string;
  /**
   * The URL of another empty database, for records that are written before the time counts, so that code gets compiled.
   */
  readonly warmUrl: string;
  /** The URL of a database in which the hub has written the records: the limit copies its rows. */
  readonly writtenUrl: string;
  readonly count: number;
  /** The number of source records in a page. */
  readonly pageSize: number;
  /** The main process of PostgreSQL, for its CPU time. */
  readonly postmaster: number | null;
  /** Without it, all passes are run. */
  readonly passes?: readonly Pass[];
}

/** The number of records written to warm up. */
export const warmCount = 20_000;

/** The cost of writing all records once. */
export interface IngestOutcome {
  readonly pass: string;
  readonly seconds: number;
  readonly cpuMs: number;
  readonly postgresCpuMs: number | null;
  readonly rssMb: number;
  /** The peak memory while the second half was written, over the peak before; null when nobody measured. */
  readonly memoryGrowth: number | null;
}

/** Measures `work`. Its connections must be open and stay open, because the CPU time of ended processes is lost. */
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
