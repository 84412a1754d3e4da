/** Writes the outcome of a run: bench.json, and a table that says which floors are met. */
import { writeFileSync } from 'node:fs';
import type { ContenderName } from './contenders.ts';
import { floors } from './floors.ts';
import type { Measured } from './measure-workload.ts';

/** The measurements of each contender as medians over rounds; `ratios` are the hub over each other, round by round. */
export interface WorkloadReport {
  readonly [contender: string]: unknown;
  readonly title: string;
  readonly ratios: Readonly<Record<string, number>>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (!sorted.length) return Number.NaN;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A bench is not more precise than four digits. */
const digits = (value: number) => Number(value.toPrecision(4));

export function reportRounds(title: string, rounds: ReadonlyMap<ContenderName, readonly Measured[]>): WorkloadReport {
  const report: Record<string, unknown> = {};
  const ratios: Record<string, number> = {};
  const hub = rounds.get('hub');
  for (const [name, measured] of rounds) {
    report[name] = mediansOf(measured);
    if (hub && name !== 'hub') ratios[name] = digits(median(hub.map((one, round) => one.rps / measured[round]!.rps)));
  }
  return { title, ...report, ratios };
}

export function mediansOf<T extends object>(measured: readonly T[]): T {
  const names = Object.keys(measured[0]!) as (keyof T)[];
  const of = (name: keyof T) => {
    const values = measured.map(one => one[name]).filter(value => typeof value === 'number');
    return values.length ? digits(median(values)) : null;
  };
  return Object.fromEntries(names.map(name => [name, of(name)])) as T;
}

export function writeBenchJson(file: string, about: object, workloads: Readonly<Record<string, WorkloadReport>>): void {
  writeFileSync(file, `${JSON.stringify({ ...about, workloads }, null, 2)}\n`);
}

/** Prints the table; returns how many floors are missed. */
export function printReport(workloads: Readonly<Record<string, WorkloadReport>>): number {
  let missed = 0;
  for (const [workload, report] of Object.entries(workloads)) {
    const { ratios, title, ...contenders } = report;
    console.log(`\n${workload} ${title}`);
    console.table(contenders);
    const lines = Object.entries(ratios).map(([figure, value]) => {
      const known = floors[workload]?.find(one => one.figure === figure);
      if (!known) return { figure, value };
      const met = known.atMost ? value <= known.floor : value >= known.floor;
      if (!met) missed += 1;
      const floor = `${known.atMost ? 'at most' : 'at least'} ${known.floor}`;
      return { figure, value, floor, goal: known.goal, met: met ? 'yes' : 'NO' };
    });
    console.table(lines);
  }
  return missed;
}
