/** One answer being written: where it is, what failed, what has been shown, what is still asked of agencies. */
import type { Fetch, Level, Row } from './fetch.ts';
import { JsonWriter } from './json-writer.ts';
import type { Given } from './plan.ts';
import type { AskLive, Failure, LiveParent, Wanted } from './wanted.ts';

/** Rows of each fetch, by key. */
export type Results = readonly ReadonlyMap<string, readonly Row[]>[];

/** Reads levels, from those rows on that are given; `slots` are values of the question's variables. */
export type ReadLevels = (
  levels: readonly Level[],
  given: ReadonlyMap<Fetch, readonly Row[]>,
  slots: Readonly<Record<string, unknown>>,
) => Promise<Results>;

/** Told of every row of which something personal is shown whole: the ids of the persons that it is about. */
export type SawPersons = (subjects: readonly string[]) => void;

/** Somebody is looked for by something personal. */
export interface Search {
  /** Ids of the persons, as far as they are known. */
  readonly persons: readonly string[];
  /** How many were looked for and are not there. */
  readonly misses: number;
  /** Whether the answer tells of these persons what only those learn who see them whole. */
  readonly reads: boolean;
}
export type SoughtPersons = (search: Search) => void;

/** JSON; undefined: null, where null is no answer, so that what is around it is null too. */
export type Text = Buffer | undefined;
/** Whether what was to be written is written; else it is null where null is no answer. */
export type Written = boolean;

/** A place of the answer that an agency is asked for. */
export interface Hole {
  readonly mark: string;
  readonly parent: LiveParent;
  readonly path: readonly (string | number)[];
  readonly fill: FillHole;
}
export type FillHole = (hole: Hole, run: Run) => Promise<string>;

/** For whom an answer is written. */
export interface RunReader {
  readonly saw: SawPersons;
  readonly sought: SoughtPersons;
  readonly ask: AskLive;
  /** For what the agencies' answers lead to. */
  readonly read: ReadLevels;
}

const marks = /\0\d+\0/g;
const none: readonly Row[] = [];

export class Run {
  readonly path: (string | number)[] = [];
  readonly failures: Failure[] = [];
  readonly holes: Hole[] = [];
  /** Where values are written. No other answer has it, so no bytes of another answer can be in this one. */
  readonly json = new JsonWriter();

  constructor(
    readonly results: Results,
    readonly given: Given,
    readonly reader: RunReader,
  ) {}

  rows(fetch: Fetch, key: string): readonly Row[] {
    return this.results[fetch.index]?.get(key) ?? none;
  }

  write(piece: string): true {
    return this.json.json(piece);
  }
  /** Takes back what has been written of something that turned out to be null. */
  attempt(write: () => Written, required: boolean): Written {
    const before = this.json.length;
    if (write()) return true;
    this.json.rewind(before);
    return required ? false : this.write('null');
  }
  /** As a text of its own. */
  apart(write: () => Written): Text {
    const before = this.json.length;
    try {
      return write() ? this.json.take(before) : undefined;
    } finally {
      this.json.rewind(before);
    }
  }

  fail(error: Error, wanted: Wanted): void {
    this.failures.push({ error, path: [...this.path, wanted.key], place: wanted.place });
  }

  /** For the rows that an agency gives at a hole of this answer. */
  inside(hole: Hole, results: Results): Run {
    const run = new Run(results, this.given, this.reader);
    run.path.push(...hole.path);
    return run;
  }

  /** The text with what agencies answer in its holes. Questions of one answer are asked at once, so a loader can join them. */
  async filled(written: Buffer): Promise<Buffer> {
    const text = written.toString();
    const holes = this.holes.filter(({ mark }) => text.includes(mark));
    if (!holes.length) return written;
    const answers = await Promise.all(holes.map(hole => hole.fill(hole, this)));
    const byMark = new Map(holes.map(({ mark }, i) => [mark, answers[i]!]));
    return Buffer.from(text.replaceAll(marks, mark => byMark.get(mark)!));
  }

  /** Control characters are escaped in JSON, so no value looks like a mark. */
  hole(wanted: Wanted, parent: LiveParent, fill: FillHole): true {
    const mark = `\0${this.holes.length}\0`;
    this.holes.push({ mark, parent, path: [...this.path, wanted.key], fill });
    return this.write(mark);
  }
}
