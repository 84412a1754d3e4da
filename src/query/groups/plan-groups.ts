/** Groups of a list in a plan: a branch of their statement, and the writer of their answer. */
import type { Relation, StoredNoun } from '../../catalog/catalog.ts';
import { HubError } from '../../domain/error-codes.ts';
import type { KeySource } from '../fetch.ts';
import type { Where } from '../filters.ts';
import { plainWriter } from '../plan-plain.ts';
import type { Planner } from '../planner.ts';
import type { ResponseWriter, Written } from '../response-writer.ts';
import type { Scope } from '../scope.ts';
import { type SelectedField, typeOf } from '../selected-field.ts';
import type { TimeUnit } from '../time-units.ts';
import { type GroupKey, type GroupPage, type GroupQuery, type Measure, maxGroupPage, maxKeys } from './group-query.ts';
import { groupsSql } from './groups-sql.ts';
import { pageOfRows } from './page-groups.ts';

/** The rows that are grouped. */
export interface GroupedList {
  readonly where?: Where | null;
  readonly asOf: string | null;
  readonly parent: { readonly relation: Relation } | null;
  /** Ids of the parents. */
  readonly source: KeySource | null;
}
type WritePart = (key: string, writer: ResponseWriter) => Written;
type Group = GroupPage['groups'][number];

/** An error in the query of the groups fails the groups, not their list. */
export function groupsWriter(
  planner: Planner,
  noun: StoredNoun,
  depth: number,
  selected: SelectedField,
  list: GroupedList,
): WritePart {
  let part: WritePart | null = null;
  const failed = planner.orFailing(selected, () => {
    part = planGroups(planner, noun, depth, selected, list);
    return (_row, writer) => writer.write('null');
  });
  return part ?? ((_key, writer) => failed([], writer));
}

function planGroups(
  planner: Planner,
  noun: StoredNoun,
  depth: number,
  selected: SelectedField,
  { where, asOf, parent, source }: GroupedList,
): WritePart {
  const { catalog, policy } = planner;
  const query = questionOf(selected, noun);
  demandFitting(query);
  const level = planner.level(depth);
  const scope: Scope = { catalog, policy, values: level.values, asOf };
  const sql = groupsSql(scope, noun, where, parent?.relation ?? null, query);
  const fetch = planner.plainFetch(level, source);
  level.isWeighed ||= !sql.rolledUp;
  const cells = sql.columns.map((column, i) => fetch.cell(`$${i}`, () => column));
  fetch.reads(parent ? 'uuid' : null, (select, keys) => {
    // The groups are materialized: PostgreSQL would otherwise sort all rows to have the groups in order, where hashing
    // the rows and sorting the few groups is enough.
    const inner = (key: string) => `with g as materialized (${sql.groups}) select ${select(key)} from g ${sql.page}`;
    if (!parent) return inner('null');
    return `select x.* from unnest(${keys}) p(id) cross join lateral (${inner('p.id::text')}) x`;
  });
  const write = pageWriter(selected, noun);
  return (key, writer) => {
    try {
      const rows = writer.rows(fetch, key).map(row => cells.map(at => row[at]!));
      return writer.write(write(pageOfRows(rows, sql, query)));
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      writer.fail(error, selected);
      return writer.write('null');
    }
  };
}
/** Reads the query from the selections: fields under a key group the rows, the rest measures the groups. */
function questionOf(selected: SelectedField, noun: StoredNoun): GroupQuery {
  const keys = new Map<string, GroupKey>();
  const measures = new Map<string, Measure>();
  for (const nodes of selected.of(`${noun.name}Groups`)) {
    if (nodes.read.kind !== 'groupNodes') continue;
    for (const part of nodes.of(`${noun.name}Group`)) {
      if (part.read.kind === 'groupKey') readKeys(part, noun, [], [part.key], keys);
      else if (part.read.kind === 'measure') measures.set(part.key, measureOf(part));
    }
  }
  const { having, orderBy, limit, skip } = selected.args as unknown as GroupQuery;
  return {
    keys: [...keys.values()],
    measures: [...measures.values()],
    having: having ?? [],
    orderBy: orderBy ?? [],
    limit,
    skip,
  };
}

