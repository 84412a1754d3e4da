/** What a contender's process is told when it starts, in the environment variable BENCH_TASK, and how it says that it is ready. */
import type { LimitStatement } from './limit-sql.ts';

export interface ContenderTask {
  readonly databaseUrl: string;
  readonly connections: number;
  /** Of the limit: its statement for each question. */
  readonly statements: Readonly<Record<string, LimitStatement>>;
}

export const readTask = (): ContenderTask => JSON.parse(process.env.BENCH_TASK!) as ContenderTask;
export const ready = (port: number): void => console.log(`READY ${port}`);
