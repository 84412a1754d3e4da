/** Objects of stored nouns: each selected field becomes a cell of the row, or a fetch of its own one level below. */

import { maskValue } from '../access/masks.ts';
import { isStored, type Noun, type Relation } from '../catalog/catalog.ts';
import type { FetchedRow, NounFetch } from './fetch.ts';
import { noteWriter, shownFields } from './note-persons.ts';
import { conflictsWriter, recordsWriter } from './plan-claims.ts';
import { headingWriter } from './plan-heading.ts';
import { listWriter } from './plan-list.ts';
import { liveWriter } from './plan-live.ts';
import { maskedWriter } from './plan-masked.ts';
import { type PlainValue, plainWriter } from './plan-plain.ts';
import { type Planner, type WriteRow, WrittenByHand } from './planner.ts';
import { maskedScalar, scalarWriters } from './scalar-writers.ts';
import type { SelectedField } from './selected-field.ts';

export const globalId = (noun: Noun, id: string): string => `${noun.name}:${id}`;

interface Part {
  /** `"name":` and the comma before it. */
  readonly head: string;
  readonly write: WriteRow;
}

export function objectWriter(
  planner: Planner,
  fetch: NounFetch,
  depth: number,
  selected: readonly SelectedField[],
): WriteRow {
  const parts = joined(selected.map(each => [each.key, partWriter(planner, fetch, depth, each)]));
  if (planner.forResolvers) parts.push(...marks(fetch, selected, parts.length > 0));
  const note = noteWriter(planner, fetch, shownFields(fetch.noun, selected));
  const end = parts.length ? '}' : '{}';
  return (row, writer) => {
    note?.(row, writer);
    for (const { head, write } of parts) {
      writer.write(head);
      if (!write(row, writer)) return false;
    }
    return writer.write(end);
  };
}

const joined = (parts: readonly (readonly [key: string, write: WriteRow])[]): Part[] =>
  parts.map(([key, write], i) => ({ head: `${i ? ',' : '{'}"${key}":`, write }));

/** Extra members that hand-written resolvers find on an object. */
function marks(fetch: NounFetch, selected: readonly SelectedField[], behind: boolean): Part[] {
  const comma = behind ? ',' : '{';
  const id = fetch.column('id');
  const needs = new Set(selected.flatMap(({ read }) => (read.kind === 'elsewhere' ? read.needs : [])));
  const needed = [...needs].map((name): Part => {
    const { column, field } = fetch.noun.columns.get(name)!;
    const at = fetch.column(column);
    return {
      head: `,"$${name}":`,
      write: (row, writer) =>
        row[at] === null ? writer.write('null') : scalarWriters[field.scalar](writer.json, row[at]!),
    };
  });
  return [
    { head: `${comma}"$type":`, write: (_row, writer) => writer.write(`"${fetch.noun.name}"`) },
    { head: ',"$id":', write: (row, writer) => writer.write(`"${row[id]}"`) },
    ...needed,
  ];
}

function partWriter(planner: Planner, fetch: NounFetch, depth: number, selected: SelectedField): WriteRow {
  const { read } = selected;
  const { noun } = fetch;
  switch (read.kind) {
    case 'typename':
      return (_row, writer) => writer.write(`"${noun.name}"`);
    case 'field':
      return fieldWriter(planner, fetch, selected, read.name);
    case 'id': {
      const at = fetch.column('id');
      return (row, writer) => writer.json.id(noun.name, row[at]!);
    }
    case 'observedAt':
    case 'asOf': {
      const at = fetch.column(read.kind === 'asOf' ? 'as_of' : 'observed_at');
      const isShown = isTimeShown(planner, fetch);
      return (row, writer) =>
        row[at] && isShown(row) ? writer.json.instant(row[at]) : planner.absent(selected, writer);
    }
    case 'source':
      return sourceWriter(planner, fetch, selected);
    case 'spellings':
      return spellingsWriter(planner, fetch, selected);
    case 'masked':
      return maskedWriter(planner, fetch);
    case 'heading':
      return headingWriter(planner, fetch, depth, selected);
    case 'one':
      return planner.orFailing(selected, () => oneWriter(planner, fetch, depth, selected, read.relation));
    case 'list':
      return planner.orFailing(selected, () =>
        listWriter(planner, read.noun, depth, selected, { relation: read.relation!, fetch }),
      );
    case 'live':
      return planner.orFailing(selected, () => liveWriter(planner, fetch, selected, read.relation));
    case 'records':
      return planner.orFailing(selected, () => recordsWriter(planner, fetch, depth, selected));
    case 'conflicts':
      return conflictsWriter(planner, fetch, depth, selected);
    // A placeholder, in which the resolver puts its answer.
    case 'elsewhere':
      if (!planner.forResolvers) throw new WrittenByHand();
      return (_row, writer) => writer.write('null');
    default:
      throw new Error(`${selected.label}: ${read.kind} is no part of a record`);
  }
}