function readKeys(
  selected: SelectedField,
  noun: StoredNoun,
  path: readonly Relation[],
  names: readonly string[],
  keys: Map<string, GroupKey>,
): void {
  for (const part of selected.of(`${noun.name}Key`)) {
    const { read, args, key } = part;
    if (part.problem) throw part.problem;
    const name = [...names, key];
    if (read.kind === 'keyPart') {
      readKeys(part, read.relation.to as StoredNoun, [...path, read.relation], name, keys);
    } else if (read.kind === 'keyField') {
      const per = (args.per as TimeUnit | undefined) ?? 'DAY';
      keys.set(name.join('.'), { name: name.join('.'), path, field: fieldOf(part), per });
    }
  }
}

function measureOf(selected: SelectedField): Measure {
  if (selected.problem) throw selected.problem;
  const take = fieldOf(selected);
  const byField = take === 'countDistinct' || take === 'earliest' || take === 'latest';
  return { name: selected.key, take, ...(byField ? { field: selected.args.of } : selected.args) } as Measure;
}
const fieldOf = ({ label }: SelectedField): string => label.slice(label.indexOf('.') + 1);

function demandFitting({ keys, measures, having, orderBy, limit, skip }: GroupQuery): void {
  if (keys.length > maxKeys) bad(`Groups have at most ${maxKeys} keys`);
  if (limit < 0 || limit > maxGroupPage) bad(`\`limit\` of groups goes from 0 to ${maxGroupPage}`);
  if (skip < 0) bad('`skip` cannot be negative');
  const numbers = measures.filter(({ take }) => take !== 'earliest' && take !== 'latest').map(m => m.name);
  const names = [...keys, ...measures].map(({ name }) => name);
  for (const { of } of having) if (!numbers.includes(of)) unknown('having', numbers);
  for (const { by } of orderBy) if (!names.includes(by)) unknown('orderBy', names);
}
const unknown = (argument: string, names: readonly string[]) =>
  bad(`\`${argument}\` names nothing that is selected here: ${names.join(', ') || 'nothing is'}`);
function bad(message: string): never {
  throw new HubError('BAD_USER_INPUT', message);
}

function pageWriter(selected: SelectedField, noun: StoredNoun): (page: GroupPage) => string {
  const parts = selected.of(`${noun.name}Groups`);
  const writers = new Map(parts.map(part => [part, groupWriter(part, noun)]));
  const write = (groups: readonly Group[], one: (group: Group) => string) => {
    let text = '[';
    for (const group of groups) text += text === '[' ? one(group) : `,${one(group)}`;
    return `${text}]`;
  };
  return ({ groups, ...facts }) => plainWriter(parts, nodes => write(groups, writers.get(nodes)!))(facts);
}

/** Makes the writer that is used for all groups of an answer. */
function groupWriter(nodes: SelectedField, noun: StoredNoun): (group: Group) => string {
  if (nodes.read.kind !== 'groupNodes') return () => 'null';
  return members(nodes.of(`${noun.name}Group`), part =>
    part.read.kind === 'groupKey' ? keyWriter(part, part.key) : valueWriter(part.key),
  );
}

/** Writes a key. The type of a key is named after its noun, by which its own selections are found. */
function keyWriter(selected: SelectedField, path: string): (group: Group) => string {
  return members(selected.of(keyTypeOf(selected)), part => {
    const name = `${path}.${part.key}`;
    return part.read.kind === 'keyPart' ? keyWriter(part, name) : valueWriter(name);
  });
}
function keyTypeOf({ read, label }: SelectedField): string {
  return read.kind === 'keyPart' ? `${read.relation.to.name}Key` : `${label.slice(0, label.indexOf('Group.'))}Key`;
}

function members(parts: readonly SelectedField[], writerOf: (part: SelectedField) => (group: Group) => string) {
  const writers = parts.map((part, i) => ({
    head: `${i ? ',' : ''}"${part.key}":`,
    write: part.read.kind === 'typename' ? () => `"${typeOf(part)}"` : writerOf(part),
  }));
  return (group: Group): string => {
    let text = '{';
    for (const { head, write } of writers) text += head + write(group);
    return `${text}}`;
  };
}
const valueWriter = (name: string) => (group: Group) => JSON.stringify(group[name] ?? null);
