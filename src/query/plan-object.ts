/** Objects of stored nouns: each wanted field becomes a cell of the row, or a fetch of its own one level below. */

import { maskValue } from '../access/masks.ts';
import { isStored, type Noun, type Relation } from '../catalog/catalog.ts';
import type { NounFetch, Row } from './fetch.ts';
import { leaves, maskedLeaf } from './leaves.ts';
import { noteWriter, toldFields } from './note-persons.ts';
import { conflictsWriter, recordsWriter } from './plan-claims.ts';
import { headingWriter } from './plan-heading.ts';
import { listWriter } from './plan-list.ts';
import { liveWriter } from './plan-live.ts';
import { maskedWriter } from './plan-masked.ts';
import { type PlainValue, plainWriter } from './plan-plain.ts';
import { type Planner, type WriteRow, WrittenByHand } from './planner.ts';
import type { Wanted } from './wanted.ts';

export const globalId = (noun: Noun, id: string): string => `${noun.name}:${id}`;

interface Part {
  /** `"name":` and the comma before it. */
  readonly head: string;
  readonly write: WriteRow;
}

export function objectWriter(planner: Planner, fetch: NounFetch, depth: number, wanted: readonly Wanted[]): WriteRow {
  const parts = joined(wanted.map(each => [each.key, partWriter(planner, fetch, depth, each)]));
  if (planner.forResolvers) parts.push(...marks(fetch, wanted, parts.length > 0));
  const note = noteWriter(planner, fetch, toldFields(fetch.noun, wanted));
  const end = parts.length ? '}' : '{}';
  return (row, run) => {
    note?.(row, run);
    for (const { head, write } of parts) {
      run.write(head);
      if (!write(row, run)) return false;
    }
    return run.write(end);
  };
}

const joined = (parts: readonly (readonly [key: string, write: WriteRow])[]): Part[] =>
  parts.map(([key, write], i) => ({ head: `${i ? ',' : '{'}"${key}":`, write }));

/** What resolvers written by hand find on an object beside its answer. */
function marks(fetch: NounFetch, wanted: readonly Wanted[], behind: boolean): Part[] {
  const comma = behind ? ',' : '{';
  const id = fetch.column('id');
  const needs = new Set(wanted.flatMap(({ read }) => (read.kind === 'elsewhere' ? read.needs : [])));
  const needed = [...needs].map((name): Part => {
    const { column, field } = fetch.noun.columns.get(name)!;
    const at = fetch.column(column);
    return {
      head: `,"$${name}":`,
      write: (row, run) => (row[at] === null ? run.write('null') : leaves[field.scalar](run.json, row[at]!)),
    };
  });
  return [
    { head: `${comma}"$type":`, write: (_row, run) => run.write(`"${fetch.noun.name}"`) },
    { head: ',"$id":', write: (row, run) => run.write(`"${row[id]}"`) },
    ...needed,
  ];
}

function partWriter(planner: Planner, fetch: NounFetch, depth: number, wanted: Wanted): WriteRow {
  const { read } = wanted;
  const { noun } = fetch;
  switch (read.kind) {
    case 'typename':
      return (_row, run) => run.write(`"${noun.name}"`);
    case 'field':
      return fieldWriter(planner, fetch, wanted, read.name);
    case 'id': {
      const at = fetch.column('id');
      return (row, run) => run.json.id(noun.name, row[at]!);
    }
    case 'observedAt':
    case 'asOf': {
      const at = fetch.column(read.kind === 'asOf' ? 'as_of' : 'observed_at');
      const isShown = isTimeShown(planner, fetch);
      return (row, run) => (row[at] && isShown(row) ? run.json.instant(row[at]) : planner.absent(wanted, run));
    }
    case 'source':
      return sourceWriter(planner, fetch, wanted);
    case 'spellings':
      return spellingsWriter(planner, fetch, wanted);
    case 'masked':
      return maskedWriter(planner, fetch);
    case 'heading':
      return headingWriter(planner, fetch, depth, wanted);
    case 'one':
      return planner.orFailing(wanted, () => oneWriter(planner, fetch, depth, wanted, read.relation));
    case 'list':
      return planner.orFailing(wanted, () =>
        listWriter(planner, read.noun, depth, wanted, { relation: read.relation!, fetch }),
      );
    case 'live':
      return planner.orFailing(wanted, () => liveWriter(planner, fetch, wanted, read.relation));
    case 'records':
      return planner.orFailing(wanted, () => recordsWriter(planner, fetch, depth, wanted));
    case 'conflicts':
      return conflictsWriter(planner, fetch, depth, wanted);
    // The resolver puts its answer here.
    case 'elsewhere':
      if (!planner.forResolvers) throw new WrittenByHand();
      return (_row, run) => run.write('null');
    default:
      throw new Error(`${wanted.label}: ${read.kind} is no part of a record`);
  }
}

