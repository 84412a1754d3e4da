/** What a process that writes the records of W5 is told, and what it answers. */
export interface IngestTask {
  readonly writer: 'hub' | 'limit' | 'byTheBook';
  readonly databaseUrl: string;
  readonly count: number;
  readonly pass: string;
  /** Source records of a page. */
  readonly pageSize: number;
}
export interface IngestOutcome {
  readonly seconds: number;
  readonly cpuMs: number;
  readonly rssMb: number;
  /** Memory of the second half of the records over that of the first. */
  readonly memoryGrowth?: number;
}
