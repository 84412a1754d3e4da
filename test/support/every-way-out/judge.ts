/** The checks that the walk makes on everything that arrives, by any way. */
import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { Entry } from '../../../src/audit/entry.ts';
import { letThrough } from './let-through.ts';
import { named } from './log-tail.ts';
import type { Reader } from './readers.ts';
import { Answers, type Cell, type Json } from './told-cells.ts';
import type { PersonalCell, TownTruth } from './town-truth.ts';
import type { FoundWord, TownWords } from './town-words.ts';

/** One arrival: a part of an answer, an event, or anything else that arrives in one piece. */
export interface Arrival {
  readonly way: string;
  readonly reader: Reader;
  readonly document: DocumentNode;
  /** The GraphQL response: `data`, `errors`, `extensions`. */
  readonly answer: Json;
  /** What came with the answer: headers, or the other members of a frame. */
  readonly beside: string;
  /** The audit entries about the reader that existed before the first byte arrived. */
  readonly noted: readonly Entry[];
  /** Persons whom the request looked for. */
  readonly sought?: readonly string[];
}

export class Judge {
  readonly faults: string[] = [];
  readonly seenWhole = new Map<string, string>();
  readonly seenMasked = new Set<string>();
  /** Ways on which somebody was seen whole, and readers who saw somebody. */
  readonly wholeBy = new Set<string>();
  readonly wholeFor = new Set<string>();
  /** For example `spelling whole`, `claim masked`. */
  readonly formsSeen = new Set<string>();
  /** Ways that were taken, with the number of values that each returned. */
  readonly told = new Map<string, number>();
  readonly answers: Answers;
  /** The entries of the let-through list that were used. */
  readonly used = new Set<string>();

  constructor(
    schema: GraphQLSchema,
    public truth: TownTruth,
    readonly words: TownWords,
  ) {
    this.answers = new Answers(schema);
  }

  fault(way: string, reader: Reader | null, text: string): void {
    const line = `${way}, ${reader?.name ?? 'nobody'}: ${text}`;
    if (!this.faults.includes(line)) this.faults.push(line);
  }

  take(arrival: Arrival): Cell[] {
    const { way, reader, document, answer, beside } = arrival;
    const cells = this.answers.cells(document, answer.data);
    this.told.set(way, (this.told.get(way) ?? 0) + cells.filter(({ value }) => value !== null).length);
    const allowed = this.persons(arrival, cells);
    // Most answers hold nobody, which this detects quickly.
    const holdsSomebody = this.words.in(JSON.stringify(answer.data ?? null)).length > 0;
    for (const cell of cells) if (!allowed.has(cell) && (holdsSomebody || isOpaque(cell))) this.value(arrival, cell);
    this.plain(way, reader, `${JSON.stringify([answer.errors, answer.extensions])} ${beside}`);
    for (const { subjects } of arrival.noted) {
      if (subjects.rest || subjects.ids.length !== subjects.count)
        this.fault(way, reader, 'an entry of the log names some persons only');
    }
    return cells;
  }

  /** The values that are shown whole to readers who may see them, and that are in the audit log. */
  private persons({ way, reader, noted, sought = [] }: Arrival, cells: readonly Cell[]): ReadonlySet<Cell> {
    const whole = new Set<Cell>();
    const names = named(noted);
    for (const id of sought) if (!names.has(id)) this.fault(way, reader, 'somebody was looked for and not noted');
    for (const cell of cells) {
      const personal = this.truth.personal(cell);
      if (!personal) continue;
      if (reader.teaches) this.truth.learnLive(personal.record);
      if (this.truth.isMasked(personal) || this.truth.isLeft(personal, reader.policy)) {
        this.seenMasked.add(personal.field);
        this.formsSeen.add(`${personal.form} masked`);
      }
      if (!this.truth.isWhole(personal) || this.truth.isLeft(personal, reader.policy)) continue;
      whole.add(cell);
      this.wholeCell(way, reader, personal, names);
    }
    return whole;
  }

  private wholeCell(
    way: string,
    reader: Reader,
    { form, field, record }: PersonalCell,
    names: ReadonlySet<string>,
  ): void {
    this.seenWhole.set(field, way);
    this.formsSeen.add(`${form} whole`);
    this.wholeBy.add(way);
    this.wholeFor.add(reader.name);
    if (!this.truth.mayBeWhole(reader.policy, record))
      this.fault(way, reader, `${field} is shown whole, which the policy does not say`);
    const missing = this.truth.subjectsOf(record).some(id => !names.has(id));
    if (missing) this.fault(way, reader, `${field} is shown whole, and its person was not in the log before`);
  }

  /** Checks a value that is not shown whole to an entitled reader: it must name nobody of the town. */
  private value(arrival: Arrival, cell: Cell): void {
    if (cell.value === null || typeof cell.value === 'boolean') return;
    const text = typeof cell.value === 'string' ? cell.value : JSON.stringify(cell.value);
    const found = [...this.words.in(text), ...this.words.in(decoded(text))];
    if (!found.length) return;
    const place = this.placeOf(cell);
    const column = this.columnOf(place);
    if (letThrough[place] && column?.field.sensitivity !== 'personal') return void this.used.add(place);
    if (!column && this.isMade(cell, arrival, found)) return;
    this.fault(arrival.way, arrival.reader, `${sortsOf(found)} in ${place}`);
  }

  private columnOf(place: string) {
    const [kind, name] = place.split('.') as [string, string];
    return this.truth.catalog.nouns.get(kind)?.columns.get(name);
  }

  /** A place like `Case.title`, also where a case is grouped by the field. */
  private placeOf({ type, field, of }: Cell): string {
    const keyed = type.replace(/Key$/, '');
    if (type !== keyed && this.truth.catalog.nouns.has(keyed)) return `${keyed}.${field}`;
    if (type !== 'Spelling' && type !== 'Claim') return `${type}.${field}`;
    return `${this.truth.recordOf(of)?.noun.name}.${type === 'Spelling' ? of.data.field : of.in!.data.fact}`;
  }

  /**
   * Text that the hub composes from the names of a record's subjects, whose names are in the log as if shown directly.
   */
  private isMade({ of }: Cell, { reader, noted }: Arrival, found: readonly FoundWord[]): boolean {
    const record = this.truth.recordOf(of);
    if (!record?.row || !this.truth.catalog.nouns.has(of.type)) return false;
    const names = named(noted);
    const persons = this.truth.subjectsOf(record).flatMap(id => (names.has(id) ? this.truth.personOf(id) : []));
    return found.every(({ word }) =>
      persons.some(person => person?.row?.name === word && this.truth.mayBeWhole(reader.policy, person)),
    );
  }

  /** Checks text in which nobody may be named, whoever reads it. */
  plain(way: string, reader: Reader | null, text: string): void {
    if (text) this.told.set(way, (this.told.get(way) ?? 0) + 1);
    const found = this.words.in(text);
    if (found.length) this.fault(way, reader, `${sortsOf(found)} beside the values`);
  }
}

const sortsOf = (found: readonly FoundWord[]): string => [...new Set(found.map(({ sort }) => sort))].join(', ');
const opaque = /^[\w+/-]{12,}=*$/;
const isOpaque = ({ value }: Cell): boolean => typeof value === 'string' && opaque.test(value);
/** The decoded content of a cursor or another opaque word. */
const decoded = (text: string): string => (opaque.test(text) ? Buffer.from(text, 'base64').toString('utf8') : '');
