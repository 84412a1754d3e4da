/** A question, planned for one reader: what is read for it, and how its answer is written. */
import type { Policy } from '../access/policy.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { Fetch, type Level } from './fetch.ts';
import { planRoot, type Root } from './plan-roots.ts';
import { Planner, WrittenByHand } from './planner.ts';
import { type ReadLevels, type Results, Run, type SawPersons } from './run.ts';
import type { AskLive, Failure, Wanted } from './wanted.ts';

export interface PlanParts {
  readonly catalog: Catalog;
  readonly policy: Policy;
  readonly ask: AskLive;
  /** Told of whom personal data is shown. */
  readonly saw: SawPersons;
  /** For what the agencies' answers lead to. */
  readonly read: ReadLevels;
  /** Groups of persons below this size are withheld from readers who see persons masked. */
  readonly smallestGroup: number;
}

export interface Answer {
  /** JSON of each root, by its key in the answer; undefined makes the whole answer null. */
  readonly texts: ReadonlyMap<string, string | undefined>;
  readonly failures: readonly Failure[];
}

export class Plan {
  readonly levels: readonly Level[];
  /** Of each level: its statement. */
  readonly statements: readonly string[];
  /** Plans of one identity read the same rows but for the keys that they are given: they can be read together. */
  readonly identity: string;
  private readonly roots: ReadonlyMap<string, Root>;

  private constructor(
    private readonly parts: PlanParts,
    wanted: readonly Wanted[],
    /** Roots whose answers go on through resolvers. */
    readonly forResolvers: Set<string>,
  ) {
    const planner = new Planner(parts.catalog, parts.policy, parts.ask, parts.smallestGroup);
    this.roots = new Map(wanted.flatMap(each => this.plan(planner, each)));
    this.levels = planner.planned();
    this.statements = this.levels.map(level => level.sql());
    this.identity = identityOf(this.levels, this.statements);
  }

  /** Plans the roots that are read from the store, and leaves the others out. */
  static of(parts: PlanParts, wanted: readonly Wanted[], allForResolvers = false): Plan {
    const forResolvers = new Set(allForResolvers ? wanted.map(({ key }) => key) : []);
    for (;;) {
      const before = forResolvers.size;
      try {
        return new Plan(parts, wanted, forResolvers);
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

  /** Keys that fetches of the first level are given. */
  *given(): Iterable<readonly [Fetch, string]> {
    for (const { given } of this.roots.values()) if (given) yield [given.fetch, given.key];
  }

  async answer(results: Results): Promise<Answer> {
    const run = new Run(results, this.parts.saw, this.parts.read);
    const texts = new Map<string, string | undefined>();
    for (const [key, { write }] of this.roots) texts.set(key, write(run));
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
      const constants = values.list.map(value => (value instanceof Fetch ? null : value));
      return `${statements[i]}\n${JSON.stringify(constants)}`;
    })
    .join('\n');
