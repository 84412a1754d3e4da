/** A process that writes the records of W5: it reads its task from BENCH_TASK and answers by IPC. */

import { ingestByTheBook } from './ingest-by-the-book.ts';
import { ingestWithHub } from './ingest-hub.ts';
import { ingestByCopy } from './ingest-limit.ts';
import type { IngestTask } from './ingest-task.ts';
import { cpuMs, processTree } from './process-tree.ts';

const task = JSON.parse(process.env.BENCH_TASK!) as IngestTask;
const writers = { hub: ingestWithHub, limit: ingestByCopy, byTheBook: ingestByTheBook };
const { postmaster } = task;
const postgresCpu = () => (postmaster === null ? null : cpuMs(processTree(postmaster)));
process.send!(await writers[task.writer](task, postgresCpu), () => process.exit(0));