function fieldWriter(planner: Planner, fetch: NounFetch, selected: SelectedField, name: string): WriteRow {
  const { noun } = fetch;
  const { policy } = planner;
  const { column, field } = noun.columns.get(name)!;
  const at = fetch.column(column);
  const whole = scalarWriters[field.scalar];
  const masked = maskedScalar(noun, policy, name);
  // Internal fields are hidden from some readers in every row, even in those whose personal fields they see whole.
  const everWhole = policy.field(noun, name, true) === 'whole';
  const isWhole = masked === whole ? () => true : everWhole ? fetch.whole() : () => false;
  return (row, writer) => {
    const text = row[at]!;
    if (text !== null && (isWhole(row) ? whole : masked)(writer.json, text)) return true;
    return planner.absent(selected, writer);
  };
}

/** Whether the reader may see the time of the source's statement of a row. */
function isTimeShown({ policy }: Planner, fetch: NounFetch): (row: FetchedRow) => boolean {
  if (policy.statementTime(fetch.noun, false) === 'whole') return () => true;
  return fetch.whole();
}

/**
 * The source's id of a record is often made from the record's key, so it is masked where the reader sees the key
 * masked.
 */
function sourceWriter(planner: Planner, fetch: NounFetch, selected: SelectedField): WriteRow {
  const { noun } = fetch;
  const { policy } = planner;
  const isVersionShown = isTimeShown(planner, fetch);
  const [agency, sourceId, version] = ['agency', 'source_id', 'version'].map(name => fetch.column(name)) as [
    number,
    number,
    number,
  ];
  const isWhole = fetch.whole();
  const views = [false, true].map(whole => policy.sourceId(noun, whole));
  const write = plainWriter(selected.of('RecordSource'));
  return (row, writer) => {
    const view = views[Number(isWhole(row))]!;
    const id = view === 'whole' ? row[sourceId]! : maskValue(view, 'text', row[sourceId])!;
    // Versions are often made from the source's id, or from the time of the statement.
    const told = view === 'whole' && isVersionShown(row) ? row[version]! : maskValue('stars', 'text', row[version])!;
    return writer.write(write({ agency: row[agency]!, sourceId: id, version: told }));
  };
}

interface Spelling {
  readonly field: string;
  readonly raw: unknown;
  readonly normalised: unknown;
  readonly faults: readonly string[];
}

function spellingsWriter({ policy }: Planner, fetch: NounFetch, selected: SelectedField): WriteRow {
  const { noun } = fetch;
  const at = fetch.column('spellings');
  const isWhole = fetch.whole();
  const write = plainWriter(selected.of('Spelling'));
  const shown = ({ field, raw, normalised, faults }: Spelling, whole: boolean): PlainValue => {
    const view = policy.field(noun, field, whole, normalised);
    if (view === 'whole') return { field, raw, normalised, faults };
    // The raw text may hold anything, so it is hidden.
    return { field, raw: null, normalised: maskValue(view, 'text', normalised), faults };
  };
  return (row, writer) => {
    const spellings = row[at] ? (JSON.parse(row[at]) as Spelling[]) : [];
    return writer.write(`[${spellings.map(spelling => write(shown(spelling, isWhole(row)))).join(',')}]`);
  };
}

function oneWriter(
  planner: Planner,
  fetch: NounFetch,
  depth: number,
  selected: SelectedField,
  relation: Relation,
): WriteRow {
  const target = relation.to;
  if (!isStored(target)) throw new Error(`${selected.label}: nothing of it is stored`);
  planner.demand(target);
  const link = fetch.column(relation.link.column);
  const rows = planner.byIds(target, depth + 1, { fetch, keyOf: row => row[link]! }, fetch.asOf);
  const write = planner.object(rows, depth + 1, selected.of(target.name));
  return (row, writer) => {
    const id = row[link];
    const found = id ? writer.rows(rows, id)[0] : undefined;
    if (!found) return writer.write('null');
    writer.path.push(selected.key);
    const written = writer.attempt(() => write(found, writer), selected.required);
    writer.path.pop();
    return written;
  };
}
