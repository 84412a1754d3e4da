/**
 * Turns selected fields into a plan: levels of fetches, and a writer made for this answer. Values are bound, never
 * spliced.
 */
import type { Policy } from '../access/policy.ts';
import type { Catalog, Noun, StoredNoun } from '../catalog/catalog.ts';
import { HubError } from '../domain/error-codes.ts';
import { Fetch, type FetchedRow, type KeySource, Level, LiveFetch, NounFetch } from './fetch.ts';
import { demandSeen } from './filters.ts';
import { objectWriter } from './plan-object.ts';
import type { ResponseWriter, Written } from './response-writer.ts';
import type { SelectedField } from './selected-field.ts';

export type WriteRow = (row: FetchedRow, writer: ResponseWriter) => Written;

/** For whom a query is planned, and with which facts. */
export interface PlanGround {
  readonly catalog: Catalog;
  readonly policy: Policy;
  /** The most persons that a test by a personal field may fit. */
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
     * Whether what is planned now is continued by hand-written resolvers: objects then carry `$type` and the fields
     * that those need, and nulls are left to them.
     */
    public forResolvers = false,
  ) {
    this.catalog = ground.catalog;
    this.policy = ground.policy;
    this.testedPersons = ground.testedPersons;
  }

  /** Levels that read something; nothing is left of a part that cannot be read. */
  planned(): readonly Level[] {
    return this.levels.filter(level => level.fetches.length);
  }
  level(depth: number): Level {
    this.levels[depth] ??= new Level();
    return this.levels[depth]!;
  }

  /** A fetch of something other than a noun's rows. */
  plainFetch(level: Level, source: KeySource | null = null): Fetch {
    return new Fetch(this.fetches++, level, source);
  }

  /** A fetch of a noun's rows; at the root it has no source. */
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

  object(fetch: NounFetch, depth: number, selected: readonly SelectedField[]): WriteRow {
    return objectWriter(this, fetch, depth, selected);
  }

  /** Readers who may not see a noun at all get an error rather than an empty answer. */
  demand(noun: StoredNoun): void {
    demandSeen(this.policy, noun);
  }

  /** Writes the absence of a value. */
  absent(selected: SelectedField, writer: ResponseWriter): Written {
    if (!selected.required || this.forResolvers) return writer.write('null');
    writer.fail(new MissingValue(`Cannot return null for non-nullable field ${selected.label}.`), selected);
    return false;
  }

  /** Plans a part so that, if it cannot be read, only it fails and the rest of the answer stands. */
  orFailing(selected: SelectedField, plan: () => WriteRow): WriteRow {
    if (selected.problem) return failing(selected, selected.problem);
    const marks = this.levels.map(level => level.mark());
    try {
      return plan();
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      for (const [i, level] of this.levels.entries()) level.restore(marks[i]);
      return failing(selected, error);
    }
  }
}

const failing =
  (selected: SelectedField, error: Error): WriteRow =>
  (_row, writer) => {
    writer.fail(error, selected);
    return !selected.required && writer.write('null');
  };

/** A field has a hand-written resolver, so its root has to be planned for resolvers. */
export class WrittenByHand extends Error {}

/** A value is missing that must never be null. */
export class MissingValue extends Error {}
