/** From what is wanted to a plan: levels of fetches, and a writer made for this answer. Values are bound, never spliced. */
import type { Policy } from '../access/policy.ts';
import type { Catalog, Noun, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { Fetch, type KeySource, Level, LiveFetch, NounFetch, type Row } from './fetch.ts';
import { demandSeen } from './filters.ts';
import { objectWriter } from './plan-object.ts';
import type { Run, Written } from './run.ts';
import type { Wanted } from './wanted.ts';

export type WriteRow = (row: Row, run: Run) => Written;

/** For whom, and by which facts, a question is planned. */
export interface PlanGround {
  readonly catalog: Catalog;
  readonly policy: Policy;
  /** Persons whom a test by something personal may fit. */
  readonly testedPersons: number;
  /** The id of a noun that is known by its key. */
  readonly idOf: (noun: Noun, key: string) => string;
}

export class Planner {
  private readonly levels: Level[] = [];
  private fetches = 0;

  readonly catalog: Catalog;
  readonly policy: Policy;
  readonly testedPersons: number;

  constructor(
    readonly ground: PlanGround,
    /**
     * Whether what is planned now goes on through resolvers written by hand: objects carry `$type` and what those need, and
     * nulls are left to them.
     */
    public forResolvers = false,
  ) {
    this.catalog = ground.catalog;
    this.policy = ground.policy;
    this.testedPersons = ground.testedPersons;
  }

  /** Levels that read something: of a part that cannot be read nothing is left. */
  planned(): readonly Level[] {
    return this.levels.filter(level => level.fetches.length);
  }
  level(depth: number): Level {
    this.levels[depth] ??= new Level();
    return this.levels[depth]!;
  }

  /** A fetch of something that is no noun's rows. */
  plainFetch(level: Level, source: KeySource | null = null): Fetch {
    return new Fetch(this.fetches++, level, source);
  }

  /** At the root: without a source. */
  fetch(noun: StoredNoun, depth: number, source: KeySource | null, asOf: string | null): NounFetch {
    return new NounFetch(this.fetches++, this.level(depth), source, noun, this.policy, this.catalog, asOf);
  }

  liveFetch(noun: StoredNoun): LiveFetch {
    return new LiveFetch(this.fetches++, this.level(0), null, noun, this.policy, this.catalog, null);
  }

  /** The rows with these ids, as far as the reader may see them. */
  byIds(noun: StoredNoun, depth: number, source: KeySource | null, asOf: string | null): NounFetch {
    const fetch = this.fetch(noun, depth, source, asOf);
    const rest = `from ${fetch.from()} where ${fetch.visible()}`;
    return fetch
      .keyIs('id')
      .reads('uuid', (select, keys) => `select ${select('t.id::text')} ${rest} and t.id = any(${keys})`);
  }

  object(fetch: NounFetch, depth: number, wanted: readonly Wanted[]): WriteRow {
    return objectWriter(this, fetch, depth, wanted);
  }

  /** Readers who may not see a noun at all get an error rather than an empty answer. */
  demand(noun: StoredNoun): void {
    demandSeen(this.policy, noun);
  }

  /** What a writer gives where there is nothing. */
  absent(wanted: Wanted, run: Run): Written {
    if (!wanted.required || this.forResolvers) return run.write('null');
    run.fail(new MissingValue(`Cannot return null for non-nullable field ${wanted.label}.`), wanted);
    return false;
  }

  /** A part that cannot be read leaves the rest of the answer standing. */
  orFailing(wanted: Wanted, plan: () => WriteRow): WriteRow {
    if (wanted.problem) return failing(wanted, wanted.problem);
    const marks = this.levels.map(level => level.mark());
    try {
      return plan();
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      for (const [i, level] of this.levels.entries()) level.restore(marks[i]);
      return failing(wanted, error);
    }
  }
}

const failing =
  (wanted: Wanted, error: Error): WriteRow =>
  (_row, run) => {
    run.fail(error, wanted);
    return !wanted.required && run.write('null');
  };

/** A field is written by hand, so that its root has to be planned for resolvers. */
export class WrittenByHand extends Error {}

/** A value that every answer should have is not there. */
export class MissingValue extends Error {}
