/**
 * The response writer: one answer being written, with its current path, what failed, what has been shown, and what is
 * still requested from agencies.
 */
import type { Fetch, FetchedRow, Level } from './fetch.ts';
import { JsonWriter } from './json-writer.ts';
import type { PlanInputs } from './plan.ts';
import type { AskLive, Failure, LiveParent, SelectedField } from './selected-field.ts';

/** Rows of each fetch, by key. */
export type Results = readonly ReadonlyMap<string, readonly FetchedRow[]>[];

/** Reads levels, starting from the given rows; `variables` are values of the query's variables. */
export type ReadLevels = (
  levels: readonly Level[],
  given: ReadonlyMap<Fetch, readonly FetchedRow[]>,
  variables: Readonly<Record<string, unknown>>,
) => Promise<Results>;

/** Called for every row of which something personal is shown whole, with the ids of the persons that it is about. */
export type SawPersons = (subjects: readonly string[]) => void;

/** A search for somebody by something personal. */
export interface Search {
  /** Ids of the persons, as far as they are known. */
  readonly persons: readonly string[];
  /** How many were looked for and not found. */
  readonly misses: number;
  /** Whether the answer reveals about these persons what only readers who see them whole may learn. */
  readonly reads: boolean;
}
export type SoughtPersons = (search: Search) => void;

/** JSON; undefined if it is null where that is not allowed, so that what contains it is null too. */
export type Text = Buffer | undefined;
/** Whether the value has been written; false if it is null where that is not allowed. */
export type Written = boolean;

/** A deferred field: a place of the answer that an agency is asked for. */
export interface DeferredField {
  readonly mark: string;
  readonly parent: LiveParent;
  readonly path: readonly (string | number)[];
  readonly fill: WriteDeferred;
}
export type WriteDeferred = (field: DeferredField, writer: ResponseWriter) => Promise<string>;

/** For whom an answer is written. */
export interface ResponseReader {
  readonly saw: SawPersons;
  readonly sought: SoughtPersons;
  readonly ask: AskLive;
  /** Reads the rows linked to agencies' records. */
  readonly read: ReadLevels;
}

const marks = /\0\d+\0/g;
const none: readonly FetchedRow[] = [];

export class ResponseWriter {
  readonly path: (string | number)[] = [];
  readonly failures: Failure[] = [];
  readonly deferred: DeferredField[] = [];
  /**
   * Where values are written. Each answer has a writer of its own, so no bytes of another answer can be in this one.
   */
  readonly json = new JsonWriter();

  constructor(
    readonly results: Results,
    readonly inputs: PlanInputs,
    readonly reader: ResponseReader,
  ) {}

  rows(fetch: Fetch, key: string): readonly FetchedRow[] {
    return this.results[fetch.index]?.get(key) ?? none;
  }

  write(piece: string): true {
    return this.json.json(piece);
  }
  /** Removes what has been written of something that turned out to be null. */
  attempt(write: () => Written, required: boolean): Written {
    const before = this.json.length;
    if (write()) return true;
    this.json.rewind(before);
    return required ? false : this.write('null');
  }
  /** Writes a separate text. */
  apart(write: () => Written): Text {
    const before = this.json.length;
    try {
      return write() ? this.json.take(before) : undefined;
    } finally {
      this.json.rewind(before);
    }
  }

  fail(error: Error, selected: SelectedField): void {
    this.failures.push({ error, path: [...this.path, selected.key], place: selected.place });
  }

  /** A response writer for the rows that an agency returns for a deferred field of this answer. */
  inside(field: DeferredField, results: Results): ResponseWriter {
    const writer = new ResponseWriter(results, this.inputs, this.reader);
    writer.path.push(...field.path);
    return writer;
  }

  /**
   * The text with the agencies' answers in its deferred fields. All fields of one answer are requested concurrently, so
   * a loader can join them.
   */
  async withDeferred(written: Buffer): Promise<Buffer> {
    const text = written.toString();
    const fields = this.deferred.filter(({ mark }) => text.includes(mark));
    if (!fields.length) return written;
    const answers = await Promise.all(fields.map(field => field.fill(field, this)));
    const byMark = new Map(fields.map(({ mark }, i) => [mark, answers[i]!]));
    return Buffer.from(text.replaceAll(marks, mark => byMark.get(mark)!));
  }

  /** Defers a field behind a mark. Control characters are escaped in JSON, so no value looks like a mark. */
  defer(selected: SelectedField, parent: LiveParent, fill: WriteDeferred): true {
    const mark = `\0${this.deferred.length}\0`;
    this.deferred.push({ mark, parent, path: [...this.path, selected.key], fill });
    return this.write(mark);
  }
}
