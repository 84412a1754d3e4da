/** How much data and how much time a run of the bench takes. */
export interface BenchSize {
  readonly name: 'full' | 'quick' | 'small';
  readonly persons: number;
  readonly organisations: number;
  readonly parcels: number;
  readonly insurances: number;
  readonly cases: number;
  readonly approvals: number;
  /** The number of source records of W5. */
  readonly ingested: number;
  readonly rounds: number;
  /** The duration of a measurement, without warming up. */
  readonly seconds: number;
  readonly subscribers: readonly number[];
}

/** Before a measurement, code has to be compiled and caches have to be filled. */
export const warmUpSeconds = ({ seconds }: BenchSize): number => seconds / 2;

const full: BenchSize = {
  name: 'full',
  persons: 200_000,
  organisations: 20_000,
  parcels: 60_000,
  insurances: 400_000,
  cases: 1_000_000,
  approvals: 2_500_000,
  ingested: 200_000,
  rounds: 3,
  seconds: 6,
  subscribers: [500, 2_000],
};

const tenth = (count: number) => count / 10;

/** A tenth of everything; the queries, the contenders and the floors are the same. */
const quick: BenchSize = {
  name: 'quick',
  persons: tenth(full.persons),
  organisations: tenth(full.organisations),
  parcels: tenth(full.parcels),
  insurances: tenth(full.insurances),
  cases: tenth(full.cases),
  approvals: tenth(full.approvals),
  ingested: tenth(full.ingested),
  rounds: 2,
  seconds: 1.5,
  subscribers: [2_000],
};

/** The size for what does not depend on the amount of data. */
const small: BenchSize = {
  ...quick,
  name: 'small',
  persons: tenth(quick.persons),
  organisations: tenth(quick.organisations),
  parcels: tenth(quick.parcels),
  insurances: tenth(quick.insurances),
  cases: tenth(quick.cases),
  approvals: tenth(quick.approvals),
};

export const sizes = { full, quick, small } as const;
