/** What each workload must reach at least, and what it aims at: the promises that the bench enforces. */
export interface Floor {
  /** A figure in the workload's `ratios`, or a figure of its own. */
  readonly figure: string;
  readonly floor: number;
  readonly goal?: number;
  /** The figure must not exceed the floor; without this flag, it must not be smaller. */
  readonly atMost?: true;
}

export const floors: Readonly<Record<string, readonly Floor[]>> = {
  W1: [
    { figure: 'limit', floor: 0.85, goal: 1.7 },
    { figure: 'postgraphile', floor: 2 },
    { figure: 'byTheBook', floor: 9 },
  ],
  W2: [
    { figure: 'limit', floor: 1.2, goal: 2 },
    { figure: 'postgraphile', floor: 1.7 },
    { figure: 'byTheBook', floor: 10 },
  ],
  W3: [
    { figure: 'limit', floor: 0.95, goal: 1 },
    { figure: 'postgraphile', floor: 2.5 },
    // It is the limit's statement in a resolver, so both wait for PostgreSQL; rounds differ by a tenth.
    { figure: 'byTheBook', floor: 0.9 },
  ],
  W3r: [{ figure: 'limit', floor: 20, goal: 50 }],
  W4: [
    { figure: 'limit', floor: 0.6, goal: 0.85 },
    { figure: 'postgraphile', floor: 4, goal: 7 },
    { figure: 'byTheBook', floor: 4, goal: 7 },
    { figure: 'cpuPerMessage', floor: 1.6, goal: 1.2, atMost: true },
    { figure: 'p99At20', floor: 3, goal: 1.5, atMost: true },
    { figure: 'kbPerSubscriber', floor: 25, goal: 12, atMost: true },
    { figure: 'manyFilters', floor: 0.5, goal: 0.8 },
  ],
  W5: [
    { figure: 'limit', floor: 0.6 },
    { figure: 'byTheBook', floor: 4 },
    { figure: 'unchangedPage', floor: 0.5, atMost: true },
    { figure: 'memoryGrowth', floor: 1.25, atMost: true },
  ],
};