function fieldWriter(planner: Planner, fetch: NounFetch, wanted: Wanted, name: string): WriteRow {
  const { noun } = fetch;
  const { policy } = planner;
  const { column, field } = noun.columns.get(name)!;
  const at = fetch.column(column);
  const whole = leaves[field.scalar];
  const masked = maskedLeaf(noun, policy, name);
  // What is internal is hidden from some readers in every row, also in those whose personal fields they see whole.
  const everWhole = policy.field(noun, name, true) === 'whole';
  const isWhole = masked === whole ? () => true : everWhole ? fetch.whole() : () => false;
  return (row, run) => {
    const text = row[at]!;
    if (text !== null && (isWhole(row) ? whole : masked)(run.json, text)) return true;
    return planner.absent(wanted, run);
  };
}

/** Whether the reader sees when the source told a row. */
function isTimeShown({ policy }: Planner, fetch: NounFetch): (row: Row) => boolean {
  if (policy.timeTold(fetch.noun, false) === 'whole') return () => true;
  return fetch.whole();
}

/** A source's id of a record is often made from the record's key, so it is masked where the reader sees the key masked. */
function sourceWriter(planner: Planner, fetch: NounFetch, wanted: Wanted): WriteRow {
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
  const write = plainWriter(wanted.of('RecordSource'));
  return (row, run) => {
    const view = views[Number(isWhole(row))]!;
    const id = view === 'whole' ? row[sourceId]! : maskValue(view, 'text', row[sourceId])!;
    // Versions are often made of the source's id, or of the time at which it was told.
    const told = view === 'whole' && isVersionShown(row) ? row[version]! : maskValue('stars', 'text', row[version])!;
    return run.write(write({ agency: row[agency]!, sourceId: id, version: told }));
  };
}

interface Spelling {
  readonly field: string;
  readonly raw: unknown;
  readonly normalised: unknown;
  readonly faults: readonly string[];
}

function spellingsWriter({ policy }: Planner, fetch: NounFetch, wanted: Wanted): WriteRow {
  const { noun } = fetch;
  const at = fetch.column('spellings');
  const isWhole = fetch.whole();
  const write = plainWriter(wanted.of('Spelling'));
  const shown = ({ field, raw, normalised, faults }: Spelling, whole: boolean): PlainValue => {
    const view = policy.field(noun, field, whole, normalised);
    if (view === 'whole') return { field, raw, normalised, faults };
    // What a source wrote there may be anything.
    return { field, raw: null, normalised: maskValue(view, 'text', normalised), faults };
  };
  return (row, run) => {
    const spellings = row[at] ? (JSON.parse(row[at]) as Spelling[]) : [];
    return run.write(`[${spellings.map(spelling => write(shown(spelling, isWhole(row)))).join(',')}]`);
  };
}

function oneWriter(planner: Planner, fetch: NounFetch, depth: number, wanted: Wanted, relation: Relation): WriteRow {
  const target = relation.to;
  if (!isStored(target)) throw new Error(`${wanted.label}: nothing of it is stored`);
  planner.demand(target);
  const link = fetch.column(relation.link.column);
  const rows = planner.byIds(target, depth + 1, { fetch, keyOf: row => row[link]! }, fetch.asOf);
  const write = planner.object(rows, depth + 1, wanted.of(target.name));
  return (row, run) => {
    const id = row[link];
    const found = id ? run.rows(rows, id)[0] : undefined;
    if (!found) return run.write('null');
    run.path.push(wanted.key);
    const written = run.attempt(() => write(found, run), wanted.required);
    run.path.pop();
    return written;
  };
}
