/** A question, planned for readers of one policy: what is read for it, and how its answer is written. Holds nothing of a request. */
import { Fetch, type Level } from './fetch.ts';
import { planRoot, type Root } from './plan-roots.ts';
import { type PlanGround, Planner, WrittenByHand } from './planner.ts';
import { type Results, Run, type RunReader, type Text } from './run.ts';
import { Slot } from './slot.ts';
import type { Failure, Wanted } from './wanted.ts';

export interface Answer {
  /** JSON of each root, by its key in the answer; undefined makes the whole answer null. */
  readonly texts: ReadonlyMap<string, Text>;
  readonly failures: readonly Failure[];
}
/** Keys of roots that are read by one, by the root's key in the answer. */
export type RootKeys = ReadonlyMap<string, string>;
/** What a request gives its plan. */
export interface Given {
  readonly keys: RootKeys;
  /** Of the variables that are slots in the plan, by their names. */
  readonly values: Readonly<Record<string, unknown>>;
}

export class Plan {
  readonly levels: readonly Level[];
  /** Of each level: its statement. */
  readonly statements: readonly string[];
  /** Plans of one identity read the same rows but for what they are given. */
  readonly identity: string;
  private readonly roots: ReadonlyMap<string, Root>;

  private constructor(
    ground: PlanGround,
    readonly wanted: readonly Wanted[],
    /** Roots whose answers go on through resolvers. */
    readonly forResolvers: Set<string>,
  ) {
    const planner = new Planner(ground);
    this.roots = new Map(wanted.flatMap(each => this.plan(planner, each)));
    this.levels = planner.planned();
    this.statements = this.levels.map(level => level.sql());
    this.identity = identityOf(this.levels, this.statements);
  }

  /** Plans the roots that are read from the store, and leaves the others out. */
  static of(ground: PlanGround, wanted: readonly Wanted[], allForResolvers = false): Plan {
    const forResolvers = new Set(allForResolvers ? wanted.map(({ key }) => key) : []);
    for (;;) {
      const before = forResolvers.size;
      try {
        return new Plan(ground, wanted, forResolvers);
      } catch (error) {
        // A root that turned out to have something written by hand in it is planned again.
        if (!(error instanceof WrittenByHand) || forResolvers.size === before) throw error;
      }
    }
  }

  private plan(planner: Planner, wanted: Wanted): (readonly [string, Root])[] {
    planner.forResolvers = this.forResolvers.has(wanted.key);
    try {
      const root = planRoot(planner, wanted);
      return root ? [[wanted.key, root]] : [];
    } catch (error) {
      if (error instanceof WrittenByHand) this.forResolvers.add(wanted.key);
      throw error;
    }
  }

  has(key: string): boolean {
    return this.roots.has(key);
  }
  /** Roots that are compiled to the end. */
  get isComplete(): boolean {
    return this.forResolvers.size === 0 && this.roots.size === this.wanted.length;
  }

  /** @param argsOf arguments of a root; without it those for which it was planned */
  keys(argsOf: (wanted: Wanted) => Wanted['args'] = ({ args }) => args): RootKeys {
    const keys = new Map<string, string>();
    for (const wanted of this.wanted) {
      const keyed = this.roots.get(wanted.key)?.keyed;
      if (keyed) keys.set(wanted.key, keyed.keyOf(argsOf(wanted)));
    }
    return keys;
  }
  /** The fetches that such keys are for. */
  *given(keys: RootKeys): Iterable<readonly [Fetch, string]> {
    for (const [root, key] of keys) yield [this.roots.get(root)!.keyed!.fetch, key];
  }

  async answer(results: Results, given: Given, reader: RunReader): Promise<Answer> {
    const run = new Run(results, given, reader);
    const texts = new Map<string, Text>();
    for (const [key, { write }] of this.roots)
      texts.set(
        key,
        run.apart(() => write(run)),
      );
    if (run.holes.length) {
      const filled = [...texts].map(async ([key, text]) => [key, text && (await run.filled(text))] as const);
      for (const [key, text] of await Promise.all(filled)) texts.set(key, text);
    }
    return { texts, failures: run.failures };
  }
}

const identityOf = (levels: readonly Level[], statements: readonly string[]): string =>
  levels
    .map(({ values }, i) => {
      const constants = values.list.map(value => (value instanceof Fetch || value instanceof Slot ? null : value));
      return `${statements[i]}\n${JSON.stringify(constants)}`;
    })
    .join('\n');
