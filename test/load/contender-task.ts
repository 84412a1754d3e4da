/**
 * The task that a contender's process gets at its start, in the environment variable BENCH_TASK, and its signal that it
 * is ready.
 */
import type { LimitStatement } from './limit-sql.ts';

export interface ContenderTask {
  readonly databaseUrl: string;
  readonly connections: number;
  /** For the limit only: its statement for each query. */
  readonly statements: Readonly<Record<string, LimitStatement>>;
}

export const readTask = (): ContenderTask => JSON.parse(process.env.BENCH_TASK!) as ContenderTask;
export const ready = (port: number): void => console.log(`READY ${port}`);
