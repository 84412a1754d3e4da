/**
 * A query, planned for readers of one policy: what is read for it, and how its answer is written. Holds no values of a
 * request.
 */
import { Fetch, type Level } from './fetch.ts';
import { type PlannedRoot, planRoot } from './plan-roots.ts';
import { type PlanGround, Planner, WrittenByHand } from './planner.ts';
import { type ResponseReader, ResponseWriter, type Results, type Text } from './response-writer.ts';
import type { Failure, SelectedField } from './selected-field.ts';
import { VariableRef } from './variable-ref.ts';

export interface PlanAnswer {
  /** JSON of each root, by its key in the answer; if one is undefined, the whole answer is null. */
  readonly texts: ReadonlyMap<string, Text>;
  readonly failures: readonly Failure[];
}
/** Keys of the roots that are read by a key, by the root's name in the answer. */
export type RootKeys = ReadonlyMap<string, string>;
/** The inputs that a request gives its plan. */
export interface PlanInputs {
  readonly keys: RootKeys;
  /** Values of the variables to which the plan holds references, by name. */
  readonly values: Readonly<Record<string, unknown>>;
}

export class Plan {
  readonly levels: readonly Level[];
  /** The statement of each level. */
  readonly statements: readonly string[];
  /** Plans of one identity read the same rows, except for their inputs. */
  readonly identity: string;
  private readonly roots: ReadonlyMap<string, PlannedRoot>;

  private constructor(
    ground: PlanGround,
    readonly selected: readonly SelectedField[],
    /** Roots whose answers are continued by resolvers. */
    readonly forResolvers: Set<string>,
  ) {
    const planner = new Planner(ground);
    this.roots = new Map(selected.flatMap(each => this.plan(planner, each)));
    this.levels = planner.planned();
    this.statements = this.levels.map(level => level.sql());
    this.identity = identityOf(this.levels, this.statements);
  }

  /** Plans the roots that are read from the store, and leaves out the others. */
  static of(ground: PlanGround, selected: readonly SelectedField[], allForResolvers = false): Plan {
    const forResolvers = new Set(allForResolvers ? selected.map(({ key }) => key) : []);
    for (;;) {
      const before = forResolvers.size;
      try {
        return new Plan(ground, selected, forResolvers);
      } catch (error) {
        // A root that turned out to contain a field with a hand-written resolver is planned again.
        if (!(error instanceof WrittenByHand) || forResolvers.size === before) throw error;
      }
    }
  }

  private plan(planner: Planner, selected: SelectedField): (readonly [string, PlannedRoot])[] {
    planner.forResolvers = this.forResolvers.has(selected.key);
    try {
      const root = planRoot(planner, selected);
      return root ? [[selected.key, root]] : [];
    } catch (error) {
      if (error instanceof WrittenByHand) this.forResolvers.add(selected.key);
      throw error;
    }
  }

  has(key: string): boolean {
    return this.roots.has(key);
  }
  /** Whether all roots are fully compiled. */
  get isComplete(): boolean {
    return this.forResolvers.size === 0 && this.roots.size === this.selected.length;
  }

  /** @param argsOf arguments of a root; by default those for which it was planned */
  keys(argsOf: (selected: SelectedField) => SelectedField['args'] = ({ args }) => args): RootKeys {
    const keys = new Map<string, string>();
    for (const selected of this.selected) {
      const keyed = this.roots.get(selected.key)?.keyed;
      if (keyed) keys.set(selected.key, keyed.keyOf(argsOf(selected)));
    }
    return keys;
  }
  /** The fetches to which these keys belong. */
  *given(keys: RootKeys): Iterable<readonly [Fetch, string]> {
    for (const [root, key] of keys) yield [this.roots.get(root)!.keyed!.fetch, key];
  }

  async answer(results: Results, given: PlanInputs, reader: ResponseReader): Promise<PlanAnswer> {
    const writer = new ResponseWriter(results, given, reader);
    const texts = new Map<string, Text>();
    for (const [key, { write }] of this.roots)
      texts.set(
        key,
        writer.apart(() => write(writer)),
      );
    if (writer.deferred.length) {
      const filled = [...texts].map(async ([key, text]) => [key, text && (await writer.withDeferred(text))] as const);
      for (const [key, text] of await Promise.all(filled)) texts.set(key, text);
    }
    return { texts, failures: writer.failures };
  }
}

const identityOf = (levels: readonly Level[], statements: readonly string[]): string =>
  levels
    .map(({ values }, i) => {
      const constants = values.list.map(value =>
        value instanceof Fetch || value instanceof VariableRef ? null : value,
      );
      return `${statements[i]}\n${JSON.stringify(constants)}`;
    })
    .join('\n');
